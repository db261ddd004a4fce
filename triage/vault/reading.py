"""Random access to one sealed object in an open file: opens only the frames that are asked for."""

from __future__ import annotations

import os
from collections import OrderedDict

from triage.domain.errors import Tampered, Unavailable
from triage.vault.frames import FRAME, FrameOpener

CACHED_FRAMES = 2
"""A parser jumps between a header and where it reads; two frames serve that at 2 MiB."""


class SealedSource:
    """A ByteSource over `descriptor`, which it owns, beginning at `offset`; see FrameOpener for key, id and size."""

    def __init__(self, descriptor: int, offset: int, key: bytes, object_id: bytes, size: int) -> None:
        self._descriptor: int | None = descriptor
        self._offset = offset
        self._size = size
        self._object_id = object_id
        self._opener = FrameOpener(key, object_id, size)
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        if size == 0:
            self._frame(0)  # nothing will ever be read of it, so its seal is checked here

    @property
    def size(self) -> int:
        """Length of the plaintext in bytes."""
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        """See ByteSource. Raises Tampered `seal-broken`, `segment-truncated`; Unavailable `vault-read-failed`."""
        if offset < 0 or length < 0:
            raise ValueError("offset and length are not negative")
        end = min(offset + length, self._size)
        if offset >= end:
            return b""
        first, last = offset // FRAME, (end - 1) // FRAME
        if first == last:
            return self._frame(first)[offset - first * FRAME : end - first * FRAME]
        parts = [self._frame(first)[offset - first * FRAME :]]
        parts += [self._frame(index) for index in range(first + 1, last)]
        parts.append(self._frame(last)[: end - last * FRAME])
        return b"".join(parts)

    def close(self) -> None:
        """Close the file and forget what was opened; may be called twice."""
        self._frames.clear()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _frame(self, index: int) -> bytes:
        known = self._frames.get(index)
        if known is not None:
            self._frames.move_to_end(index)
            return known
        if self._descriptor is None:
            raise ValueError("the source is closed")
        start, length = self._opener.extent(index)
        sealed = self._stored(self._descriptor, start, length)
        plain = self._opener.opened(index, sealed)
        self._frames[index] = plain
        if len(self._frames) > CACHED_FRAMES:
            self._frames.popitem(last=False)
        return plain

    def _stored(self, descriptor: int, start: int, length: int) -> bytes:
        try:
            sealed = os.pread(descriptor, length, self._offset + start)
        except OSError as error:
            raise Unavailable(
                "vault-read-failed", f"Object {self._object_id.hex()} cannot be read (error {error.errno})."
            ) from None
        if len(sealed) != length:
            raise Tampered("segment-truncated", f"The segment of object {self._object_id.hex()} ends early.")
        return sealed
