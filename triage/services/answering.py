"""Writing answers, for each stage that matches: what is new, what has ended, what that closes and what it reopens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.items import CLOSED_UNSEEN, Outcome
from triage.domain.jobs import Lease, NewJob, Stage, item_range
from triage.domain.matches import Answer, Match
from triage.domain.rematches import ItemChange, match_changes
from triage.store.rows import sliced
from triage.store.unit_of_work import Unit

CLOSER_BATCH = 64
"""Items in a job that decodes."""

Details = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the library in one state, `releases`, and a version of the policy say of some items.

    Of those in `owed` it says nothing yet: they are owed a closer look.
    """

    policy: str
    releases: str
    matches: Mapping[int, Sequence[Match]]
    answers: Mapping[int, Answer]
    owed: tuple[int, ...] = ()

    def closer_looks(self, lease: Lease) -> list[NewJob]:
        """The jobs for what is owed, of the same submission or re-match."""
        return [
            NewJob(Stage.LOOK_CLOSER, lease.submission_id, tuple(part), lease.rematch_id)
            for part in sliced(self.owed, CLOSER_BATCH)
        ]


def write_answers(unit: Unit, answers: Answers, now: datetime) -> list[ItemChange]:
    """Make these the answers of their items, and say what changed. Matches that are no longer found end, and stay.

    The items are held until the unit ends: of two stages that answer one item the second sees what the first wrote.
    """
    comparison_id = unit.matches.comparison(answers.policy, answers.releases)
    before = unit.items.hold(sorted(answers.answers))
    standing = unit.matches.standing(sorted(before))
    found = {one: match_changes(standing.get(one, ()), answers.matches[one]) for one in before}
    unit.matches.end([ended for change in found.values() for ended in change.ended], comparison_id, now)
    unit.matches.add([match for change in found.values() for match in change.added], comparison_id, now)
    given = {one: answers.answers[one] for one in before}
    unit.items.set_outcomes(given, comparison_id)
    changes = [
        ItemChange(one, before[one], answer.outcome, found[one].new, found[one].retracted)
        for one, answer in given.items()
        if before[one] is not answer.outcome or found[one].new or found[one].retracted or found[one].restated
    ]
    _link_anew(unit, changes)
    return changes


def _link_anew(unit: Unit, changes: Sequence[ItemChange]) -> None:
    """Known-good items link nothing: one that becomes one, or is one no longer, goes through linking again."""
    unit.submissions.mark_unlinked(
        [
            change.item_id
            for change in changes
            if change.before not in {change.after, Outcome.PENDING}
            and Outcome.KNOWN_GOOD in {change.before, change.after}
        ]
    )


def events_of(
    lease: Lease, answers: Answers, changes: Sequence[ItemChange], now: datetime, actor: str
) -> list[CustodyEvent]:
    """The record of a batch: what was asked, and which items that closed, reopened, or took a match from."""

    def event(action: CustodyAction, details: Details) -> CustodyEvent:
        return CustodyEvent(now, actor, action, f"job:{lease.job_id}", lease.stage.value, details)

    asked: dict[str, str | int | None] = {
        "items": item_range(lease.item_ids),
        "releases": answers.releases,
        "policy": answers.policy,
    }
    if answers.owed:
        asked["closer"] = item_range(answers.owed)
    retracted = [change for change in changes if change.retracted]
    events = [event(CustodyAction.MATCHED, asked)]
    for (because, rule), ids in _closed(changes, answers).items():
        events.append(event(CustodyAction.CLOSED, {"items": item_range(ids), "because": because, "rule": rule}))
    for outcome, reopened in _reopened(changes).items():
        events.append(event(CustodyAction.REOPENED, {"items": item_range(reopened), "was": outcome.value}))
    if retracted:
        items = item_range(tuple(change.item_id for change in retracted))
        count = sum(change.retracted for change in retracted)
        events.append(event(CustodyAction.RETRACTED, {"items": items, "matches": count}))
    return events


def _closed(changes: Sequence[ItemChange], answers: Answers) -> dict[tuple[str, str], tuple[int, ...]]:
    """Items that closed now, by why nobody needs to look, and the policy's rule."""
    ids: dict[tuple[str, str], tuple[int, ...]] = {}
    for change in changes:
        answer = answers.answers[change.item_id]
        if change.before is not change.after and answer.closed_because:
            key = answer.closed_because, answer.because
            ids[key] = (*ids.get(key, ()), change.item_id)
    return dict(sorted(ids.items()))


def _reopened(changes: Sequence[ItemChange]) -> dict[Outcome, tuple[int, ...]]:
    """Items that were closed and are no longer, by what they were."""
    ids: dict[Outcome, tuple[int, ...]] = {}
    for change in changes:
        if change.before in CLOSED_UNSEEN and change.after not in CLOSED_UNSEEN:
            ids[change.before] = (*ids.get(change.before, ()), change.item_id)
    return dict(sorted(ids.items()))
