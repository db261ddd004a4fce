"""Tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hashsets.errors import HashSetError
from hashsets.vocabulary import Entry, Opinion

Write = Callable[..., Any]
Digests = Callable[[str], Any]


def test_absent_is_an_empty_cell_and_false_is_a_word(write: Write, digests: Digests) -> None:
    """They differ in what a source says."""
    opinion = Opinion("us:2", 'a "series"', victim_identified=False, tags=("one", "two"))
    text, tally = write("csv", Entry("7", digests("one")[:1], (), opinion))
    header, row, _ = text.split("\r\n")
    cells = dict(zip(header.split(","), row.split('","'), strict=True))
    assert cells['"victim_identified"'] == "false"
    assert cells['"offender_identified"'] == ""
    assert '"a ""series"""' in row
    assert '"one|two"' in row
    assert tally.lost == {}


def test_a_second_value_of_a_type_has_its_own_row(write: Write, digests: Digests) -> None:
    """With the same key and opinion, so that no reader has to know of lists in a cell."""
    text, tally = write("csv", Entry("7", (digests("one")[0], digests("two")[0]), (bytes(32),)))
    rows = text.split("\r\n")[1:-1]
    assert [row.split(",")[4] for row in rows] == ['"7"', '"7"']
    assert (text.count("00" * 32), tally.written) == (1, 1)


def test_columns_are_those_of_the_map_in_its_order(write: Write, digests: Digests) -> None:
    """Field to header; everything else is counted as lost."""
    entry = Entry("7", digests("one"), (bytes(32),), Opinion("us:1", tags=("x",)))
    text, tally = write("csv", entry, columns={"key": "#", "md5": "Hash"})
    assert text == f'"#","Hash"\r\n"7","{digests("one")[0].value.hex()}"\r\n'
    assert tally.lost == {"sha1": 1, "sha256": 1, "pdq": 1, "category": 1, "tags": 1}


def test_photodna_has_no_place_in_a_table(write: Write, digests: Digests) -> None:
    """It is written where its owner's format keeps it, and nowhere else."""
    text, tally = write(
        "csv", Entry("7", digests("one")[:1], opaque=(("photodna", "QUJD"),)), Entry("8", opaque=(("a", "b"),))
    )
    assert "QUJD" not in text
    assert (tally.written, tally.lost) == (1, {"photodna": 1, "entry": 1})


def test_tags_that_would_come_apart_or_fill_the_line_are_counted(write: Write, digests: Digests) -> None:
    """A bar parts tags; no reader takes lines without end."""
    parted = Entry("7", digests("one")[:1], (), Opinion(tags=("a|b",)))
    endless = Entry("8", digests("two")[:1], (), Opinion(tags=("x" * 900,) * 100))
    text, tally = write("csv", parted, endless)
    assert tally.lost == {"tags": 2}
    assert "xxx" not in text


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"md5": "Hash", "photodna": "PhotoDNA"}, "unknown-field"),
        ({"key": "Id"}, "no-value-column"),
        ({"md5": "a,b"}, "header-unusable"),
        ({"md5": " "}, "header-unusable"),
        ({"md5": "Hash", "sha1": "hash "}, "header-unusable"),
    ],
)
def test_a_map_that_nobody_could_read_back_is_refused(columns: dict[str, str], code: str, write: Write) -> None:
    """Before anything is written."""
    with pytest.raises(HashSetError) as caught:
        write("csv", Entry("7"), columns=columns)
    assert caught.value.code == code
