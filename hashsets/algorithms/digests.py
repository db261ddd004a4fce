"""MD5, SHA-1 and SHA-256 of the same bytes in one pass.

MD5 and SHA-1 are here because hash sets list them. Equal MD5 or SHA-1 alone proves nothing against a forger.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hashsets.vocabulary import Digest, DigestAlgorithm


@dataclass(frozen=True, slots=True)
class Digests:
    """The three digests of one run of bytes, raw."""

    md5: bytes
    sha1: bytes
    sha256: bytes

    def as_digests(self) -> tuple[Digest, ...]:
        """The same, one value each, as hash sets are asked."""
        return (
            Digest(DigestAlgorithm.MD5, self.md5),
            Digest(DigestAlgorithm.SHA1, self.sha1),
            Digest(DigestAlgorithm.SHA256, self.sha256),
        )


class DigestStream:
    """Takes bytes in order, chunk by chunk, and keeps none of them."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def update(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        self._md5.update(chunk)
        self._sha1.update(chunk)
        self._sha256.update(chunk)

    def finish(self) -> Digests:
        """The digests of all bytes so far."""
        return Digests(self._md5.digest(), self._sha1.digest(), self._sha256.digest())


EMPTY = DigestStream().finish()
"""Digests of no bytes at all. Hash sets carry them by accident; an empty file must never match."""

_EMPTY = frozenset(EMPTY.as_digests())


def is_empty(digest: Digest) -> bool:
    """Whether a digest is that of the empty file."""
    return digest in _EMPTY
