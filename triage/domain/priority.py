"""How urgent a referral is, from counted facts alone: nobody looks at a picture to put it in order.

Three ordinal axes and a clock, each 0 to 3, never added up: a sum would let many small facts outweigh one child.
Model: the triage tool built with the Australian Federal Police (Mount, Mazerolle, Zahnow & James 2021,
doi:10.1108/PIJPSM-02-2021-0020), in which threat to a child, solvability and criticality decided.
The rules are data (`config/priority.toml`, explained in docs/priority.md); this file only applies them.

- Danger: may a child be in danger now?
- Clock: how soon may evidence be gone?
- Solvability: is there something to find a person by?
- Network: how many others hang on it?

The queue is ordered by danger, then clock, solvability, network; then the earlier expiry; then more unmatched
items with traces of their camera; then more unmatched items. `Assessment.sort_key` holds this order as text.
Nothing is ever closed by a rule: the lowest answer is the end of the queue, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from .priority_rules import Axis, Condition, PriorityRule, PriorityRules, parse_rules
from .referral_facts import ReferralFacts, number

__all__ = [
    "NOTHING_RAISES",
    "Assessment",
    "Axis",
    "PriorityRules",
    "Reason",
    "ReferralFacts",
    "assess",
    "parse_rules",
]

_LAST = 999_999_999


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that held. `level` is what a raising rule gives; for a lowering rule, where its axis came to rest."""

    axis: Axis
    level: int
    rule: str
    sentence: str
    lowers: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """Levels 0 to 3, at least one reason, and the edition of the rules that gave them.

    `sort_key` is text of fixed length in digits: ascending order is the queue's order in any collation. It is total
    over assessments; between equal ones the queue takes the referral opened first, then the lower id.
    The clock's level moves with the days, so open referrals with an expiry are assessed again daily.
    """

    danger: int
    solvability: int
    network: int
    clock: int
    reasons: tuple[Reason, ...]
    sort_key: str
    edition: str


NOTHING_RAISES = "nothing-raises"
"""Name of the reason that stands when no rule holds."""


def assess(facts: ReferralFacts, rules: PriorityRules, now: datetime) -> Assessment:
    """Apply the rules. `now` must carry an offset; raises ValueError when it does not."""
    if now.utcoffset() is None:
        raise ValueError("now needs an offset")
    today = now.astimezone(UTC).date()
    holding = tuple((rule, count) for rule in rules.rules if (count := _holds(rule, facts, today)) is not None)
    levels = {axis: _level(axis, tuple(rule for rule, _ in holding)) for axis in Axis}
    reasons = tuple(_reasons(holding, levels)) or (_nothing_raises(facts, rules),)
    return Assessment(
        danger=levels[Axis.DANGER],
        solvability=levels[Axis.SOLVABILITY],
        network=levels[Axis.NETWORK],
        clock=levels[Axis.CLOCK],
        reasons=reasons,
        sort_key=_sort_key(levels, facts),
        edition=rules.edition,
    )


def _level(axis: Axis, holding: tuple[PriorityRule, ...]) -> int:
    """The highest raise, less the largest lowering; never under a firm rule's level nor, once raised, under 1.

    Signs for lowering overlap (what is widely reported is often a meme), so the largest counts and not their sum.
    """
    raises = [rule for rule in holding if rule.axis is axis and not rule.lowers]
    if not raises:
        return 0
    highest = max(rule.level for rule in raises)
    lowered = highest - max((rule.level for rule in holding if rule.axis is axis and rule.lowers), default=0)
    return max(lowered, *(rule.level if rule.firm else 1 for rule in raises))


def _holds(rule: PriorityRule, facts: ReferralFacts, today: date) -> int | None:
    """The number of the rule's first condition when every condition holds, else None."""
    if not all(_is_met(condition, facts, today) for condition in rule.when):
        return None
    first = rule.when[0]
    return number(facts, first.fact, today, first.any_of)


def _is_met(condition: Condition, facts: ReferralFacts, today: date) -> bool:
    value = number(facts, condition.fact, today, condition.any_of)
    if value is None:
        return False
    if condition.at_least is not None and value < condition.at_least:
        return False
    if condition.at_most is not None and value > condition.at_most:
        return False
    if condition.percent_of is None or condition.percent_at_least is None:
        return True
    whole = number(facts, condition.percent_of, today) or 0
    return whole > 0 and 100 * value >= condition.percent_at_least * whole


def _reasons(holding: tuple[tuple[PriorityRule, int], ...], levels: Mapping[Axis, int]) -> Iterator[Reason]:
    """By axis in queue order, raising before lowering, highest first, then in the order of the file; none covered."""
    covered = {name for rule, _ in holding for name in rule.covers}
    for axis in Axis:
        of_axis = [(rule, count) for rule, count in holding if rule.axis is axis and rule.name not in covered]
        for rule, count in sorted(of_axis, key=lambda one: (one[0].lowers, -one[0].level)):
            level = levels[axis] if rule.lowers else rule.level
            yield Reason(axis, level, rule.name, rule.sentence_for(count), rule.lowers)


def _nothing_raises(facts: ReferralFacts, rules: PriorityRules) -> Reason:
    sentence = rules.otherwise.format(count=f"{facts.items:,}")
    return Reason(Axis.DANGER, 0, NOTHING_RAISES, sentence)


def _sort_key(levels: Mapping[Axis, int], facts: ReferralFacts) -> str:
    """Four inverted levels, the expiry's day number, two inverted counts: `0123-9999999-999999998-999999990`."""
    expiry = 9_999_999 if facts.earliest_expiry is None else facts.earliest_expiry.toordinal()
    inverted = "".join(str(3 - levels[axis]) for axis in Axis)
    counts = (facts.unknown_with_camera_traces, facts.unknown)
    return "-".join((inverted, f"{expiry:07d}", *(f"{_LAST - min(count, _LAST):09d}" for count in counts)))
