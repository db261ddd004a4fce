"""Random access to one sealed object, wherever its bytes lie: opens only the frames that are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from triage.domain.errors import Tampered, Unavailable
from triage.vault.frames import FRAME, FrameOpener, frame_count
from triage.vault.keys import KeyProvider
from triage.vault.locators import check_locator
from triage.vault.seam import SealedObject

CACHED_FRAMES = 2
"""A parser jumps between a header and where it reads; two frames serve that at 2 MiB."""
READ_AHEAD = 4
"""Frames fetched at once when an object is read from one to the next: a store far away answers in 10 ms and more."""
_AT_ONCE = 8
"""The most that one request brings, however much is asked for."""


class StoredBytes(Protocol):
    """The sealed bytes of one object, wherever they lie."""

    def read(self, start: int, length: int) -> bytes:
        """`length` bytes from `start` on, counted from the object's first; fewer only where its segment ends.

        Raises Tampered `segment-missing`, `segment-truncated`; Unavailable.
        """
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def open_sealed(
    sealed: SealedObject, keys: KeyProvider, reach: Callable[[SealedObject], StoredBytes]
) -> SealedSource:
    """Check a locator, unwrap its key and only then `reach` for its bytes; raises as Vault.open does."""
    check_locator(sealed)
    if sealed.key_id != keys.key_id:
        raise Unavailable("key-unknown", f"Object {sealed.object_id} needs wrapping key {sealed.key_id}.")
    key = keys.unwrap(sealed.wrapped_key, bytes.fromhex(sealed.object_id))
    stored = reach(sealed)
    try:
        return SealedSource(stored, sealed, key)
    except BaseException:
        stored.close()
        raise


class SealedSource:
    """A ByteSource over an object's sealed bytes, which it owns, and its unwrapped key."""

    def __init__(self, stored: StoredBytes, sealed: SealedObject, key: bytes) -> None:
        self._stored: StoredBytes | None = stored
        self._sealed = sealed
        self._opener = FrameOpener(key, bytes.fromhex(sealed.object_id), sealed.size)
        self._frames: OrderedDict[int, bytes] = OrderedDict()
        self._fetched: dict[int, bytes] = {}  # sealed, and not opened before somebody asks
        self._next = 0
        if sealed.size == 0:
            self._frame(0)  # nothing will ever be read of it, so its seal is checked here

    @property
    def size(self) -> int:
        """Length of the plaintext in bytes."""
        return self._sealed.size

    def read_at(self, offset: int, length: int) -> bytes:
        """See ByteSource. Raises Tampered `seal-broken` and what StoredBytes raises."""
        if offset < 0 or length < 0:
            raise ValueError("offset and length are not negative")
        end = min(offset + length, self._sealed.size)
        if offset >= end:
            return b""
        first, last = offset // FRAME, (end - 1) // FRAME
        if first == last:
            return self._frame(first)[offset - first * FRAME : end - first * FRAME]
        parts = [self._frame(first, last)[offset - first * FRAME :]]
        parts += [self._frame(index, last) for index in range(first + 1, last)]
        parts.append(self._frame(last)[: end - last * FRAME])
        return b"".join(parts)

    def close(self) -> None:
        """Let go of the bytes and forget what was opened; may be called twice."""
        self._frames.clear()
        self._fetched.clear()
        if self._stored is not None:
            self._stored.close()
            self._stored = None

    def _frame(self, index: int, through: int = 0) -> bytes:
        """The plaintext of one frame; `through` is the last one that will be asked for next."""
        known = self._frames.get(index)
        if known is not None:
            self._frames.move_to_end(index)
            return known
        plain = self._opener.opened(index, self._sealed_frame(index, through))
        self._frames[index] = plain
        if len(self._frames) > CACHED_FRAMES:
            self._frames.popitem(last=False)
        return plain

    def _sealed_frame(self, index: int, through: int) -> bytes:
        if self._stored is None:
            raise ValueError("the source is closed")
        if index not in self._fetched:
            ahead = index + READ_AHEAD - 1 if index and index == self._next else index
            last = min(max(ahead, through), index + _AT_ONCE - 1, frame_count(self._sealed.size) - 1)
            start = self._opener.extent(index)[0]
            block = memoryview(self._stored.read(start, sum(self._opener.extent(last)) - start))
            self._fetched = {
                each: bytes(block[at - start : at - start + length])
                for each in range(index, last + 1)
                for at, length in [self._opener.extent(each)]
            }
        self._next = index + 1
        frame = self._fetched.pop(index)
        if len(frame) != self._opener.extent(index)[1]:
            raise Tampered("segment-truncated", f"The segment of object {self._sealed.object_id} ends early.")
        return frame
