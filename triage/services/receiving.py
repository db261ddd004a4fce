"""Receiving a seizure: every byte read once and digested before any parser, sealed, recorded, and put to work.

A killed run begins again where the last commit stood: what is recorded unchanged is not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hashsets.algorithms.digests import Digests
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Refused
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind, KnownDigests
from triage.domain.jobs import NewJob, Stage
from triage.domain.submissions import Delivery, Found, Submission, SubmissionState
from triage.settings import ReceiveSettings
from triage.store.items import NewItem
from triage.store.unit_of_work import Store, Unit
from triage.vault.seam import Vault, VaultWriter

from .clock import Clock
from .keeping import sealed_row
from .progress import Progress, Tell, silent
from .reading import FileReading, Read, SourceUnreadableError, read_streamed, read_together
from .settling import settle
from .walking import SourceFile, SourceFolder, SourceProblem, root_of, walk

_CONTAINERS_TOGETHER = 32
_EXAMINED_TOGETHER = 256
_BYTES_TOGETHER = 16 << 20
"""A job is about half a second's work: an urgent one waits no longer, and tiny files share what a job costs."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a run of receiving came to."""

    submission: Submission
    progress: Progress


@dataclass(slots=True)
class _Batch:
    files: list[SourceFile] = field(default_factory=list)
    folders: list[SourceFolder] = field(default_factory=list)
    problems: list[SourceProblem] = field(default_factory=list)
    bytes: int = 0


class _KnownAlready(Exception):
    """Raised through the vault's writer when the last chunk shows that these bytes are held already."""


