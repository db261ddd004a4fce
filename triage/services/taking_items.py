"""Taking items: a batch of what arrived becomes rows, once for the same bytes, and the first jobs are owed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hashsets.algorithms.digests import Digests
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.findings import NoteCode
from triage.domain.items import ItemKind, KnownDigests
from triage.domain.jobs import NewJob, Stage
from triage.store.items import NewItem
from triage.store.unit_of_work import Unit

_CONTAINERS_TOGETHER = 32
_EXAMINED_TOGETHER = 256
_BYTES_TOGETHER = 16 << 20
"""A job is about half a second's work: an urgent one waits no longer, and tiny files share what a job costs."""

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
