"""The sealed vault in a bucket: small objects packed, one put per batch; large ones streamed; nothing ever deleted.

A writer gathers sealed objects in memory and puts them as one segment (a random name, `.pack`) when the batch is
synced, or before, when they come to 32 MiB. An object over 8 MiB is a segment of its own, and streams. Segments have
the same form as in the local vault: copied with their names, they can be read from either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from triage.domain.errors import NotFound, Refused, Tampered, Unavailable
from triage.domain.sources import ByteSource
from triage.vault.bucket import Bucket
from triage.vault.keys import KeyProvider
from triage.vault.locators import NewObject, is_segment, new_segment
from triage.vault.reading import open_sealed
from triage.vault.seam import SealedObject, Segment

PACK = 32 * 1024 * 1024
ALONE_ABOVE = 8 * 1024 * 1024
_MARK = "triage-vault"
"""An object that says whose vault this is; it tells an empty vault from a wrong bucket, and is no segment."""
_MARK_LIMIT = 256


class S3Vault:
    """Sealed evidence in one bucket, below one prefix."""

    def __init__(
        self, bucket: Bucket, keys: KeyProvider, *, pack: int = PACK, alone_above: int = ALONE_ABOVE
    ) -> None:
        self._bucket = bucket
        self._keys = keys
        self._pack = pack
        self._alone_above = alone_above

    def prepare(self) -> None:
        """See Vault. Writes the mark where there is none, reads it back, and lists."""
        if self._found_mark() is None:
            self._bucket.put_new(_MARK, self._mark())
        self.check()

    def check(self) -> None:
        """See Vault. The mark is also written again, which must change nothing.

        So credentials that may not write, and a store that lets objects be overwritten, are found before it matters.
        """
        found = self._found_mark()
        if found is None:
            raise _absent()
        if found != self._mark():
            raise Refused("vault-of-another", "The vault in this bucket was made under another wrapping key.")
        if self._bucket.put_new(_MARK, found):
            raise Refused("vault-overwrites", "The store lets objects be overwritten: it ignores If-None-Match.")
        next(self._bucket.segments(), None)

    def writer(self) -> S3Writer:
        """See Vault. Sends nothing before the first full pack, large object or sync."""
        return S3Writer(self._bucket, self._keys, self._pack, self._alone_above)

    def open(self, sealed: SealedObject) -> ByteSource:
        """See Vault. Asks the store for nothing before the first byte is read."""
        return open_sealed(sealed, self._keys, self._reached)

    def segments(self) -> Iterator[Segment]:
        """See Vault. Objects of other names are not ours and not listed."""
        return (found for found in self._bucket.segments() if is_segment(found.name))

    def _reached(self, sealed: SealedObject) -> _Range:
        return _Range(self, self._bucket, sealed)

    def is_there(self) -> bool:
        """Whether this bucket and prefix hold a vault at all."""
        return self._found_mark() is not None

    def _found_mark(self) -> bytes | None:
        try:
            return self._bucket.read(_MARK, 0, _MARK_LIMIT)
        except NotFound:
            return None

    def _mark(self) -> bytes:
        return f"triage vault 1\n{self._keys.key_id}\n".encode()


class _Range:
    """One object's bytes in a segment of the bucket."""

    def __init__(self, vault: S3Vault, bucket: Bucket, sealed: SealedObject) -> None:
        self._vault = vault
        self._bucket = bucket
        self._sealed = sealed

    def read(self, start: int, length: int) -> bytes:
        """See StoredBytes. One request."""
        try:
            return self._bucket.read(self._sealed.segment, self._sealed.offset + start, length)
        except NotFound:
            if not self._vault.is_there():  # an empty bucket, another prefix: as a disk that is not mounted
                raise _absent() from None
            raise Tampered("segment-missing", f"The segment of object {self._sealed.object_id} is missing.") from None

    def close(self) -> None:
        """See StoredBytes. Connections belong to the bucket."""


class S3Writer:
    """Gathers one pack at a time in memory. See VaultWriter for the contract."""

    def __init__(self, bucket: Bucket, keys: KeyProvider, pack: int, alone_above: int) -> None:
        self._bucket = bucket
        self._keys = keys
        self._full = pack
        self._alone_above = alone_above
        self._segment = new_segment()
        self._pack = bytearray()
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pack.clear()  # what was not synced never existed

    def seal(self, chunks: Iterable[bytes]) -> SealedObject:
        """See VaultWriter. What a failed object had brought is dropped, or its upload aborted."""
        self._check_usable()
        new = NewObject(self._keys, chunks)
        held: list[bytes] = []
        size = 0
        for frame in new.frames:
            held.append(frame)
            size += len(frame)
            if size > self._alone_above:
                return self._sealed_alone(new, held)
        if self._pack and len(self._pack) + size > self._full:
            self._put_pack()
        offset = len(self._pack)
        for frame in held:
            self._pack += frame
        return new.stored_at(self._segment, offset, size)

    def sync(self) -> None:
        """See VaultWriter. One put of what has gathered; what streamed alone is safe already."""
        self._check_usable()
        if self._pack:
            self._put_pack()

    def _sealed_alone(self, new: NewObject, held: list[bytes]) -> SealedObject:
        segment = new_segment()
        stored = 0

        def parts() -> Iterator[bytes]:
            nonlocal stored
            while held:
                stored += len(held[0])
                yield held.pop(0)
            for frame in new.frames:
                stored += len(frame)
                yield frame

        self._bucket.put_stream(segment, parts())
        return new.stored_at(segment, 0, stored)

    def _put_pack(self) -> None:
        try:
            self._bucket.put_new(self._segment, self._pack)
        except BaseException:
            self._failed = True  # the objects of this pack are void, and their locators given out
            raise
        self._segment, self._pack = new_segment(), bytearray()

    def _check_usable(self) -> None:
        if self._failed:
            raise Unavailable("vault-write-failed", "This writer failed before; a new one must be made.")


def _absent() -> Unavailable:
    return Unavailable(
        "vault-absent", "There is no vault in this bucket and prefix: check vault.url, or make it with triage init."
    )
