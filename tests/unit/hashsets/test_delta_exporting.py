"""Two releases give a file of updates, or none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hashsets.delta_exporting import compare, export_delta
from hashsets.errors import Damaged, HashSetError
from hashsets.library import Library
from hashsets.terms import Sharing, Terms
from hashsets.vocabulary import SetKind

WriteList = Callable[..., Path]
NOBODY = Terms(may_share=Sharing.NOBODY)


@pytest.fixture
def two(library: Library, write_list: WriteList) -> tuple[str, str]:
    """The releases of two lists: `a b` and `b c`."""
    ids = [
        library.import_file(write_list(*words), name="set", kind=SetKind.KNOWN).release.release_id
        for words in ("ab", "bc")
    ]
    return ids[0], ids[1]


def test_the_report_says_what_is_in_the_file(library: Library, two: tuple[str, str], tmp_path: Path) -> None:
    """One entry added, one retracted; what is the same in both is not written. To go on: the new release."""
    told: list[tuple[int, int]] = []
    report = export_delta(library, *two, tmp_path / "out", progress=lambda *step: told.append(step))
    content = (tmp_path / "out").read_bytes()
    head, added, retracted, end = map(json.loads, content.splitlines())
    assert head == {"format": "updates 1", "checkpoint": two[1]}
    assert added["md5"] == [hashlib.md5(b"c").hexdigest()]
    assert retracted["retracted"] is True
    assert end == {"updates": 2}
    assert (report.old, report.new, report.checkpoint, report.set_name) == (*two, two[1], "set")
    assert (report.added, report.retracted, report.changed, report.updates) == (1, 1, 0, 2)
    assert (report.bytes, report.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert told[-1] == (2, 2)


def test_a_release_leads_to_itself_by_no_update(library: Library, two: tuple[str, str], tmp_path: Path) -> None:
    """An empty file of updates is whole."""
    assert export_delta(library, two[0], two[0], tmp_path / "out").updates == 0


@pytest.mark.parametrize("forbidden", [0, 1])
def test_the_terms_of_either_can_forbid_it(
    forbidden: int, library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """Tombstones tell the keys of the old one."""
    terms = [Terms(), Terms()]
    terms[forbidden] = NOBODY
    ids = [
        library.import_file(write_list(word), name="set", kind=SetKind.KNOWN, terms=of).release.release_id
        for word, of in zip("ab", terms, strict=True)
    ]
    with pytest.raises(HashSetError) as caught:
        export_delta(library, ids[0], ids[1], tmp_path / "out")
    assert caught.value.code == "export-forbidden"
    assert not (tmp_path / "out").exists()


def test_a_damaged_release_gives_nothing(library: Library, two: tuple[str, str], tmp_path: Path) -> None:
    """It is verified first, byte for byte."""
    (values,) = library.release_folder(two[0]).rglob("values.bin")
    values.write_bytes(bytes(values.stat().st_size))
    with pytest.raises(Damaged):
        export_delta(library, *two, tmp_path / "out")
    with pytest.raises(Damaged):
        compare(library, *two)
    assert not (tmp_path / "out").exists()


def test_a_release_that_there_is_not_cannot_be_compared(library: Library, two: tuple[str, str]) -> None:
    """On either side."""
    for pair in ((two[0], "none"), ("none", two[0])):
        with pytest.raises(HashSetError) as caught:
            compare(library, *pair)
        assert caught.value.code == "release-unknown"
