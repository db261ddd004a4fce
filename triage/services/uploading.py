"""Uploads in parts: made, gone on with, looked at, ended. Bytes are sealed before they touch the disk.

How far an upload is stands in its spool's file. The database says whose it is and what it belongs to.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from hashlib import new as new_digest
from types import TracebackType
from typing import Self

from hashsets.algorithms.digests import DigestStream
from triage.chamber.sniff import SNIFF_BYTES
from triage.domain.errors import Conflict, Refused, Unavailable, Unreadable
from triage.domain.uploads import NewUpload, UploadState
from triage.settings import UploadSettings
from triage.store.unit_of_work import Store, Unit
from triage.store.uploads import KeptUpload
from triage.vault.spool import Position, Spool, SpoolKey, Spools

from .admitting import Admitted, admitted_now
from .clock import Clock

_TOLD_SECONDS = 5.0
"""While one request goes on: how often its key is looked at again, and its progress recorded."""
_BUSY_SECONDS = 1.0
_REMEMBERED = 2_000
"""Unfinished uploads whose running digests are kept in memory; of others all is read once more at the end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload is. `offset` counts durable bytes; `expires_at` is in seconds since 1970."""

    upload: KeptUpload
    offset: int


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a sender says of one request's bytes: `sha1` or `sha256`, and the value."""

    algorithm: str
    value: bytes


@dataclass(slots=True)
class Running:
    """What was learnt of an upload's bytes so far, as long as this process lives: it spares reading them again."""

    at: Position = field(default_factory=Position)
    stream: DigestStream = field(default_factory=DigestStream)
    head: bytes = b""

    def take(self, data: bytes | bytearray, at: Position) -> None:
        """The next bytes, which end at `at`."""
        if len(self.head) < SNIFF_BYTES:
            self.head += data[: SNIFF_BYTES - len(self.head)]
        self.stream.update(data)
        self.at = at


@dataclass(frozen=True)
class Remembered:
    """Running digests by upload. Taken out while someone works with them."""

    _kept: dict[str, Running] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, public_id: str) -> Running | None:
        """What is remembered of it, once."""
        with self._lock:
            return self._kept.pop(public_id, None)

    def put(self, public_id: str, running: Running) -> None:
        """Remember it; the oldest is forgotten when there are too many."""
        with self._lock:
            self._kept[public_id] = running
            if len(self._kept) > _REMEMBERED:
                del self._kept[next(iter(self._kept))]


