"""Reading source files once: digests, size, and whether they held still meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from hashsets.algorithms.digests import Digests, DigestStream
from hashsets.algorithms.digests_of_many import digests_of_many
from hashsets.algorithms.md5_lanes import LANES
from triage.chamber.sniff import SNIFF_BYTES, kind_of
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind

from .walking import SourceFile

CHUNK = 1 << 20


class SourceUnreadableError(Exception):
    """The source failed while it was read; carries the note to record."""

    def __init__(self, note: ProcessingNote) -> None:
        super().__init__(note.code)
        self.note = note


@dataclass(frozen=True, slots=True)
class Read:
    """What one pass over a file gave. `changed` says that size or time moved while we read."""

    found: SourceFile
    digests: Digests
    size: int
    kind: ItemKind
    changed: bool
    data: bytes | None = None  # small files only: sealed after it is clear that they are new


class FileReading:
    """One pass over a source file: iterate over the chunks, then ask for the result."""

    def __init__(self, root: bytes, found: SourceFile, *, digesting: bool = True) -> None:
        self._root = root
        self._found = found
        self._stream = DigestStream() if digesting else None
        self._head = b""
        self._size = 0
        self._changed = False

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes, once. Raises SourceUnreadableError."""
        try:
            descriptor = os.open(
                os.path.join(self._root, self._found.path),  # noqa: PTH118 - raw byte paths
                os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            )
        except OSError as error:
            raise SourceUnreadableError(_errno_note(error)) from error
        try:
            # One chunk past the stated size is enough to know that the file grew; it may grow for ever.
            while self._size <= self._found.size and (chunk := os.read(descriptor, CHUNK)):
                if len(self._head) < SNIFF_BYTES:
                    self._head += chunk[: SNIFF_BYTES - len(self._head)]
                self._size += len(chunk)
                if self._stream:
                    self._stream.update(chunk)
                yield chunk
            status = os.fstat(descriptor)
            self._changed = (status.st_size, status.st_mtime_ns) != (self._found.size, self._found.mtime_ns) or (
                self._size != self._found.size
            )
        except OSError as error:
            raise SourceUnreadableError(_errno_note(error)) from error
        finally:
            os.close(descriptor)

    def result(self, digests: Digests | None = None, data: bytes | None = None) -> Read:
        """What the pass gave; call it after the last chunk. `digests` where the pass itself took none."""
        if self._stream:
            digests = self._stream.finish()
        assert digests
        return Read(
            found=self._found,
            digests=digests,
            size=self._size,
            kind=ItemKind(kind_of(self._head)),
            changed=self._changed,
            data=data,
        )


def read_streamed(root: bytes, found: SourceFile) -> Read | ProcessingNote:
    """Read a file and keep nothing of it. A note when it cannot be read."""
    reading = FileReading(root, found)
    try:
        for _ in reading.chunks():
            pass
        return reading.result()
    except SourceUnreadableError as error:
        return error.note


def read_together(root: bytes, files: Sequence[SourceFile], pool: Executor) -> list[Read | ProcessingNote]:
    """Read files whole, in order, with their bytes. A note for each that cannot be read.

    Digests are taken of all of them together, which costs less than one by one; the bytes of all are in memory.
    """
    loaded = list(pool.map(lambda found: _loaded(root, found), files))
    whole = [one for one in loaded if not isinstance(one, ProcessingNote)]
    whole.sort(key=lambda one: len(one[1]))
    groups = [whole[start : start + LANES] for start in range(0, len(whole), LANES)]
    digested = pool.map(lambda group: digests_of_many([data for _, data in group]), groups)
    digests = {
        reading: one
        for group, found in zip(groups, digested, strict=True)
        for (reading, _), one in zip(group, found, strict=True)
    }
    return [one if isinstance(one, ProcessingNote) else one[0].result(digests[one[0]], one[1]) for one in loaded]


def _loaded(root: bytes, found: SourceFile) -> tuple[FileReading, bytes] | ProcessingNote:
    reading = FileReading(root, found, digesting=False)
    try:
        return reading, b"".join(reading.chunks())
    except SourceUnreadableError as error:
        return error.note


def _errno_note(error: OSError) -> ProcessingNote:
    return ProcessingNote(NoteCode.SOURCE_UNREADABLE, f"errno {error.errno}")
