"""A unit's seizure sent over the network: what is offered, how small files travel together, what both sides sum up.

A **pack** is a run of small files, one after the other, until the body ends:

    path length (4 bytes) || size (8) || modification time, ns since 1970 (8, signed) || SHA-256 (32) || path || bytes

Numbers are big-endian. A **manifest** is the SHA-256 of one line for each file, in the order of paths as bytes:
`sha256 in hex`, a space, the size, a space, the path in hex, a line feed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from triage.domain.errors import Unreadable

PACK_TYPE = "application/vnd.triage.pack"
PACK_BYTES, PACK_FILES = 16 << 20, 1_024
"""The most that one pack may hold."""
OFFERS = 1_000
"""The most files that are offered at once."""
LONGEST_PATH = 32_768
_HEAD = struct.Struct(">IQq32s")
_LARGEST = 2**63 - 1


class OfferState(StrEnum):
    """What the far end says of a file."""

    RECORDED = "recorded"  # nothing is to be sent
    HASH = "hash"  # offered without its SHA-256, and not recorded as it is now: offer it again with it
    SEND = "send"
    RESUME = "resume"  # an upload of it has begun
    MISMATCH = "digest-mismatch"  # what was sent is not what was stated


@dataclass(frozen=True, slots=True)
class Offer:
    """A file at the source. Without `sha256` only path, size and time are compared."""

    path: bytes
    size: int
    mtime_ns: int
    sha256: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse what no file system gives, before any of it is used."""
        sound = (
            0 < len(self.path) <= LONGEST_PATH
            and 0 <= self.size <= _LARGEST
            and abs(self.mtime_ns) <= _LARGEST
            and (self.sha256 is None or len(self.sha256) == 32)
        )
        if not sound:
            raise Unreadable("offer-invalid", "A file's path, size, time or digest is out of bounds.")


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A small file with its bytes."""

    offer: Offer
    data: bytes = field(repr=False)


def packed(files: Iterable[PackedFile]) -> bytes:
    """The body of a pack."""
    parts: list[bytes] = []
    for one in files:
        offer = one.offer
        digest = offer.sha256 or sha256(one.data).digest()
        parts += [_HEAD.pack(len(offer.path), len(one.data), offer.mtime_ns, digest), offer.path, one.data]
    return b"".join(parts)


def pack_cost(offer: Offer) -> int:
    """Bytes of a pack that this file takes."""
    return _HEAD.size + len(offer.path) + offer.size


def unpacked(body: bytes) -> list[PackedFile]:
    """The files of a pack. Raises Unreadable `pack-invalid`, `offer-invalid`."""
    return list(_unpacked(body))


def _unpacked(body: bytes) -> Iterator[PackedFile]:
    at = count = 0
    while at < len(body):
        count += 1
        if len(body) - at < _HEAD.size or count > PACK_FILES:
            raise _invalid()
        path_length, size, mtime_ns, digest = _HEAD.unpack_from(body, at)
        start = at + _HEAD.size + path_length
        at = start + size
        if at > len(body):
            raise _invalid()
        yield PackedFile(Offer(body[start - path_length : start], size, mtime_ns, digest), body[start:at])


def _invalid() -> Unreadable:
    return Unreadable("pack-invalid", f"A pack is whole files, {PACK_FILES} and {PACK_BYTES} bytes at most.")


class Manifest:
    """Sums up files that are told in the order of their paths."""

    def __init__(self) -> None:
        self._sum = sha256()
        self.files = 0
        self.bytes = 0

    def add(self, path: bytes, size: int, digest: bytes) -> None:
        """The next file."""
        self._sum.update(b"%s %d %s\n" % (digest.hex().encode(), size, path.hex().encode()))
        self.files += 1
        self.bytes += size

    def digest(self) -> bytes:
        """Of all files so far."""
        return self._sum.digest()