@dataclass(frozen=True)
class Uploading:
    """Takes bytes in parts. `arrivals` is set when an upload is whole."""

    store: Store
    spools: Spools
    settings: UploadSettings
    clock: Clock
    remembered: Remembered = field(default_factory=Remembered)
    arrivals: threading.Event = field(default_factory=threading.Event)

    def open(self, admitted: Admitted, new: NewUpload) -> KeptUpload:
        """A new upload of this sender. Raises as `open_in` does."""
        with self.store.writing() as unit:
            kept = self.open_in(unit, admitted, new)
            unit.commit()
        if not new.length:
            self.arrivals.set()
        return kept

    def open_in(self, unit: Unit, admitted: Admitted, new: NewUpload) -> KeptUpload:
        """The same within a unit that makes what the upload belongs to. Writes no file.

        Raises Refused `upload-too-large`, `uploads-too-many`, `media-not-kept`; Unavailable `disk-full`.
        """
        if not admitted.sender.keeps_media:
            raise Refused(
                "media-not-kept", "No media of this sender may be kept: send digests, or small files whole."
            )
        if not 0 <= new.length <= self.settings.max_bytes:
            raise Refused("upload-too-large", f"An upload is at most {self.settings.max_bytes} bytes long.")
        if not self.spools.has_room(new.length):
            raise Unavailable("disk-full", "The disk for arriving uploads has no room for that many bytes.")
        count, size = unit.uploads.unfinished(admitted.sender.id)
        if count >= self.settings.open_uploads or size + new.length > self.settings.open_bytes:
            raise Refused("uploads-too-many", "This sender has too much unfinished: go on with that, or end it.")
        public_id = secrets.token_hex(16)
        key, now = self.spools.new_key(public_id), self.clock().timestamp()
        unit.uploads.add(
            public_id,
            new,
            sender_id=admitted.sender.id,
            key_id=admitted.key.id,
            sandbox=admitted.key.sandbox,
            machine=self.spools.machine(),
            spool_key=key.wrapped,
            spool_key_id=key.key_id,
            now=now,
            expires_at=self._until(),
        )
        return self._named(unit, admitted, public_id)

    def look(self, admitted: Admitted, public_id: str) -> KeptUpload:
        """An upload as recorded, whatever became of it. Raises NotFound."""
        with self.store.reading() as unit:
            return self._named(unit, admitted, public_id)

    def standing(self, admitted: Admitted, public_id: str) -> Standing:
        """How far it is. Raises NotFound; Conflict `upload-busy`, `upload-failed`, `upload-dropped`."""
        kept = self.look(admitted, public_id)
        if kept.state in {UploadState.ARRIVED, UploadState.TAKEN}:
            return Standing(kept, kept.length)
        with self._writing(admitted, kept) as writing:
            return Standing(kept, writing.tell())

    def go_on(
        self, admitted: Admitted, public_id: str, offset: int, size: int | None, checksum: Checksum | None = None
    ) -> Writing:
        """Begin a request that brings bytes from `offset` on, `size` of them where that is told. Leave it when done.

        Raises NotFound; Conflict `upload-offset-wrong`, `upload-busy`, `upload-whole`, `upload-failed`,
        `upload-dropped`; Refused `upload-too-long`; Unavailable.
        """
        kept = self.look(admitted, public_id)
        if kept.state in {UploadState.ARRIVED, UploadState.TAKEN}:
            raise Conflict("upload-whole", "All of this upload is here already.")
        writing = self._writing(admitted, kept, checksum)
        try:
            writing.require_fits(offset, size)
        except BaseException:
            writing.__exit__(None, None, None)
            raise
        return writing

    def drop(self, admitted: Admitted, public_id: str) -> None:
        """End an unfinished upload; what came of it can be read by nobody. Raises NotFound, Conflict."""
        kept = self.look(admitted, public_id)
        if kept.state in {UploadState.ARRIVED, UploadState.TAKEN}:
            raise Conflict("upload-whole", "All of this upload is here already: it cannot be ended any more.")
        with self._writing(admitted, kept):
            with self.store.writing() as unit:
                unit.uploads.end(kept.id, UploadState.DROPPED, "dropped-by-sender")
                unit.commit()
            self.spools.remove(public_id)
        self.remembered.take(public_id)

    def _writing(self, admitted: Admitted, kept: KeptUpload, checksum: Checksum | None = None) -> Writing:
        require_open(kept)
        if kept.machine != self.spools.machine():
            raise Unavailable("upload-elsewhere", "This upload was begun at another machine of this deployment.")
        running = self.remembered.take(kept.public_id)
        try:
            spool = self._opened(kept, running)
        except Conflict:
            if running:  # whoever writes now brings its own back: this one is older, and will not fit
                self.remembered.put(kept.public_id, running)
            raise
        try:
            kept = self.look(admitted, kept.public_id)  # it may have been taken while we waited for the file
            require_open(kept)
        except BaseException:
            spool.__exit__(None, None, None)
            raise
        return Writing(self, admitted, kept, spool, running, checksum)

    def _opened(self, kept: KeptUpload, running: Running | None) -> Spool:
        """Waits a moment for whoever only asks how far it is, or is just letting go."""
        key, give_up = SpoolKey(kept.spool_key, kept.spool_key_id), time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                return self.spools.open(kept.public_id, key, running.at if running else None)
            except Conflict:
                if time.monotonic() >= give_up:
                    raise
                time.sleep(_BUSY_SECONDS / 20)

    def _until(self) -> float:
        return self.clock().timestamp() + self.settings.keep_hours * 3600

    @staticmethod
    def _named(unit: Unit, admitted: Admitted, public_id: str) -> KeptUpload:
        return unit.uploads.named(public_id, admitted.sender.id, sandbox=admitted.key.sandbox)