@dataclass(frozen=True)
class Receiving:
    """Takes deliveries in. Parses nothing: it has no chamber."""

    store: Store
    vault: Vault
    settings: ReceiveSettings
    clock: Clock
    actor: str

    def receive(self, delivery: Delivery, tell: Tell = silent, *, urgent: bool = False) -> Receipt:
        """Receive all that is new at the delivery's source. Raises Refused without a lawful basis.

        An urgent submission's jobs go before all others; without it, one that is urgent already stays so.
        """
        require_stated(delivery)
        submission = self._open(delivery, urgent=urgent)
        root = root_of(delivery.source)
        progress = Progress()
        with ThreadPoolExecutor(self.settings.threads) as pool, self.vault.writer() as writer:
            for batch in self._batches(walk(delivery.source)):
                progress = self._receive_batch(submission, root, batch, pool, writer, progress)
                tell(progress)
        return Receipt(self._close(submission, progress), progress)

    def _open(self, delivery: Delivery, *, urgent: bool) -> Submission:
        now = self.clock()
        details: dict[str, str | int | None] = {
            "step": "begun",
            "in_place": int(delivery.in_place),
            "basis": delivery.basis,
        }
        if urgent:
            details["urgent"] = 1
        with self.store.writing() as unit:
            submission = unit.submissions.open(delivery, now)
            if _differs(submission.delivery, delivery):
                raise Refused(
                    "delivery-differs",
                    f"S-{submission.id} has another basis, terms, --in-place or --preserve-until: give the same.",
                )
            unit.submissions.set_state(submission.id, SubmissionState.RECEIVING, None)
            if urgent:
                unit.submissions.set_urgent(submission.id)
                unit.jobs.promote()
            unit.custody.append(
                [
                    CustodyEvent(
                        now,
                        self.actor,
                        CustodyAction.RECEIVED,
                        f"submission:{submission.id}",
                        "receive",
                        details,
                    )
                ]
            )
            unit.commit()
        return submission

    def _close(self, submission: Submission, progress: Progress) -> Submission:
        now = self.clock()
        with self.store.writing() as unit:
            unit.submissions.set_state(submission.id, SubmissionState.RECEIVED, now)
            details: dict[str, str | int | None] = {
                "step": "complete",
                "files": progress.files,
                "items_new": progress.items_new,
                "problems": progress.problems,
            }
            unit.custody.append(
                [
                    CustodyEvent(
                        now, self.actor, CustodyAction.RECEIVED, f"submission:{submission.id}", "receive", details
                    )
                ]
            )
            settle(unit, [submission.id])
            unit.commit()
        return replace(submission, state=SubmissionState.RECEIVED, received_at=now)

    def _batches(self, found: Iterable[SourceFile | SourceFolder | SourceProblem]) -> Iterator[_Batch]:
        batch = _Batch()
        for entry in found:
            if isinstance(entry, SourceProblem):
                batch.problems.append(entry)
            elif isinstance(entry, SourceFolder):
                batch.folders.append(entry)
            else:
                batch.files.append(entry)
                batch.bytes += entry.size
            entries = len(batch.files) + len(batch.folders) + len(batch.problems)
            if entries >= self.settings.batch_items or batch.bytes >= self.settings.batch_bytes:
                yield batch
                batch = _Batch()
        yield batch

    def _receive_batch(
        self,
        submission: Submission,
        root: bytes,
        batch: _Batch,
        pool: ThreadPoolExecutor,
        writer: VaultWriter,
        progress: Progress,
    ) -> Progress:
        stated = [(entry.path, entry.size, entry.mtime_ns) for entry in batch.files]
        with self.store.reading() as unit:
            there = unit.submissions.already_found(submission.id, 0, stated)
        fresh = [entry for position, entry in enumerate(batch.files) if position not in there]
        in_place = submission.delivery.in_place
        small = [entry for entry in fresh if entry.size <= self.settings.stream_above_bytes]
        large = [entry for entry in fresh if entry.size > self.settings.stream_above_bytes]
        outcomes = read_together(root, small, pool)
        if in_place:
            small, large = [*small, *large], []
            outcomes += pool.map(lambda entry: read_streamed(root, entry), small[len(outcomes) :])
        reads = [outcome for outcome in outcomes if isinstance(outcome, Read)]
        problems = list(batch.problems)
        problems += [
            SourceProblem(entry.path, outcome)
            for entry, outcome in zip(small, outcomes, strict=True)
            if isinstance(outcome, ProcessingNote)
        ]
        kept = self._keep_small(root, reads, writer, in_place=in_place)
        for entry in large:
            self._keep_large(root, entry, writer, kept, problems)
        if not in_place:
            writer.sync()
        new = self._record(submission, kept, problems, batch.folders)
        return Progress(
            files=progress.files + len(batch.files),
            items_new=progress.items_new + new,
            already_there=progress.already_there + len(there),
            bytes_read=progress.bytes_read + sum(read.size for read, _ in kept),
            problems=progress.problems + len(problems),
        )

    def _keep_small(
        self, root: bytes, reads: Sequence[Read], writer: VaultWriter, *, in_place: bool
    ) -> list[tuple[Read, NewItem]]:
        digests = [read.digests.sha256 for read in reads]
        with self.store.reading() as unit:
            held = unit.items.held_among(digests) if in_place else unit.items.sealed_among(digests)
        kept = []
        for read in reads:
            locator: dict[str, Any] | None = None
            if read.digests.sha256 not in held:
                held.add(read.digests.sha256)
                locator = _in_place_row(root, read) if in_place else sealed_row(writer.seal([read.data or b""]))
            kept.append((replace(read, data=None), _new_item(read, locator, in_place=in_place)))
        return kept

    def _keep_large(
        self,
        root: bytes,
        entry: SourceFile,
        writer: VaultWriter,
        kept: list[tuple[Read, NewItem]],
        problems: list[SourceProblem],
    ) -> None:
        reading = FileReading(root, entry)
        results: list[Read] = []

        def chunks() -> Iterator[bytes]:
            yield from reading.chunks()
            results.append(reading.result())
            if self._is_held(results[0], kept):
                raise _KnownAlready

        try:
            locator: dict[str, Any] | None = sealed_row(writer.seal(chunks()))
        except _KnownAlready:
            locator = None
        except SourceUnreadableError as error:
            problems.append(SourceProblem(entry.path, error.note))
            return
        kept.append((results[0], _new_item(results[0], locator, in_place=False)))

    def _is_held(self, read: Read, kept: Sequence[tuple[Read, NewItem]]) -> bool:
        if any(other.digests.sha256 == read.digests.sha256 for other, _ in kept):
            return True
        with self.store.reading() as unit:
            return bool(unit.items.sealed_among([read.digests.sha256]))

    def _record(
        self,
        submission: Submission,
        kept: Sequence[tuple[Read, NewItem]],
        problems: Sequence[SourceProblem],
        folders: Sequence[SourceFolder],
    ) -> int:
        """One commit: items, occurrences, notes, custody and the first jobs."""
        now = self.clock()
        with self.store.writing() as unit:
            taken = take(unit, [new for _, new in kept], now)
            ids = taken.ids
            arrived = unit.submissions.not_found_yet(submission.id, ids.values())
            unit.submissions.add_occurrences(
                submission.id,
                [
                    (ids[read.digests.sha256], Found(read.found.path, read.found.size, read.found.mtime_ns))
                    for read, _ in kept
                ],
            )
            could_be_read = [read.found.path for read, _ in kept] + [folder.path for folder in folders]
            unit.submissions.forget_source_notes(submission.id, could_be_read)
            unit.submissions.add_source_notes(submission.id, _notes(kept, problems), now)
            containers = {ids[new.digests.sha256]: new.size for _, new in kept if new.kind is ItemKind.CONTAINER}
            unit.jobs.add(
                first_jobs(
                    submission.id, taken.to_examine, {one: containers[one] for one in arrived & containers.keys()}
                )
            )
            unit.custody.append(
                taken.keeping_events(
                    lambda item_id, new, **more: self._kept_event(item_id, new, submission.id, now, **more)
                )
            )
            unit.commit()
        return len(taken.fresh)

    def _kept_event(self, item_id: int, new: NewItem, submission_id: int, now: datetime, **more: str) -> CustodyEvent:
        action = CustodyAction.SEALED if new.sealed else CustodyAction.REFERENCED
        details: dict[str, str | int | None] = {
            "submission": submission_id,
            "sha256": new.digests.sha256.hex(),
            "size": new.size,
            **more,
        }
        return CustodyEvent(now, self.actor, action, f"item:{item_id}", "receive", details)


