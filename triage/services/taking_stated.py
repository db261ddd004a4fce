"""Taking items of which a sender tells digests, perhaps fingerprints, and hands in nothing.

Whoever tells something can err or lie. So a stated item goes by the strongest digest that was told of it; what was
told beside that is said of it only while nobody tells otherwise; and of bytes that we hold nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hashsets.vocabulary import Digest, Fingerprint
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.findings import NoteCode
from triage.domain.items import Item, ItemKind, KnownDigests, Outcome, told_digests
from triage.domain.jobs import NewJob, Stage
from triage.store.rows import sliced
from triage.store.unit_of_work import Unit

_MATCHED_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class StatedItem:
    """What a sender tells of one file. `size` in bytes, None where it is not told."""

    digests: tuple[Digest, ...]
    fingerprints: tuple[Fingerprint, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class TakenStated:
    """Items in the order of what was told; None where no digest names one (none told, or the empty file's).

    `fresh` are those that this unit made, `jobs` and `events` what the caller writes in the same commit.
    """

    item_ids: tuple[int | None, ...]
    fresh: frozenset[int]
    jobs: tuple[NewJob, ...]
    events: tuple[CustodyEvent, ...]


def take_stated(
    unit: Unit, submission_id: int, stated: Sequence[StatedItem], now: datetime, actor: str
) -> TakenStated:
    """Write what was told. Occurrences, jobs, custody and settling are the caller's, in the same unit."""
    return take_stated_of(unit, [(submission_id, one) for one in stated], now, actor)


def take_stated_of(unit: Unit, told_of: Sequence[tuple[int, StatedItem]], now: datetime, actor: str) -> TakenStated:
    """As `take_stated`, for several submissions at once: each item is matched and recorded for the first of them."""
    stated = [entry for _, entry in told_of]
    told = [told_digests(one.digests) for one in stated]
    named = [one for one in told if one.name]
    ids = unit.stated.named(named)
    sizes = {one.named: entry.size for one, entry in zip(told, stated, strict=True) if one.name and one not in ids}
    made = unit.stated.add(sizes, now)
    ids |= {one: made[one.named] for one in named if one.named in made}
    ids |= unit.stated.named([one for one in named if one not in ids])  # which another unit has just made
    fresh = {item_id: _made(item_id, one, sizes[one]) for one, item_id in made.items()}
    lied, changed = _tell(unit, told, stated, ids, fresh)
    changed |= _tell_fingerprints(unit, told_of, [ids.get(one) for one in told])
    unit.items.add_notes(Stage.MATCH, [(one, NoteCode.DIGESTS_DISAGREE.value, "") for one in sorted(lied)])
    first: dict[int, int] = {}
    for one, (submission_id, _) in zip(told, told_of, strict=True):
        if one in ids:
            first.setdefault(ids[one], submission_id)
    owed: dict[int, list[int]] = {}
    for item_id in sorted(fresh.keys() | changed):
        owed.setdefault(first[item_id], []).append(item_id)
    jobs = tuple(
        NewJob(Stage.MATCH, submission_id, tuple(part))
        for submission_id, items in owed.items()
        for part in sliced(items, _MATCHED_TOGETHER)
    )
    events = tuple(_event(fresh[one], first[one], now, actor) for one in sorted(fresh))
    return TakenStated(tuple(ids.get(one) for one in told), frozenset(fresh), jobs, events)


def _made(item_id: int, name: KnownDigests, size: int | None) -> Item:
    """A stated item as this unit wrote it."""
    return Item(item_id, name, size, ItemKind.STATED, 0, Outcome.PENDING)


def _tell_fingerprints(
    unit: Unit, told_of: Sequence[tuple[int, StatedItem]], item_ids: Sequence[int | None]
) -> set[int]:
    """Write fingerprints that were told of what is still only told of; the items that they change."""
    named = {one for one, (_, entry) in zip(item_ids, told_of, strict=True) if one and entry.fingerprints}
    if not named:
        return set()
    still_stated = {one.id for one in unit.items.many(sorted(named)) if one.is_stated}
    grouped: dict[int, dict[int, list[Fingerprint]]] = {}
    for item_id, (submission_id, entry) in zip(item_ids, told_of, strict=True):
        if item_id in still_stated:
            exact = [each for each in entry.fingerprints if not each.profile.is_estimate]
            grouped.setdefault(submission_id, {}).setdefault(item_id, []).extend(exact)
    changed: set[int] = set()
    for submission_id, of_items in grouped.items():
        changed |= unit.stated.add_fingerprints(submission_id, of_items)
    return changed


def _tell(
    unit: Unit,
    told: Sequence[KnownDigests],
    stated: Sequence[StatedItem],
    ids: Mapping[KnownDigests, int],
    fresh: Mapping[int, Item],
) -> tuple[set[int], set[int]]:
    """Lay what is told beside what is known; the items of which it disagrees, and stated ones that it changed.

    Of a stated item that two senders tell differently only its name counts from then on: the result is the same
    in whatever order they tell.
    """
    before = sorted(set(ids.values()) - fresh.keys())
    items = {**fresh, **{item.id: item for item in unit.items.many(before)}}
    disputed = unit.items.noted(before, NoteCode.DIGESTS_DISAGREE)
    lied: set[int] = set()
    after: dict[int, tuple[KnownDigests, int | None]] = {one.id: (one.digests, one.size) for one in items.values()}
    for one, entry in zip(told, stated, strict=True):
        if one not in ids:
            continue
        item_id = ids[one]
        known, size = after[item_id]
        if not known.agrees(one):
            lied.add(item_id)
        if items[item_id].is_stated:
            loose = item_id in lied | disputed
            after[item_id] = (known.named if loose else known.joined(one)), _size(size, entry.size)
    changed = {one.id for one in items.values() if one.is_stated and after[one.id] != (one.digests, one.size)}
    for item_id in sorted(changed):
        unit.stated.tell(item_id, *after[item_id])
    return lied, changed


def _size(known: int | None, told: int | None) -> int | None:
    """The larger of two: the same in whatever order they are told."""
    return max(known or 0, told or 0) or None


def _event(item: Item, submission_id: int, now: datetime, actor: str) -> CustodyEvent:
    name = item.digests.name
    assert name
    details: dict[str, str | int | None] = {"submission": submission_id, name.algorithm.value: name.value.hex()}
    return CustodyEvent(now, actor, CustodyAction.STATED, f"item:{item.id}", "receive", details)
