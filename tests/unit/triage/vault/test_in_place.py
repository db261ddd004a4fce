"""Evidence read where it lies: only what was recorded, never through a link, never after a change."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from triage.domain.errors import TriageError
from triage.vault.in_place import InPlaceSource, open_in_place

NAME = "ภาพ".encode() + b"-\xff\xfe.jpg"  # Thai, then bytes that are not UTF-8


@pytest.fixture
def located(tmp_path: Path) -> InPlaceSource:
    """A file of 1,000 bytes two folders below the root."""
    folder = os.path.join(os.fsencode(tmp_path), b"a", b"b")  # noqa: PTH118 - names that are not text
    os.makedirs(folder)  # noqa: PTH103 - names that are not text
    path = folder + b"/" + NAME
    with open(path, "wb") as file:  # noqa: PTH123 - names that are not text
        file.write(bytes(range(250)) * 4)
    return InPlaceSource(os.fsencode(tmp_path), b"a/b/" + NAME, 1000, os.stat(path).st_mtime_ns)  # noqa: PTH116 - as above


def path_of(located: InPlaceSource) -> bytes:
    return located.root + b"/" + located.relative


def code_of_opening(located: InPlaceSource) -> str:
    with pytest.raises(TriageError) as caught:
        open_in_place(located)
    return caught.value.code


def test_a_referenced_file_is_read_at_any_place(located: InPlaceSource) -> None:
    """Random access, cut at the end; a name need not be text."""
    source = open_in_place(located)
    assert source.size == 1000
    assert source.read_at(0, 5000) == bytes(range(250)) * 4
    assert source.read_at(248, 4) == bytes([248, 249, 0, 1])
    assert source.read_at(1000, 1) == source.read_at(2000, 1) == b""
    source.close()
    source.close()
    with pytest.raises(ValueError, match="closed"):
        source.read_at(0, 1)


def test_reading_leaves_the_file_as_it_was(located: InPlaceSource) -> None:
    """Not even its access time moves, where we may say so."""
    os.utime(path_of(located), ns=(1_000_000_000, located.mtime_ns))
    source = open_in_place(located)
    source.read_at(0, 1000)
    source.close()
    assert os.stat(path_of(located)).st_atime_ns == 1_000_000_000  # noqa: PTH116 - names that are not text


@pytest.mark.parametrize("difference", [{"size": 999}, {"size": 1001}, {"mtime_ns": 1}])
def test_a_file_that_is_not_what_was_recorded_is_refused(located: InPlaceSource, difference: dict[str, int]) -> None:
    """Another size or time is another file."""
    assert code_of_opening(replace(located, **difference)) == "source-changed"  # type: ignore[arg-type]  # int fields


def test_a_file_cut_after_opening_is_noticed(located: InPlaceSource) -> None:
    """A short read is a change, not an end."""
    source = open_in_place(located)
    os.truncate(path_of(located), 100)
    with pytest.raises(TriageError, match="not what was recorded"):
        source.read_at(50, 100)
    source.close()


def test_a_file_rewritten_after_opening_is_noticed(located: InPlaceSource) -> None:
    """Same size, other bytes: the time gives it away."""
    source = open_in_place(located)
    with open(path_of(located), "r+b") as file:  # noqa: PTH123 - names that are not text
        file.write(b"other")
    os.utime(path_of(located), ns=(0, located.mtime_ns + 1))
    with pytest.raises(TriageError, match="not what was recorded"):
        source.read_at(0, 10)
    source.close()


def test_a_vanished_file_is_a_change_and_a_vanished_root_is_not(located: InPlaceSource, tmp_path: Path) -> None:
    """An unmounted seizure is the machine's trouble and worth a retry."""
    assert code_of_opening(replace(located, relative=b"a/b/none")) == "source-changed"
    assert code_of_opening(replace(located, relative=b"none/b/" + NAME)) == "source-changed"
    assert code_of_opening(replace(located, root=os.fsencode(tmp_path / "none"))) == "source-absent"


def test_a_link_in_the_files_place_is_not_followed(located: InPlaceSource) -> None:
    """Even to a file of the same size and time."""
    os.rename(path_of(located), located.root + b"/moved")  # noqa: PTH104 - names that are not text
    os.symlink(located.root + b"/moved", path_of(located))  # noqa: PTH211 - names that are not text
    assert code_of_opening(located) == "source-changed"


def test_a_link_in_a_folders_place_is_not_followed(located: InPlaceSource, tmp_path: Path) -> None:
    """Links are refused in every part of the path below the root, and allowed above it."""
    (tmp_path / "a").rename(tmp_path / "c")
    (tmp_path / "a").symlink_to("c")
    assert code_of_opening(located) == "source-changed"
    (tmp_path / "root").symlink_to(tmp_path / "c")
    reached = InPlaceSource(os.fsencode(tmp_path / "root"), b"b/" + NAME, 1000, located.mtime_ns)
    open_in_place(reached).close()


@pytest.mark.parametrize("relative", [b"../x", b"a/../b", b"/etc/hostname", b"", b"a//b", b"./a", b"a/b\0c"])
def test_a_path_that_leaves_its_root_is_refused(located: InPlaceSource, relative: bytes) -> None:
    """The database is another's to alter: a path is plain parts below its root or nothing."""
    assert code_of_opening(replace(located, relative=relative)) == "source-unreadable"


def test_a_pipe_or_folder_in_the_files_place_does_not_hang_us(located: InPlaceSource) -> None:
    """Opening returns at once and says what it found."""
    os.unlink(path_of(located))  # noqa: PTH108 - names that are not text
    os.mkfifo(path_of(located))
    assert code_of_opening(located) == "special-file"
    assert code_of_opening(replace(located, relative=b"a/b")) == "special-file"