AFTER_REFERENCE = {"before": CustodyAction.REFERENCED.value}
"""In the details of a SEALED event: the item stands in the log already, referenced in place."""


AFTER_ERASURE = {"before": CustodyAction.ERASED.value}
"""In the details of a SEALED or REFERENCED event: the item's bytes were lawfully deleted before."""

AFTER_STATEMENT = {"before": CustodyAction.STATED.value}
"""In the details of a SEALED or REFERENCED event: the item stands in the log already, and nothing of it was held."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Items of a batch, by id, that are to be recorded: made by this unit, or referenced in place only until now.

    `held_now` were known before, and nothing of them was held: they were stated, or their sender keeps no media, or
    their bytes were lawfully deleted (`returned`) and are received anew, under a basis of their own.
    `ids` are those of all of the batch by SHA-256. The place where something was referenced may be gone tomorrow, and
    a delivery that is sealed is to be kept.
    """

    ids: Mapping[bytes, int]
    fresh: Mapping[int, NewItem]
    sealed_now: Mapping[int, NewItem]
    held_now: Mapping[int, NewItem]
    returned: frozenset[int] = frozenset()

    @property
    def to_examine(self) -> Mapping[int, NewItem]:
        """Items of which nothing was held before this unit."""
        return {**self.fresh, **self.held_now}

    def keeping_events(self, make: Callable[..., CustodyEvent]) -> list[CustodyEvent]:
        """The records of what is held by this unit's doing; `make` is given item id, new item and further details."""
        later = ((self.sealed_now, AFTER_REFERENCE), (self.held_now, AFTER_STATEMENT))
        return [make(item_id, new) for item_id, new in self.fresh.items()] + [
            make(item_id, new, **(AFTER_ERASURE if item_id in self.returned else before))
            for items, before in later
            for item_id, new in items.items()
        ]


def take(unit: Unit, found: Sequence[NewItem], now: datetime) -> Taken:
    """Write a batch's items; those without a locator are held already.

    When another process brings the same bytes at this moment, one of the two records them; the other's sealed bytes
    are never pointed to.
    """
    located = [new for new in found if new.sealed or new.in_place]
    added = unit.items.add(located, now)
    held = [new for new in found if new.digests.sha256 not in added.ids]
    ids = {**added.ids, **unit.items.ids_by_sha256([new.digests.sha256 for new in held])}
    unit.items.met_at(
        {ids[new.digests.sha256]: new.depth for new in found if ids[new.digests.sha256] not in added.fresh}
    )
    of_id = {ids[new.digests.sha256]: new for new in located}
    fresh, sealed_now, held_now = (
        {item_id: new for item_id, new in of_id.items() if item_id in which}
        for which in (added.fresh, added.sealed_now, added.held_now)
    )
    returned = unit.erasures.among(held_now)
    if held_now:
        come_true(unit, held_now)
        unit.erasures.return_(returned, now)
        unit.items.forget_notes(Stage.EXAMINE, NoteCode.BYTES_ERASED.value, sorted(returned))
    return Taken(ids, fresh, sealed_now, held_now, frozenset(returned))