class Writing:
    """One request's bytes on their way into a spool, which is its own meanwhile. For one thread at a time."""

    def __init__(
        self,
        uploading: Uploading,
        admitted: Admitted,
        kept: KeptUpload,
        spool: Spool,
        running: Running | None,
        checksum: Checksum | None,
    ) -> None:
        self._uploading = uploading
        self._admitted = admitted
        self._kept = kept
        self._spool = spool
        self._begun = spool.written
        if self._begun.offset == 0:
            running = Running()
        self._running = running if running and running.at == self._begun else None
        self._checksum = checksum
        self._summed = new_digest(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._told_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running and self._running.at == self._spool.written:
            self._uploading.remembered.put(self._kept.public_id, self._running)
        self._spool.__exit__(kind, error, trace)

    @property
    def offset(self) -> int:
        """Bytes that are in the spool."""
        return self._spool.written.offset

    @property
    def room(self) -> int:
        """Bytes that may still come."""
        return self._kept.length - self.offset

    def require_fits(self, offset: int, size: int | None) -> None:
        """Whether bytes from there on may come. Raises Conflict `upload-offset-wrong`, Refused `upload-too-long`."""
        if self.offset != offset:
            raise Conflict("upload-offset-wrong", "The upload goes on at another offset: ask where (HEAD).")
        if size is not None and size > self.room:
            raise _too_long()

    @property
    def upload(self) -> KeptUpload:
        """What it is."""
        return self._kept

    def append(self, data: bytes | bytearray) -> None:
        """The next bytes, at most 1 MiB. Raises Refused `upload-too-long`, `key-revoked` …; Unavailable."""
        if len(data) > self.room:
            raise _too_long()
        self._spool.append(data)
        if self._running:
            self._running.take(data, self._spool.written)
        if self._summed:
            self._summed.update(data)
        if time.monotonic() - self._told_at >= _TOLD_SECONDS:
            self._require_key()
            self._told_at = time.monotonic()
            if not self._checksum:
                self.tell()

    def finish(self) -> Standing:
        """The request's bytes were all; what is durable now. Raises Unreadable `checksum-mismatch`, Unavailable."""
        fits = not (self._checksum and self._summed) or hmac.compare_digest(
            self._summed.digest(), self._checksum.value
        )
        if not fits:
            self._spool.cut_back(self._begun)
            raise Unreadable("checksum-mismatch", "The checksum of this request does not fit its bytes.")
        return Standing(self._kept, self.tell())

    def break_off(self) -> None:
        """The request ended before its time: what came is kept, unless it had a checksum that nobody can try now."""
        if self._checksum:
            self._spool.cut_back(self._begun)
        else:
            self.tell()

    def tell(self) -> int:
        """Make all of it durable, and record how far it is. Bytes in the spool."""
        self._spool.sync()
        offset, until = self._spool.durable.offset, self._uploading._until()  # noqa: SLF001 - one module
        self._told_at = time.monotonic()
        with self._uploading.store.writing() as unit:
            unit.uploads.told(self._kept.id, offset, until)
            unit.commit()
        self._kept = replace(self._kept, received=offset, expires_at=until)
        if offset == self._kept.length:
            self._uploading.arrivals.set()
        return offset

    def _require_key(self) -> None:
        with self._uploading.store.reading() as unit:
            keys = unit.senders.keys([self._admitted.key.id])
        admitted_now(keys[self._admitted.key.id], self._uploading.clock())


def require_open(kept: KeptUpload) -> None:
    """Raise Conflict `upload-failed`, `upload-dropped`."""
    if kept.state is UploadState.FAILED:
        raise Conflict("upload-failed", f"This upload failed ({kept.because}): begin another one.")
    if kept.state is UploadState.DROPPED:
        raise Conflict("upload-dropped", "This upload was ended, or nobody went on with it: begin another one.")
    if kept.state is not UploadState.OPEN:
        raise Conflict("upload-whole", "All of this upload is here already.")


def _too_long() -> Refused:
    return Refused("upload-too-long", "More bytes came than the upload was said to have.")
