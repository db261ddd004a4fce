"""Walking a source: every regular file once, in one order, and a note for whatever is not one."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.domain.findings import NoteCode
from triage.services.walking import SourceFile, SourceFolder, SourceProblem, root_of, walk


def walked(source: Path) -> list[SourceFile | SourceProblem]:
    """Files and problems; folders are told too, for `test_folders_that_could_be_listed_are_told`."""
    return [entry for entry in walk(os.fsencode(source)) if not isinstance(entry, SourceFolder)]


def test_files_come_in_the_order_of_their_raw_names(source: Path) -> None:
    """The same on every machine, whatever order the disk gives; folders among the files."""
    for name in ("b", "a/2", "a/1", "c", "A"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_bytes(b"x" * len(name))
    found = walked(source)
    assert [entry.path for entry in found] == [b"A", b"a/1", b"a/2", b"b", b"c"]
    status = (source / "a/1").stat()
    assert found[1] == SourceFile(b"a/1", 3, status.st_mtime_ns)


def test_folders_that_could_be_listed_are_told(source: Path) -> None:
    """Before what is in them, the root as an empty path: notes of an earlier run on them hold no longer."""
    (source / "a" / "b").mkdir(parents=True)
    (source / "c").write_bytes(b"x")
    found = list(walk(os.fsencode(source)))
    assert found[:3] == [SourceFolder(b""), SourceFolder(b"a"), SourceFolder(b"a/b")]
    assert found[3].path == b"c"


def test_names_need_not_be_text(source: Path) -> None:
    """Thai, broken UTF-8 and line breaks are names like any other."""
    names = ["รูป.jpg".encode(), b"caf\xe9.jpg", b"two\nlines"]
    for name in names:
        with open(os.path.join(os.fsencode(source), name), "wb"):  # noqa: PTH118, PTH123 - raw byte paths
            pass
    assert sorted(entry.path for entry in walked(source)) == sorted(names)


def test_links_are_noted_and_never_followed(source: Path) -> None:
    """A link may lead out of the exhibit or in a circle."""
    (source / "real").write_bytes(b"x")
    (source / "to a file").symlink_to(source / "real")
    (source / "to nowhere").symlink_to(source / "missing")
    (source / "in a circle").symlink_to(source)
    found = walked(source)
    notes = {entry.path: entry.note.code for entry in found if isinstance(entry, SourceProblem)}
    assert notes == dict.fromkeys((b"to a file", b"to nowhere", b"in a circle"), NoteCode.LINK_NOT_FOLLOWED)
    assert [entry.path for entry in found if isinstance(entry, SourceFile)] == [b"real"]


def test_pipes_and_sockets_are_noted(source: Path) -> None:
    """Opening one could wait for ever."""
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(source, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)
        codes = {entry.path: entry.note.code for entry in walked(source) if isinstance(entry, SourceProblem)}
    assert codes == dict.fromkeys((b"pipe", b"socket"), NoteCode.SPECIAL_FILE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_noted_and_the_rest_goes_on(source: Path) -> None:
    """With the number of the error and no name in the detail."""
    (source / "closed").mkdir(mode=0o000)
    (source / "open").write_bytes(b"x")
    problem, file = walked(source)
    assert isinstance(problem, SourceProblem)
    assert (problem.path, problem.note.code, problem.note.detail) == (b"closed", "source-unreadable", "errno 13")
    assert file.path == b"open"


def test_a_source_that_is_gone_is_noted(tmp_path: Path) -> None:
    """A disk pulled out between two commands."""
    (problem,) = walked(tmp_path / "gone")
    assert isinstance(problem, SourceProblem)
    assert problem.note.code is NoteCode.SOURCE_UNREADABLE


@pytest.fixture
def deep(source: Path) -> Iterator[Path]:
    """2,100 folders in one another, and a file at the end."""
    here = Path.cwd()
    try:
        os.chdir(source)
        for _ in range(2_100):
            Path("a").mkdir()
            os.chdir("a")
        Path("deepest").write_bytes(b"x")
        yield source
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-rf", source / "a"], check=True)  # pytest's own clean-up would recurse too deep


def test_folders_as_deep_as_a_path_can_be(deep: Path) -> None:
    """What lies below the longest path is noted, and what lies beside is found."""
    (deep / "z").write_bytes(b"x")
    found = walked(deep)
    assert found[-1].path == b"z"
    assert [entry.note.code for entry in found if isinstance(entry, SourceProblem)] == [NoteCode.SOURCE_UNREADABLE]


def test_a_single_file_is_a_source(source: Path) -> None:
    """Its root is its folder; nothing beside it is touched."""
    (source / "archive.zip").write_bytes(b"PK")
    (source / "other").write_bytes(b"x")
    (found,) = walked(source / "archive.zip")
    assert (found.path, root_of(os.fsencode(source / "archive.zip"))) == (b"archive.zip", os.fsencode(source))
    assert root_of(os.fsencode(source)) == os.fsencode(source)


def test_an_empty_source_gives_nothing(source: Path) -> None:
    """Neither files nor problems."""
    assert walked(source) == []