def come_true(unit: Unit, held_now: Mapping[int, NewItem]) -> None:
    """Items that were told only, or whose bytes were dropped or deleted, are held now: what was measured counts."""
    lied = [
        (before.id, NoteCode.DIGESTS_DISAGREE.value, "")
        for before in unit.items.many(sorted(held_now))
        if not before.digests.agrees(measured(held_now[before.id].digests))
    ]
    unit.items.add_notes(Stage.EXAMINE, lied)
    unit.items.complete(held_now)
    unit.submissions.mark_unlinked(sorted(held_now))


def measured(digests: Digests) -> KnownDigests:
    """Measured digests as those of an item."""
    return KnownDigests(digests.md5, digests.sha1, digests.sha256)


def first_jobs(submission_id: int, fresh: Mapping[int, NewItem], containers: Mapping[int, int]) -> list[NewJob]:
    """What a submission owes for what it brought: `fresh` items are new altogether and examined.

    `containers` (item id → size) are new to this submission and expanded, even when another has expanded them before:
    members are occurrences, and each submission has its own. Small ones share a job: a folder of thousands of
    compressed pages costs its pages, not thousands of commits.
    """
    rest = {item_id: new.size for item_id, new in fresh.items() if new.kind is not ItemKind.CONTAINER}
    return [
        *(NewJob(Stage.EXPAND, submission_id, group) for group in _groups(containers, _CONTAINERS_TOGETHER)),
        *(NewJob(Stage.EXAMINE, submission_id, group) for group in _groups(rest, _EXAMINED_TOGETHER)),
    ]


def _groups(sizes: Mapping[int, int], most: int) -> Iterator[tuple[int, ...]]:
    """Items (id → bytes) in order of their ids, as many to a group as stay under both bounds."""
    group: list[int] = []
    weight = 0
    for item_id in sorted(sizes):
        if group and (len(group) >= most or weight + sizes[item_id] > _BYTES_TOGETHER):
            yield tuple(group)
            group, weight = [], 0
        group.append(item_id)
        weight += sizes[item_id]
    if group:
        yield tuple(group)


def _differs(begun: Delivery, again: Delivery) -> bool:
    """Whether a repeated delivery states something else; leaving the day of deletion out states nothing."""
    day = again.preserve_until or begun.preserve_until
    terms = (begun.may_share_with, begun.handling) != (again.may_share_with, again.handling)
    return terms or (begun.in_place, begun.basis, begun.preserve_until) != (again.in_place, again.basis, day)


def require_stated(delivery: Delivery) -> None:
    """Raise Refused `basis-missing`, `reference-missing` where a delivery does not say what it must."""
    if not delivery.basis.strip():
        raise Refused("basis-missing", "State the lawful basis under which this is received.")
    if not delivery.case_ref.strip() or not delivery.exhibit_ref.strip():
        raise Refused("reference-missing", "Give a case and an exhibit reference.")


def _new_item(read: Read, locator: dict[str, Any] | None, *, in_place: bool) -> NewItem:
    return NewItem(
        digests=read.digests,
        size=read.size,
        kind=read.kind,
        depth=0,
        sealed=None if in_place else locator,
        in_place=locator if in_place else None,
    )


def _in_place_row(root: bytes, read: Read) -> dict[str, Any]:
    return {"root": root, "path": read.found.path, "size": read.found.size, "mtime_ns": read.found.mtime_ns}


def _notes(
    kept: Sequence[tuple[Read, NewItem]], problems: Sequence[SourceProblem]
) -> list[tuple[bytes, ProcessingNote]]:
    changed = [(read.found.path, ProcessingNote(NoteCode.SOURCE_CHANGED)) for read, _ in kept if read.changed]
    return changed + [(problem.path, problem.note) for problem in problems]
