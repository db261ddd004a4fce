"""What has arrived whole goes from its spool into the vault, and becomes an item or waits for its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hashsets.algorithms.digests import Digests
from triage.chamber.sniff import kind_of
from triage.domain.errors import Conflict, Tampered
from triage.domain.interruption import Interrupted
from triage.domain.items import ItemKind
from triage.domain.submissions import Found
from triage.domain.uploads import UploadState, agree
from triage.store.items import NewItem
from triage.store.unit_of_work import Store
from triage.store.uploads import KeptUpload
from triage.vault.seam import SealedObject, Vault, VaultWriter
from triage.vault.spool import Spool, SpoolKey, Spools

from .clock import Clock
from .keeping import sealed_row
from .knowing import Knowing, Known, known_in_sandbox
from .recording_found import record_found
from .uploading import Remembered, Running


class _NotToBeSealed(Exception):
    """Raised through the vault's writer at the last chunk: the bytes are held already, or are not what was stated."""


@dataclass(frozen=True, slots=True)
class _Measured:
    digests: Digests
    kind: ItemKind
    sealed: SealedObject | None
    known: Known | None  # of a report's file, by these digests


@dataclass(frozen=True)
class TakingUploads:
    """Takes whole uploads of this machine. Parses nothing: it has no chamber.

    Whether a report's file is known is asked as at the door: its sender may have told no digest, or fewer. That is
    asked before the bytes are sealed, so that a release that cannot be asked leaves nothing behind but the spool.
    """

    store: Store
    vault: Vault
    spools: Spools
    remembered: Remembered
    knowing: Knowing
    clock: Clock
    actor: str
    is_stopped: Callable[[], bool] = lambda: False

    def take_all(self) -> int:
        """Take what has arrived until nothing is left; how many became something.

        Raises Unavailable, Tampered; Interrupted when the process is to stop, and what is left waits for the next.
        """
        taken = 0
        machine = self.spools.machine()
        with self.vault.writer() as writer:
            while True:
                with self.store.reading() as unit:
                    whole = unit.uploads.whole(machine)
                done = sum(self._take(kept, writer) for kept in whole)
                taken += done
                if not done:
                    return taken

    def sweep(self) -> int:
        """End uploads that nobody went on with, find those whose last word was lost, delete what nobody needs.

        How many spool files were deleted. Call it when the process starts, and now and then.
        """
        machine, names = self.spools.machine(), self.spools.names()
        with self.store.reading() as unit:
            still_open = {kept.public_id: kept for kept in unit.uploads.open_among(machine, names)}
            overdue = unit.uploads.overdue(machine, self.clock().timestamp())
        for kept in overdue:
            self._end(kept, UploadState.DROPPED, "expired")
            still_open.pop(kept.public_id, None)
        for kept in still_open.values():
            self._find_whole(kept)
        needless = set(names) - set(still_open)
        for name in needless:
            self.spools.remove(name)
        return len(needless)

    def _find_whole(self, kept: KeptUpload) -> None:
        """A process may have died after the last byte was durable and before that was recorded."""
        if kept.is_whole:
            return
        try:
            with self._opened(kept) as spool:
                if spool.durable.offset == kept.length:
                    self._tell(kept, kept.length)
        except Conflict:
            return  # somebody writes to it now, and will say so

    def _take(self, kept: KeptUpload, writer: VaultWriter) -> bool:
        try:
            spool = self._opened(kept)
        except Conflict:
            return False
        with spool:
            if spool.durable.offset != kept.length:
                self._tell(kept, spool.durable.offset)  # the file's truth: its sender has to go on
                return False
            try:
                measured = self._sealed(kept, spool, writer)
            except Tampered as error:
                if error.code != "spool-broken":
                    raise
                self._end(kept, UploadState.FAILED, error.code)
                return True
            if measured is None:
                self._end(kept, UploadState.FAILED, "digest-mismatch")
                return True
            writer.sync()
            self._record(kept, measured)
        self.spools.remove(kept.public_id)
        return True

    def _sealed(self, kept: KeptUpload, spool: Spool, writer: VaultWriter) -> _Measured | None:
        """What came, and its locator; None where it is not what was stated. Without a locator the bytes are held.

        Where all of it came while this process lived, its digests are known, and held bytes are not read again.
        """
        running = self.remembered.take(kept.public_id)
        if running is None or running.at != spool.durable:
            return self._sealed_while_measured(kept, spool, writer)
        digests = running.stream.finish()
        if not agree(digests, kept.stated):
            return None
        known = self._known(kept, digests)
        sealed = writer.seal(self._chunks(spool)) if self._is_to_be_sealed(kept, digests) else None
        return _Measured(digests, ItemKind(kind_of(running.head)), sealed, known)

    def _chunks(self, spool: Spool) -> Iterator[bytes]:
        for chunk in spool.chunks():
            if self.is_stopped():
                raise Interrupted
            yield chunk

    def _sealed_while_measured(self, kept: KeptUpload, spool: Spool, writer: VaultWriter) -> _Measured | None:
        running, found = Running(), list[Digests]()
        known: Known | None = None

        def chunks() -> Iterator[bytes]:
            for chunk in self._chunks(spool):
                running.take(chunk, running.at)
                yield chunk
            found.append(running.stream.finish())
            if agree(found[0], kept.stated):
                nonlocal known
                known = self._known(kept, found[0])
            if not agree(found[0], kept.stated) or not self._is_to_be_sealed(kept, found[0]):
                raise _NotToBeSealed

        try:
            sealed: SealedObject | None = writer.seal(chunks())
        except _NotToBeSealed:
            sealed = None
        if not agree(found[0], kept.stated):
            return None
        return _Measured(found[0], ItemKind(kind_of(running.head)), sealed, known)

    def _known(self, kept: KeptUpload, digests: Digests) -> Known | None:
        if kept.report_id is None:
            return None  # a pushed seizure has no sender who is told
        if kept.sandbox:
            return known_in_sandbox(digests.as_digests())
        [known] = self.knowing.known([digests.as_digests()])
        return known

    def _is_to_be_sealed(self, kept: KeptUpload, digests: Digests) -> bool:
        if kept.sandbox:
            return False  # never evidence: digested and dropped
        if kept.report_id is not None:
            return True  # the report may be retracted, and what is held elsewhere may go: it keeps its own until then
        with self.store.reading() as unit:
            return digests.sha256 not in unit.items.sealed_among([digests.sha256])

    def _record(self, kept: KeptUpload, measured: _Measured) -> None:
        """One commit: what the upload became."""
        now = self.clock()
        locator = sealed_row(measured.sealed) if measured.sealed else None
        is_item = kept.submission_id is not None and not kept.sandbox
        with self.store.writing() as unit:
            state = UploadState.TAKEN if is_item else UploadState.ARRIVED
            was_open = unit.uploads.arrived(
                kept.id, state, measured.digests, measured.kind, None if is_item else locator
            )
            if not was_open:
                return  # ended meanwhile: what was sealed has no locator, and nobody can open it
            if measured.known and kept.report_id is not None:
                unit.reports.known_now(kept.report_id, kept.id, measured.known)
            if is_item:
                assert kept.submission_id is not None
                new = NewItem(measured.digests, kept.length, measured.kind, depth=0, sealed=locator)
                found = Found(kept.path, kept.length, kept.mtime_ns)
                record_found(unit, kept.submission_id, [(new, found)], now, self.actor, "push")
            unit.commit()

    def _tell(self, kept: KeptUpload, received: int) -> None:
        with self.store.writing() as unit:
            unit.uploads.told(kept.id, received, kept.expires_at)
            unit.commit()

    def _end(self, kept: KeptUpload, state: UploadState, because: str) -> None:
        with self.store.writing() as unit:
            unit.uploads.end(kept.id, state, because)
            unit.commit()
        self.spools.remove(kept.public_id)

    def _opened(self, kept: KeptUpload) -> Spool:
        return self.spools.open(kept.public_id, SpoolKey(kept.spool_key, kept.spool_key_id))
