"""What came over the network for a submission that is open: items, places, first jobs and records, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.items import ItemKind
from triage.domain.submissions import Found
from triage.store.items import NewItem
from triage.store.pushes import HeldItem
from triage.store.unit_of_work import Unit

from .taking_items import AFTER_REFERENCE, first_jobs, take


def record_found(
    unit: Unit, submission_id: int, found: Sequence[tuple[NewItem, Found]], now: datetime, actor: str, purpose: str
) -> None:
    """Write items that are sealed or held already, where they were found, and what they owe. The caller commits."""
    taken = take(unit, [new for new, _ in found], now)
    containers = {taken.ids[new.digests.sha256]: new.size for new, _ in found if new.kind is ItemKind.CONTAINER}
    arrived = unit.submissions.not_found_yet(submission_id, containers)
    unit.submissions.add_occurrences(submission_id, [(taken.ids[new.digests.sha256], place) for new, place in found])
    unit.jobs.add(first_jobs(submission_id, taken.fresh, {one: containers[one] for one in arrived}))
    sealed: list[tuple[int, NewItem, Mapping[str, str]]] = [
        (item_id, new, {}) for item_id, new in taken.fresh.items()
    ]
    sealed += [(item_id, new, AFTER_REFERENCE) for item_id, new in taken.sealed_now.items()]
    unit.custody.append(
        [_sealed(item_id, new, submission_id, now, actor, purpose, more) for item_id, new, more in sealed]
    )


def record_held(unit: Unit, submission_id: int, held: Sequence[tuple[HeldItem, Found]]) -> None:
    """Write more places of items that are here and sealed. A container new to the submission is expanded for it."""
    containers = {one.id: one.size for one, _ in held if one.kind is ItemKind.CONTAINER}
    arrived = unit.submissions.not_found_yet(submission_id, containers)
    unit.submissions.add_occurrences(submission_id, [(one.id, place) for one, place in held])
    unit.jobs.add(first_jobs(submission_id, {}, {one: containers[one] for one in arrived}))


def _sealed(
    item_id: int,
    new: NewItem,
    submission_id: int,
    now: datetime,
    actor: str,
    purpose: str,
    more: Mapping[str, str],
) -> CustodyEvent:
    details: dict[str, str | int | None] = {
        "submission": submission_id,
        "sha256": new.digests.sha256.hex(),
        "size": new.size,
        **more,
    }
    return CustodyEvent(now, actor, CustodyAction.SEALED, f"item:{item_id}", purpose, details)
