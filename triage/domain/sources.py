"""A seekable run of evidence bytes, whoever keeps them."""

from __future__ import annotations

from typing import Protocol


class ByteSource(Protocol):
    """Random read access to one item's plaintext. Not safe for several threads at once."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; shorter only at the end.

        Raises Unreadable when the source has changed, Tampered when a seal does not verify.
        """
        ...

    def close(self) -> None:
        """Let go of files and keys."""
        ...
