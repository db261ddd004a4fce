"""Plain lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hashsets.vocabulary import Entry, Opinion

Write = Callable[..., Any]
Digests = Callable[[str], Any]


def test_every_value_has_a_line_and_pdq_its_prefix(write: Write, digests: Digests) -> None:
    """As python-threatexchange and we read them; 64 digits alone are SHA-256."""
    md5, sha1, sha256 = digests("one")
    text, tally = write("list", Entry("7", (md5, sha1, sha256), (b"\x0f" * 32,)))
    assert text.split("\n") == [md5.value.hex(), sha1.value.hex(), sha256.value.hex(), "pdq " + "0f" * 32, ""]
    assert (tally.written, tally.lost) == (1, {"key": 1})


@pytest.mark.parametrize(("name", "place"), [("md5-list", 0), ("sha1-list", 1), ("sha256-list", 2)])
def test_a_list_of_one_type_holds_nothing_else(name: str, place: int, write: Write, digests: Digests) -> None:
    """Other tools take one type a list. What is left out is counted."""
    entry = Entry("v-made", digests("one"), (bytes(32),), Opinion("us:1"), (("photodna", "QUJD"),))
    text, tally = write(name, entry, Entry("v-made-too", (), (bytes(32),)))
    assert text == f"{digests('one')[place].value.hex()}\n"
    others = {kind: 1 for number, kind in enumerate(("md5", "sha1", "sha256")) if number != place}
    assert tally.lost == {**others, "pdq": 1, "photodna": 1, "category": 1, "entry": 1}
    assert tally.written == 1


def test_md5sum_names_the_key(write: Write, digests: Digests) -> None:
    """Where md5sum has the file's name."""
    text, tally = write("md5sum", Entry("4711", digests("one")[:1]))
    assert text == f"{digests('one')[0].value.hex()}  4711\n"
    assert tally.lost == {}


def test_a_pdq_list_is_what_threatexchange_takes(write: Write, digests: Digests) -> None:
    """Type, one blank, value, and no other line."""
    text, tally = write("pdq-list", Entry("v-1", digests("one"), (b"\x01" * 32, b"\x02" * 32)))
    assert text == f"pdq {'01' * 32}\npdq {'02' * 32}\n"
    assert tally.lost == {"md5": 1, "sha1": 1, "sha256": 1}
