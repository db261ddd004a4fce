"""The item's bytes as the sealed child sees them: a seekable file whose every read asks the parent."""

from __future__ import annotations

import io
import os
from typing import Any

from triage.chamber.protocol import MAX_READ, READ_REQUEST, Kind, ProtocolError, receive, send

_BUFFER = 256 << 10
"""A parser's many small reads become few requests."""


class SourceRefused(BaseException):
    """The parent could not read the source. Not an `Exception`: no parser's error handling may swallow it."""


class RemoteFile(io.RawIOBase):
    """Read-only and seekable; nothing is ever copied to a disk."""

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As files do; raises OSError before the start."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("before the start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill what one answer can fill; 0 at the end."""
        view = memoryview(buffer).cast("B")
        length = min(len(view), MAX_READ, max(0, self._size - self._position))
        if not length:
            return 0
        send(self._descriptor, Kind.READ, READ_REQUEST.pack(self._position, length))
        kind, data = receive(self._descriptor)
        if kind is Kind.REFUSED:
            raise SourceRefused
        if kind is not Kind.BYTES or len(data) != length:
            raise ProtocolError("not the bytes asked for")
        view[:length] = data
        self._position += length
        return length


class _Buffered(io.BufferedReader):
    """Never asks for more than there is: the standard reader takes memory for what a broken length field claims."""

    def __init__(self, raw: RemoteFile, size: int) -> None:
        super().__init__(raw, _BUFFER)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        """As files do."""
        left = max(0, self._size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


def open_remote(descriptor: int, size: int) -> io.BufferedReader:
    """The task's source, buffered."""
    return _Buffered(RemoteFile(descriptor, size), size)


def read_whole(file: io.BufferedReader, size: int) -> bytearray:
    """All `size` bytes in as few requests as can be: what the buffer holds of the beginning, then past it."""
    data = bytearray(size)
    view = memoryview(data)
    file.seek(0)
    head = file.peek()[:size]
    filled = len(head)
    view[:filled] = head
    raw = file.raw
    raw.seek(filled, os.SEEK_SET)
    while filled < size:
        got = raw.readinto(view[filled:])
        if not got:
            break
        filled += got
    return data
