"""What a vault of sealed evidence must be able to do, and the locator that the database keeps of each object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from triage.domain.sources import ByteSource


@dataclass(frozen=True, slots=True)
class SealedObject:
    """Where one sealed object lies, and its key in wrapped form: all that the database keeps of it.

    `object_id` is 32 hexadecimal digits and random, so nothing on disk tells which content is held. `offset` and
    `stored_length` count sealed bytes within `segment`; `size` counts plaintext bytes. Forgetting `wrapped_key`
    everywhere, backups included, destroys the object: its bytes may stay and can never be read again.
    """

    object_id: str
    segment: str
    offset: int
    stored_length: int
    size: int
    wrapped_key: bytes = field(repr=False)
    key_id: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A file or blob in which sealed objects lie; `size` in bytes."""

    name: str
    size: int


class VaultWriter(Protocol):
    """Seals objects into segments of its own; for one thread. Leaving the context lets go of files, nothing more."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def seal(self, chunks: Iterable[bytes]) -> SealedObject:
        """Seal one object as its bytes stream by.

        Whatever `chunks` raises comes through; then the object does not exist and the writer can go on. (A caller
        that learns at the last chunk that it has these bytes already raises there.) The locator may be committed
        only after `sync`. Raises Unavailable `disk-full`, `vault-write-failed`; a store elsewhere also gives
        `vault-unreachable`, `vault-credentials`, `vault-absent`, `vault-refused`, here and in all that follows.
        """
        ...

    def sync(self) -> None:
        """Make everything sealed so far survive a power cut: once per batch, before the commit that records it.

        Raises Unavailable `vault-write-failed`, …; the objects since the last sync are then void, and so is the
        writer.
        """
        ...


class Vault(Protocol):
    """The only way to sealed evidence bytes. Write-once: what has been sealed is never altered or moved."""

    def prepare(self) -> None:
        """Make an empty vault where there is none, and `check` it; deletes and replaces nothing."""
        ...

    def check(self) -> None:
        """Try whether the vault can be written, read and listed, without leaving anything behind.

        Raises Unavailable `vault-absent`, `vault-read-only`, …; Refused `vault-of-another`, `vault-overwrites`.
        """
        ...

    def writer(self) -> VaultWriter:
        """A new writer; several may write at once, in any threads or processes."""
        ...

    def open(self, sealed: SealedObject) -> ByteSource:
        """Random access to an object's plaintext; every byte given out has been authenticated.

        Raises Tampered `locator-invalid`, `key-unwrap-failed` and, here or when reading, `segment-missing`,
        `segment-truncated`, `seal-broken`; Unavailable `vault-absent`, `key-unknown`, `vault-read-failed`.
        """
        ...

    def segments(self) -> Iterator[Segment]:
        """Every segment that exists, in no order."""
        ...


def unreferenced(segments: Iterable[Segment], referenced: Mapping[str, int]) -> Iterator[Segment]:
    """What no locator points to: each segment with its count of such bytes.

    `referenced` sums `stored_length` by segment name. A crash between sealing and commit leaves such bytes: they are
    sealed under keys that nobody holds, cost space only, and are reported, never swept by themselves.
    """
    for segment in segments:
        loose = segment.size - referenced.get(segment.name, 0)
        if loose > 0:
            yield Segment(segment.name, loose)
