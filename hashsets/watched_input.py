"""A file handed in, as readers see it: digested on the way, measured, told of, and the same at the end as before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hashsets.errors import HashSetError

Progress = Callable[[int, int], None]
"""Told the bytes of the input read so far, and all of them."""


@contextmanager
def opened_input(path: Path) -> Iterator[BinaryIO]:
    """The file, open. Raises HashSetError when it cannot be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise HashSetError("file-unreadable", "the file cannot be opened for reading") from error
    with file:
        yield file


class WatchedInput:
    """Takes the place of a binary file for whoever only reads."""

    def __init__(self, file: BinaryIO, path: Path, progress: Progress | None) -> None:
        self._file = file
        self._path = path
        self._digest = hashlib.sha256()
        self._progress = progress
        self._before = os.fstat(file.fileno())
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """As a binary file's."""
        try:
            piece = self._file.read(size)
        except OSError as error:
            raise HashSetError("file-unreadable", "reading the file failed") from error
        self._digest.update(piece)
        self.size += len(piece)
        if self.size > self._before.st_size:  # one that grows while it is read could be read for ever
            raise _changed()
        if self._progress and piece:
            self._progress(self.size, self._before.st_size)
        return piece

    def finish(self) -> None:
        """Read what a reader left: everything, where it went by the path.

        Raises HashSetError when the file changed while it was read, or another was put in its place.
        """
        while self.read(1 << 20):
            pass
        try:
            after = self._path.stat()
        except OSError as error:
            raise _changed() from error
        if self.size != self._before.st_size or _state_of(after) != _state_of(self._before):
            raise _changed()

    @property
    def sha256(self) -> str:
        """Of everything read, in hexadecimal."""
        return self._digest.hexdigest()


def _state_of(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _changed() -> HashSetError:
    return HashSetError("file-changed", "the file changed while it was read; nothing was imported")
