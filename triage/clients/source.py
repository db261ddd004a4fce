"""A unit's source as it is read for sending: digests, small files whole, large ones block by block."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256

from triage.domain.interruption import Interrupted
from triage.domain.pushes import Offer, PackedFile
from triage.services.walking import SourceFile

BLOCK = 1 << 20


class SourceFailedError(Exception):
    """The file cannot be read, or not any more; carries the code of the note."""

    def __init__(self, path: bytes) -> None:
        super().__init__()
        self.path = path


@dataclass(frozen=True, slots=True)
class Source:
    """The folder that paths are relative to. `is_stopped` ends reading between two blocks."""

    root: bytes
    is_stopped: Callable[[], bool]

    def whole(self, found: SourceFile) -> PackedFile:
        """A small file with its bytes and digest; as long as it is now. Raises SourceFailedError."""
        data = b"".join(self.blocks(found.path))
        return PackedFile(Offer(found.path, len(data), found.mtime_ns, sha256(data).digest()), data)

    def digested(self, found: SourceFile) -> Offer:
        """A large file's digest, and its size now. Raises SourceFailedError, Interrupted."""
        summed, size = sha256(), 0
        for block in self.blocks(found.path):
            summed.update(block)
            size += len(block)
        return replace(offer_of(found), size=size, sha256=summed.digest())

    def blocks(self, path: bytes, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its bytes from `start` on, up to `end`. Raises SourceFailedError, also when it ends before `end`."""
        with self._opened(path) as descriptor:
            at = start
            while end is None or at < end:
                if self.is_stopped():
                    raise Interrupted
                wanted = BLOCK if end is None else min(BLOCK, end - at)
                try:
                    block = os.pread(descriptor, wanted, at)
                except OSError:
                    raise SourceFailedError(path) from None
                if not block:
                    break
                at += len(block)
                yield block
            if end is not None and at < end:
                raise SourceFailedError(path)

    @contextmanager
    def _opened(self, path: bytes) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(os.path.join(self.root, path), flags)  # noqa: PTH118 - raw byte paths
        except OSError:
            raise SourceFailedError(path) from None
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def offer_of(found: SourceFile) -> Offer:
    """A file as it was seen, without its digest."""
    return Offer(found.path, found.size, found.mtime_ns)
