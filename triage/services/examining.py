"""Examining: one decode in the chamber gives every fingerprint and finding; nobody looks.

A large JPEG is examined by its luma first. What that cannot decide comes back as a closer look, by the same code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from triage.chamber.parent import Chamber
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Unreadable
from triage.domain.findings import Examination, NoteCode, ProcessingNote
from triage.domain.interruption import Interrupted
from triage.domain.items import ItemKind
from triage.domain.jobs import Lease, NewJob, Stage, item_range
from triage.settings import WorkSettings
from triage.store.items import Kept
from triage.store.unit_of_work import Store

from .clock import Clock
from .keeping import Keeping

_RENEW_AFTER = 0.25
"""Share of a lease after which it is renewed in the middle of a batch."""


@dataclass(frozen=True)
class Examining:
    """Opens items in the chamber and records what is found."""

    store: Store
    keeping: Keeping
    settings: WorkSettings
    clock: Clock
    actor: str
    stopping: Callable[[], bool]
    luma_first: bool = False

    def examine_batch(self, lease: Lease, chamber: Chamber) -> None:
        """Examine the lease's items and owe their matching. Idempotent: what is recorded already stays.

        A closer look gives exact values, or a note that there are none. Raises Interrupted between two items when a
        person asked to stop.
        """
        kept = self._announce(lease)
        results: dict[int, Examination] = {}
        renewed = time.monotonic()
        for entry, extension in kept:
            if self.stopping():
                raise Interrupted
            results[entry.item.id] = self._examine(lease, entry, extension, chamber)
            if time.monotonic() - renewed > self.settings.lease_seconds * _RENEW_AFTER:
                self._renew(lease)
                renewed = time.monotonic()
        self._record(lease, results)

    def _announce(self, lease: Lease) -> list[tuple[Kept, str]]:
        """Custody first: the opening is committed before a byte is opened."""
        with self.store.writing() as unit:
            kept = unit.items.kept(lease.item_ids)
            extensions = unit.read.extensions([entry.item.id for entry in kept])
            unit.custody.append([self._event(lease, CustodyAction.OPENED, {"items": item_range(lease.item_ids)})])
            unit.commit()
        return [(entry, extensions.get(entry.item.id, "")) for entry in kept]

    def _examine(self, lease: Lease, kept: Kept, extension: str, chamber: Chamber) -> Examination:
        if unopened := without_opening(kept.item.kind):
            return unopened
        if kept.is_erased:
            return Examination(None, notes=(ProcessingNote(NoteCode.BYTES_ERASED),))
        try:
            source = self.keeping.open(kept)
        except Unreadable as error:
            return Examination(None, notes=(unreadable_note(error),))
        try:
            luma_first = self.luma_first and lease.stage is Stage.EXAMINE
            return chamber.examine(source, name_extension=extension, luma_first=luma_first)
        finally:
            source.close()

    def _renew(self, lease: Lease) -> None:
        with self.store.writing() as unit:
            unit.jobs.renew(lease, self.settings.lease_seconds)
            unit.commit()

    def _record(self, lease: Lease, results: dict[int, Examination]) -> None:
        notes = notes_of(results)
        is_closer = lease.stage is Stage.LOOK_CLOSER
        if is_closer:
            notes += [
                (one, NoteCode.NO_CLOSER_LOOK.value, "") for one, result in results.items() if not result.raster
            ]
        decoded = sum(result.raster is not None for result in results.values())
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            unit.examinations.add(results)
            if is_closer:
                unit.examinations.measure_exactly(results)
            unit.items.add_notes(lease.stage, notes)
            unit.jobs.add([matching_again(lease)])
            details: dict[str, str | int | None] = {
                "items": item_range(lease.item_ids),
                "decoded": decoded,
                "notes": len(notes),
            }
            unit.custody.append([self._event(lease, CustodyAction.EXAMINED, details)])
            unit.commit()

    def _event(self, lease: Lease, action: CustodyAction, details: dict[str, str | int | None]) -> CustodyEvent:
        return CustodyEvent(self.clock(), self.actor, action, f"job:{lease.job_id}", lease.stage.value, details)


def without_opening(kind: ItemKind) -> Examination | None:
    """What examining gives for kinds that nothing here parses; None for pictures."""
    if kind is ItemKind.EMPTY:
        return Examination(None, notes=(ProcessingNote(NoteCode.EMPTY),))
    if kind is ItemKind.OTHER:
        return Examination(None, notes=(ProcessingNote(NoteCode.UNSUPPORTED_TYPE),))
    return None


def notes_of(results: Mapping[int, Examination]) -> list[tuple[int, str, str]]:
    """Processing notes as the store takes them."""
    return [(item_id, note.code.value, note.detail) for item_id, result in results.items() for note in result.notes]


def matching_again(lease: Lease) -> NewJob:
    """The job that answers a lease's items: of the re-match that it belongs to, else of its submission."""
    stage = Stage.REMATCH if lease.rematch_id else Stage.MATCH
    return NewJob(stage, lease.submission_id, lease.item_ids, lease.rematch_id)


def unreadable_note(error: Unreadable) -> ProcessingNote:
    """The processing note for bytes that the keeping place no longer gives."""
    code = NoteCode(error.code) if error.code in set(NoteCode) else NoteCode.SOURCE_UNREADABLE
    return ProcessingNote(code)
