"""Choosing the next look of a referral, and saying what facts are enough for. Shows nothing, and opens no evidence.

The rule is `domain/look_plan.py`. Whoever follows it asks for the look as for any, and may be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from triage.domain.categories import Scheme
from triage.domain.legal_gate import Gate
from triage.domain.look_plan import (
    LookRules,
    NextLook,
    Remaining,
    cameras_of,
    in_order,
    level_of,
    next_in,
    remaining,
)
from triage.domain.review_rules import ReviewRules
from triage.store.look_plans import Asking, Group
from triage.store.unit_of_work import Unit

RECENT = timedelta(days=30)
_AHEAD = timedelta(days=1)  # cameras' clocks state no zone


@dataclass(frozen=True, slots=True)
class LookPlan:
    """The next look, if one is due, with its legal gate; what is left; by which rules."""

    next: NextLook | None
    gate: Gate | None
    left: Remaining
    rules: LookRules


def look_plan(unit: Unit, referral_id: int, rules: ReviewRules, scheme: Scheme, now: datetime) -> LookPlan:
    """Plan the looks of a referral as it stands now; `scheme` is the one that the rules name."""
    unlawful = tuple(one.code for one in scheme.categories if one.rank > 0)
    local = now.astimezone(UTC).replace(tzinfo=None)
    asking = Asking(referral_id, rules.scheme, unlawful, local - RECENT, local + _AHEAD)
    groups = unit.look_plans.groups(asking)
    found = _next(unit, asking, groups, rules.looks)
    gate = None
    if found is not None:
        gate = unit.gates.of_item(found.item_id, unit.claims.submissions_of(referral_id), now)
    return LookPlan(found, gate, remaining([one.outline for one in groups], rules.looks), rules.looks)


def _next(unit: Unit, asking: Asking, groups: list[Group], rules: LookRules) -> NextLook | None:
    by_key = {one.outline.key: one for one in groups}
    outlines = [one.outline for one in groups]
    ordered = in_order(outlines, rules)
    if not ordered:
        return None
    first = ordered[0]
    level = level_of(first, cameras_of(outlines))
    return next_in(first, unit.look_plans.stacks(asking, by_key[first.key]), level, rules)
