"""Expanding a container: its members become items of their own, sealed like anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from hashsets.algorithms.digests import Digests, DigestStream
from triage.chamber.expansion import Member
from triage.chamber.limits import ArchiveLimits
from triage.chamber.parent import Chamber
from triage.chamber.sniff import SNIFF_BYTES, kind_of
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Unreadable
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.interruption import Interrupted
from triage.domain.items import ItemKind
from triage.domain.jobs import Lease, NewJob, Stage, item_range
from triage.domain.submissions import Found
from triage.settings import ArchiveSettings, ReceiveSettings, WorkSettings
from triage.store.items import Kept, NewItem
from triage.store.unit_of_work import Store
from triage.vault.seam import Vault, VaultWriter

from .clock import Clock
from .examining import unreadable_note
from .keeping import Keeping, sealed_row
from .taking_items import first_jobs, take


class _KnownAlreadyError(Exception):
    """The member's bytes are held already: nothing more is sealed."""


@dataclass(slots=True)
class _Batch:
    members: list[tuple[NewItem, Found]] = field(default_factory=list)
    bytes: int = 0


@dataclass(frozen=True)
class Expanding:
    """Unfolds containers through the chamber. Members have no bytes of their own at the source: they are sealed."""

    store: Store
    vault: Vault
    keeping: Keeping
    archives: ArchiveSettings
    receive: ReceiveSettings
    work: WorkSettings
    clock: Clock
    actor: str
    stopping: Callable[[], bool]

    def expand(self, lease: Lease, chamber: Chamber) -> None:
        """Expand the lease's containers. Run again it finds their members in place and doubles nothing.

        Raises Interrupted between two containers when a person asked to stop.
        """
        with self.store.writing() as unit:
            containers = unit.items.kept(lease.item_ids)
            unit.custody.append([self._event(lease, CustodyAction.OPENED, {"items": item_range(lease.item_ids)})])
            unit.commit()
        notes: dict[int, tuple[ProcessingNote, ...]] = {}
        batch = _Batch()
        with self.vault.writer() as writer:
            for container in containers:
                if self.stopping():
                    raise Interrupted
                notes[container.item.id] = self._expand(lease, container, chamber, batch, writer)
            self._commit(lease, batch, writer)
        self._finish(lease, notes)

    def _expand(
        self, lease: Lease, container: Kept, chamber: Chamber, batch: _Batch, writer: VaultWriter
    ) -> tuple[ProcessingNote, ...]:
        """Take one container's members; they are committed as batches fill, with those of other containers."""
        if container.item.depth >= self.archives.max_depth:
            return (ProcessingNote(NoteCode.ARCHIVE_TOO_DEEP, f"depth {container.item.depth}"),)
        if container.is_erased:
            return (ProcessingNote(NoteCode.BYTES_ERASED),)
        try:
            source = self.keeping.open(container)
        except Unreadable as error:
            return (unreadable_note(error),)
        limits = ArchiveLimits(
            max_members=self.archives.max_members,
            max_total_bytes=self.archives.max_total_bytes,
            max_member_bytes=self.archives.max_member_bytes,
            max_ratio=self.archives.max_ratio,
        )
        with closing(source), closing(chamber.expand(source, limits)) as expansion:
            noted = 0
            for member in expansion:
                sealed = self._seal(member, container, batch, writer)
                noted += bool(member.notes)
                batch.members.append(sealed)
                batch.bytes += sealed[0].size
                if len(batch.members) >= self.receive.batch_items or batch.bytes >= self.receive.batch_bytes:
                    self._commit(lease, batch, writer)
            notes = expansion.notes
        if noted:
            notes = (*notes, ProcessingNote(NoteCode.MEMBER_UNREADABLE, f"{noted} members not whole"))
        return notes

    def _seal(self, member: Member, container: Kept, batch: _Batch, writer: VaultWriter) -> tuple[NewItem, Found]:
        stream, head, size = DigestStream(), bytearray(), 0
        digests: list[Digests] = []

        def chunks() -> Iterator[bytes]:
            nonlocal size
            for chunk in member.chunks:
                stream.update(chunk)
                head.extend(chunk[: SNIFF_BYTES - len(head)])
                size += len(chunk)
                yield chunk
            found = stream.finish()
            digests.append(found)
            if self._is_held(found.sha256, batch):
                raise _KnownAlreadyError

        try:
            locator = sealed_row(writer.seal(chunks()))
        except _KnownAlreadyError:
            locator = None
        kind = ItemKind(kind_of(bytes(head)))
        new = NewItem(digests[0], size, kind, container.item.depth + 1, sealed=locator)
        mtime_ns = (member.mtime or 0) * 1_000_000_000
        return new, Found(member.name, size, mtime_ns, parent_item_id=container.item.id)

    def _is_held(self, sha256: bytes, batch: _Batch) -> bool:
        if any(new.digests.sha256 == sha256 for new, _ in batch.members):
            return True
        with self.store.reading() as unit:
            return bool(unit.items.sealed_among([sha256]))

    def _commit(self, lease: Lease, batch: _Batch, writer: VaultWriter) -> None:
        if not batch.members:
            return
        writer.sync()
        now = self.clock()
        with self.store.writing() as unit:
            unit.jobs.renew(lease, self.work.lease_seconds)
            taken = take(unit, [new for new, _ in batch.members], now)
            ids = taken.ids
            arrived = unit.submissions.not_found_yet(lease.submission_id, ids.values())
            unit.submissions.add_occurrences(
                lease.submission_id, [(ids[new.digests.sha256], found) for new, found in batch.members]
            )
            containers = {
                ids[new.digests.sha256]: new.size for new, _ in batch.members if new.kind is ItemKind.CONTAINER
            }
            unit.jobs.add(
                first_jobs(
                    lease.submission_id,
                    taken.to_examine,
                    {one: containers[one] for one in arrived & containers.keys()},
                )
            )
            parents = {new.digests.sha256: found.parent_item_id for new, found in reversed(batch.members)}
            unit.custody.append(
                taken.keeping_events(
                    lambda item_id, new, **more: self._sealed_event(
                        lease, item_id, new, parents[new.digests.sha256], **more
                    )
                )
            )
            unit.commit()
        batch.members.clear()
        batch.bytes = 0

    def _finish(self, lease: Lease, notes: Mapping[int, tuple[ProcessingNote, ...]]) -> None:
        rows = [(item_id, note.code.value, note.detail) for item_id, found in notes.items() for note in found]
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            unit.items.add_notes(lease.stage, rows)
            unit.jobs.add([NewJob(Stage.MATCH, lease.submission_id, lease.item_ids)])
            details: dict[str, str | int | None] = {"items": item_range(lease.item_ids), "notes": len(rows)}
            unit.custody.append([self._event(lease, CustodyAction.EXAMINED, details)])
            unit.commit()

    def _sealed_event(self, lease: Lease, item_id: int, new: NewItem, container_id: int, **more: str) -> CustodyEvent:
        details: dict[str, str | int | None] = {
            "submission": lease.submission_id,
            "container": container_id,
            "sha256": new.digests.sha256.hex(),
            "size": new.size,
            **more,
        }
        return CustodyEvent(self.clock(), self.actor, CustodyAction.SEALED, f"item:{item_id}", "expand", details)

    def _event(self, lease: Lease, action: CustodyAction, details: dict[str, str | int | None]) -> CustodyEvent:
        return CustodyEvent(self.clock(), self.actor, action, f"job:{lease.job_id}", "expand", details)
