"""An export is whole or absent, and says what it could not carry."""

from __future__ import annotations

import hashlib
import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from hashsets.errors import Damaged, HashSetError
from hashsets.exporting import export_release
from hashsets.library import Library
from hashsets.terms import UNSTATED, Sharing, Terms
from hashsets.vocabulary import SetKind

WriteList = Callable[..., Path]
KNOWN = SetKind.KNOWN


def imported(library: Library, path: Path, terms: Terms = UNSTATED) -> str:
    return library.import_file(path, name="set", kind=KNOWN, terms=terms).release.release_id


def test_the_report_says_what_was_written_and_what_was_not(library: Library, tmp_path: Path) -> None:
    """Entries, losses by what they are, size and digest of the file."""
    path = tmp_path / "set.json"
    records = [{"MediaID": n, "MD5": hashlib.md5(bytes([n])).hexdigest(), "Category": 1} for n in range(3)]
    path.write_text(json.dumps({"value": [*records, {"MediaID": 9, "PDQ": "0f" * 32}]}))
    told: list[tuple[int, int]] = []
    report = export_release(
        library,
        imported(library, path),
        tmp_path / "out",
        format="md5-list",
        progress=lambda *step: told.append(step),
    )
    content = (tmp_path / "out").read_bytes()
    assert (report.set_name, report.format, report.entries, report.written) == ("set", "md5-list", 4, 3)
    assert report.lost == {"category": 3, "entry": 1, "key": 3}
    assert (report.bytes, report.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert told == [(0, 4), (4, 4)]


def test_a_release_out_of_force_can_be_written_too(library: Library, write_list: WriteList, tmp_path: Path) -> None:
    """An earlier state may be asked for."""
    earlier = imported(library, write_list("one"))
    imported(library, write_list("two"))
    export_release(library, earlier, tmp_path / "out", format="md5-list")
    assert (tmp_path / "out").read_text() == hashlib.md5(b"one").hexdigest() + "\n"


def test_terms_can_forbid_it(library: Library, write_list: WriteList, tmp_path: Path) -> None:
    """Nothing is written."""
    terms = Terms(may_share=Sharing.NOBODY)
    with pytest.raises(HashSetError) as caught:
        export_release(library, imported(library, write_list("one"), terms), tmp_path / "out", format="list")
    assert caught.value.code == "export-forbidden"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("release", "name", "code"),
    [
        ("set.20260101.00000000", "list", "release-unknown"),
        ("../x", "list", "release-unknown"),
        ("", "excel", "unknown-format"),
    ],
)
def test_what_is_not_there_is_a_coded_error(
    release: str, name: str, code: str, library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """A release or a format of that name."""
    known = imported(library, write_list("one"))
    with pytest.raises(HashSetError) as caught:
        export_release(library, release or known, tmp_path / "out", format=name)
    assert caught.value.code == code


def test_nothing_is_replaced(library: Library, write_list: WriteList, tmp_path: Path) -> None:
    """What stands there already stays."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(HashSetError) as caught:
        export_release(library, imported(library, write_list("one")), tmp_path / "out", format="list")
    assert caught.value.code == "export-not-written"
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("name", ["sha1-list", "pdq-list"])
def test_a_format_without_a_place_for_anything_leaves_no_file(
    name: str, library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """An empty list would look like a set that knows nothing."""
    with pytest.raises(HashSetError) as caught:
        export_release(library, imported(library, write_list("one")), tmp_path / "out", format=name)
    assert caught.value.code == "nothing-to-export"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["list", "csv", "vics", "kdb"])
def test_a_disk_that_takes_no_more_leaves_no_file(
    name: str, library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """Half a set would miss in silence, at somebody else's."""
    release = imported(library, write_list(*map(str, range(5000))))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(HashSetError) as caught:
            export_release(library, release, tmp_path / "out", format=name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.code == "export-not-written"
    assert not (tmp_path / "out").exists()


def test_a_damaged_release_is_not_handed_on(library: Library, write_list: WriteList, tmp_path: Path) -> None:
    """Every byte is verified before the first is written."""
    release = imported(library, write_list("one"))
    entries = library.release_folder(release) / "entries.sqlite"
    content = bytearray(entries.read_bytes())
    content[-1] ^= 1
    entries.write_bytes(content)
    with pytest.raises(Damaged):
        export_release(library, release, tmp_path / "out", format="list")
    assert not (tmp_path / "out").exists()
