"""Random access to one sealed object, wherever its bytes lie: opens only the frames that are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from triage.domain.errors import Tampered, Unavailable
from triage.vault.frames import FRAME, FrameOpener
from triage.vault.keys import KeyProvider
from triage.vault.locators import check_locator
from triage.vault.seam import SealedObject

CACHED_FRAMES = 2
"""A parser jumps between a header and where it reads; two frames serve that at 2 MiB."""


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
        parts = [self._frame(first)[offset - first * FRAME :]]
        parts += [self._frame(index) for index in range(first + 1, last)]
        parts.append(self._frame(last)[: end - last * FRAME])
        return b"".join(parts)

    def close(self) -> None:
        """Let go of the bytes and forget what was opened; may be called twice."""
        self._frames.clear()
        if self._stored is not None:
            self._stored.close()
            self._stored = None

    def _frame(self, index: int) -> bytes:
        known = self._frames.get(index)
        if known is not None:
            self._frames.move_to_end(index)
            return known
        if self._stored is None:
            raise ValueError("the source is closed")
        start, length = self._opener.extent(index)
        frame = self._stored.read(start, length)
        if len(frame) != length:
            raise Tampered("segment-truncated", f"The segment of object {self._sealed.object_id} ends early.")
        plain = self._opener.opened(index, frame)
        self._frames[index] = plain
        if len(self._frames) > CACHED_FRAMES:
            self._frames.popitem(last=False)
        return plain
