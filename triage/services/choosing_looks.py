"""Choosing the next look of a referral, and saying what facts are enough for. Shows nothing, and opens no evidence.

The rule is `domain/look_plan.py`. Whoever follows it asks for the look as for any, and may be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from triage.domain.categories import Scheme
from triage.domain.group_proposals import GroupProposal, group_proposals
from triage.domain.legal_gate import Gate
from triage.domain.look_plan import (
    LookRules,
    NextLook,
    Remaining,
    cameras_of,
    in_order,
    level_of,
    looks_due,
    next_in,
    remaining,
)
from triage.domain.review_rules import ReviewRules
from triage.store.look_plans import Asking, Group
from triage.store.unit_of_work import Unit

from .remembering_groups import GroupMemory

RECENT = timedelta(days=30)
_AHEAD = timedelta(days=2)  # the end of tomorrow: cameras' clocks state no zone
LISTED = 20
"""Groups on facts that are named at a time, the largest."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """The next look, if one is due, with its legal gate; what is left; what can be decided at once on facts."""

    next: NextLook | None
    gate: Gate | None
    left: Remaining
    on_facts: list[GroupProposal]
    rules: LookRules


def look_plan(
    unit: Unit, referral_id: int, rules: ReviewRules, scheme: Scheme, now: datetime, memory: GroupMemory
) -> LookPlan:
    """Plan the looks of a referral as it stands now; `scheme` is the one that the rules name."""
    asking = _asking(referral_id, rules, scheme, now)
    groups = memory.groups(unit, asking, now)
    found = _next(unit, asking, groups, rules.looks)
    gate = None
    if found is not None:
        gate = unit.gates.of_item(found.item_id, unit.claims.submissions_of(referral_id), now)
    left = remaining([one.outline for one in groups], rules.looks)
    on_facts = _on_facts(unit, asking, _enough(groups, rules.looks)[:LISTED])
    return LookPlan(found, gate, left, on_facts, rules.looks)


def decidable(
    unit: Unit,
    referral_id: int,
    centre: int,
    rules: ReviewRules,
    scheme: Scheme,
    now: datetime,
    memory: GroupMemory,
) -> list[tuple[GroupProposal, list[int]]]:
    """What is proposed on facts for the group of this centre, with the items that it would decide."""
    asking = _asking(referral_id, rules, scheme, now)
    groups = [one for one in _enough(memory.groups(unit, asking, now), rules.looks) if centre in one.centres]
    return [(one, unit.look_plans.open_items(asking, one.centres)) for one in _on_facts(unit, asking, groups)]


def _asking(referral_id: int, rules: ReviewRules, scheme: Scheme, now: datetime) -> Asking:
    unlawful = tuple(one.code for one in scheme.categories if one.rank > 0)
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return Asking(referral_id, rules.scheme, unlawful, today - RECENT, today + _AHEAD)


def _enough(groups: list[Group], rules: LookRules) -> list[Group]:
    """Groups that somebody looked into and that need no further look, with something left: the largest first."""
    cameras = cameras_of([one.outline for one in groups])
    enough = [
        one
        for one in groups
        if one.outline.open_items
        and one.outline.looks
        and not looks_due(one.outline, level_of(one.outline, cameras), rules)
    ]
    return sorted(enough, key=lambda one: -one.outline.open_items)


def _on_facts(unit: Unit, asking: Asking, groups: list[Group]) -> list[GroupProposal]:
    if not groups:
        return []
    centres = [centre for one in groups for centre in one.centres]
    stacks, said = unit.look_plans.stacks_of(asking, centres), unit.look_plans.looked(asking, centres)
    found = [made for one in groups for made in group_proposals(one.outline, stacks[one.outline.key], said)]
    return sorted(found, key=lambda one: -one.items)


def _next(unit: Unit, asking: Asking, groups: list[Group], rules: LookRules) -> NextLook | None:
    by_key = {one.outline.key: one for one in groups}
    outlines = [one.outline for one in groups]
    ordered = in_order(outlines, rules)
    if not ordered:
        return None
    first = ordered[0]
    level = level_of(first, cameras_of(outlines))
    return next_in(first, unit.look_plans.stacks(asking, by_key[first.key]), level, rules)
