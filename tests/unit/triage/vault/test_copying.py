"""A copy of files that only ever grow: whole, private, and not made twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from triage.domain.errors import Unavailable
from triage.vault.copying import Copied, copy_folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "below").mkdir(parents=True)
    (folder / "a.pack").write_bytes(b"one")
    (folder / "below" / "b.pack").write_bytes(b"two two")
    for path in folder.rglob("*.pack"):
        path.chmod(0o600)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_copied_once(source: Path, tmp_path: Path) -> None:
    """And kept from others as it was."""
    assert copy_folder(source, tmp_path / "copy") == Copied(2, 2, 10)
    assert copy_folder(source, tmp_path / "copy") == Copied(2, 0, 0)
    assert contents(tmp_path / "copy") == contents(source)
    assert (tmp_path / "copy" / "a.pack").stat().st_mode & 0o777 == 0o600


def test_a_file_that_has_grown_or_was_cut_back_and_written_on_is_copied_again(source: Path, tmp_path: Path) -> None:
    """The same length is not the same bytes: a failed object is cut off, and the next takes its place."""
    copy_folder(source, tmp_path / "copy")
    with (source / "a.pack").open("ab") as file:
        file.write(b" more")
    (source / "below" / "b.pack").write_bytes(b"two TWO")
    os.utime(source / "below" / "b.pack", ns=(1, 1))
    assert copy_folder(source, tmp_path / "copy").copied == 2
    assert contents(tmp_path / "copy") == contents(source)


def test_what_the_source_has_no_longer_stays_in_the_copy(source: Path, tmp_path: Path) -> None:
    """A backup takes nothing away."""
    copy_folder(source, tmp_path / "copy")
    (source / "a.pack").unlink()
    assert copy_folder(source, tmp_path / "copy") == Copied(1, 0, 0)
    assert (tmp_path / "copy" / "a.pack").exists()


def test_drafts_and_links_are_not_copied(source: Path, tmp_path: Path) -> None:
    """Neither what is not whole nor what lies elsewhere."""
    (source / ".draft").write_bytes(b"half")
    (source / ".unfinished").mkdir()
    (source / ".unfinished" / "c.pack").write_bytes(b"half")
    assert copy_folder(source, tmp_path / "copy").files == 2


def test_where_nothing_can_be_written_it_says_so(source: Path, tmp_path: Path) -> None:
    """By code, without a name."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable) as raised:
        copy_folder(source, tmp_path / "file" / "copy")
    assert raised.value.code == "backup-not-written"
    assert "pack" not in raised.value.sentence
