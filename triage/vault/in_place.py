"""Evidence that stays where it is: a file on a mounted seizure, referenced by its path and never copied."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass

from triage.domain.errors import Unavailable, Unreadable
from triage.domain.sources import ByteSource

# O_NONBLOCK: a pipe put in a file's place must not hang us.
_QUIET = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_ELSEWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


@dataclass(frozen=True, slots=True)
class InPlaceSource:
    """Where a referenced file lies and what it was when it was recorded.

    `root` is the seizure's folder and may itself be reached through links; `relative` is the path below it, in
    which no part may be a link. Paths are raw bytes, since names on evidence need not be UTF-8. `mtime_ns` is as
    `stat` gives it.
    """

    root: bytes
    relative: bytes
    size: int
    mtime_ns: int


def open_in_place(located: InPlaceSource) -> ByteSource:
    """Open a referenced file for reading only, leaving its access time alone where the system allows that.

    Raises Unreadable `source-changed` (gone, replaced by a link, or size or time differ), `special-file`,
    `source-unreadable`; Unavailable `source-absent` when the root itself is not there.
    """
    parts = located.relative.split(b"/")
    if any(part in {b"", b".", b".."} or b"\0" in part for part in parts):
        raise Unreadable("source-unreadable", "A referenced file's path is not a plain path below its root.")
    try:
        folder = os.open(located.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise Unavailable("source-absent", "The referenced seizure is not mounted.") from None
    try:
        for part in parts[:-1]:
            inner = os.open(part, _QUIET | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        descriptor = _opened_quietly(parts[-1], folder)
    except OSError as error:
        if error.errno in _ELSEWHERE:
            raise _changed() from None
        raise _unreadable(error) from None
    finally:
        os.close(folder)
    return _PinnedFile(descriptor, located)


class _PinnedFile:
    """An open file that must stay what it was recorded to be."""

    def __init__(self, descriptor: int, located: InPlaceSource) -> None:
        self._descriptor: int | None = descriptor
        self._located = located
        try:
            self._check_unchanged(descriptor)
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        return self._located.size

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise ValueError("offset and length are not negative")
        if self._descriptor is None:
            raise ValueError("the source is closed")
        wanted = max(0, min(length, self._located.size - offset))
        parts: list[bytes] = []
        try:
            while wanted and (part := os.pread(self._descriptor, wanted, offset)):
                parts.append(part)
                offset, wanted = offset + len(part), wanted - len(part)
        except OSError as error:
            raise _unreadable(error) from None
        if wanted:
            raise _changed()
        self._check_unchanged(self._descriptor)  # afterwards: a change during the read shows too
        return b"".join(parts)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _check_unchanged(self, descriptor: int) -> None:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise Unreadable("special-file", "A referenced file is not a plain file.")
        if (facts.st_size, facts.st_mtime_ns) != (self._located.size, self._located.mtime_ns):
            raise _changed()


def _opened_quietly(name: bytes, folder: int) -> int:
    try:
        return os.open(name, _QUIET | os.O_NOATIME, dir_fd=folder)
    except PermissionError:  # only a file's owner may leave its access time alone
        return os.open(name, _QUIET, dir_fd=folder)


def _changed() -> Unreadable:
    return Unreadable(
        "source-changed", "A referenced file is not what was recorded: its place, size or time differs."
    )


def _unreadable(error: OSError) -> Unreadable:
    return Unreadable("source-unreadable", f"A referenced file cannot be read (error {error.errno}).")
