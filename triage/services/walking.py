"""Walking a source: every regular file in a fixed order, and a note for everything that is not one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from triage.domain.findings import NoteCode, ProcessingNote


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A regular file: its path below the root, parts joined by `/`, as raw bytes: names need not be UTF-8."""

    path: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Something at the source that cannot be received, and why."""

    path: bytes
    note: ProcessingNote


def root_of(source: bytes) -> bytes:
    """The folder that paths are relative to: the source itself, or the folder of a single file."""
    return source if os.path.isdir(source) else os.path.dirname(source)  # noqa: PTH112, PTH120 - raw byte paths


def walk(source: bytes) -> Iterator[SourceFile | SourceProblem]:
    """Files under `source`, or `source` itself when it is a file. Links are noted and never followed."""
    if os.path.isdir(source):  # noqa: PTH112 - raw byte paths
        yield from _walk_below(source)
        return
    name = os.path.basename(source)  # noqa: PTH119 - raw byte paths
    yield _look(root_of(source), name)


def _walk_below(root: bytes) -> Iterator[SourceFile | SourceProblem]:
    """Without recursion: a hostile source nests two thousand folders in one path."""
    levels = [_entries(root, b"")]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
        elif isinstance(entry, SourceProblem):
            yield entry
        elif entry.is_folder:
            levels.append(_entries(root, entry.path))
        else:
            yield _look(root, entry.path)


@dataclass(frozen=True, slots=True)
class _Entry:
    path: bytes
    is_folder: bool


def _entries(root: bytes, folder: bytes) -> Iterator[_Entry | SourceProblem]:
    try:
        with os.scandir(os.path.join(root, folder)) as entries:  # noqa: PTH118 - raw byte paths
            names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError as error:
        yield SourceProblem(folder, _unreadable(error))
        return
    for name, is_folder in names:
        yield _Entry(folder + b"/" + name if folder else name, is_folder)


def _look(root: bytes, path: bytes) -> SourceFile | SourceProblem:
    try:
        status = os.lstat(os.path.join(root, path))  # noqa: PTH118 - raw byte paths
    except OSError as error:
        return SourceProblem(path, _unreadable(error))
    if stat.S_ISREG(status.st_mode):
        return SourceFile(path, status.st_size, status.st_mtime_ns)
    code = NoteCode.LINK_NOT_FOLLOWED if stat.S_ISLNK(status.st_mode) else NoteCode.SPECIAL_FILE
    return SourceProblem(path, ProcessingNote(code))


def _unreadable(error: OSError) -> ProcessingNote:
    return ProcessingNote(NoteCode.SOURCE_UNREADABLE, f"errno {error.errno}")
