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
class SourceFolder:
    """A folder that could be listed; what is in it follows. The root's path is empty."""

    path: bytes


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Something at the source that cannot be received, and why."""

    path: bytes
    note: ProcessingNote


def root_of(source: bytes) -> bytes:
    """The folder that paths are relative to: the source itself, or the folder of a single file."""
    return source if os.path.isdir(source) else os.path.dirname(source)  # noqa: PTH112, PTH120 - raw byte paths


def walk(source: bytes) -> Iterator[SourceFile | SourceFolder | SourceProblem]:
    """Everything under `source`, or `source` itself when it is a file. Links are noted and never followed."""
    if os.path.isdir(source):  # noqa: PTH112 - raw byte paths
        yield from _walk_folder(source)
        return
    name = os.path.basename(source)  # noqa: PTH119 - raw byte paths
    yield _look(root_of(source), name)


def _walk_folder(root: bytes) -> Iterator[SourceFile | SourceFolder | SourceProblem]:
    """Depth first and sorted. Not recursive: a disk may nest deeper than the interpreter's stack."""
    waiting: list[Iterator[tuple[bytes, bool]]] = [iter([(b"", True)])]
    while waiting:
        path, is_folder = next(waiting[-1], (None, False))
        if path is None:
            waiting.pop()
        elif not is_folder:
            yield _look(root, path)
        else:
            try:
                entries = _listed(root, path)
            except OSError as error:
                yield SourceProblem(path, _unreadable(error))
            else:
                yield SourceFolder(path)
                waiting.append(entries)


def _listed(root: bytes, folder: bytes) -> Iterator[tuple[bytes, bool]]:
    """Paths in a folder, sorted, each with whether it is a folder itself. The listing is made before it returns."""
    with os.scandir(os.path.join(root, folder)) as found:  # noqa: PTH118 - raw byte paths
        names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in found)
    return ((folder + b"/" + name if folder else name, is_folder) for name, is_folder in names)


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
