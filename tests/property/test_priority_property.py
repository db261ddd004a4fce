"""Priority holds its promises for any counts, with the rules that are shipped."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.priority import Assessment, Axis, ReferralFacts, assess, parse_rules
from triage.domain.referral_facts import NUMBER_FACTS

SHIPPED = Path(__file__).parents[2] / "config/priority.toml"
RULES = parse_rules(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
LOWERING_FACTS = {condition.fact for rule in RULES.rules if rule.lowers for condition in rule.when} | {"items"}
COUNTS = sorted(NUMBER_FACTS - {"reporter_escalated"})
FACTS = st.builds(
    ReferralFacts,
    **{name: st.integers(0, 3) | st.integers(0, 2_000_000_000) for name in COUNTS},
    reporter_escalated=st.booleans(),
    incident_types=st.sets(st.sampled_from(["enticement", "other"])).map(tuple),
    earliest_expiry=st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)) | st.dates(),
)


def levels(found: Assessment) -> dict[Axis, int]:
    return {
        Axis.DANGER: found.danger,
        Axis.CLOCK: found.clock,
        Axis.SOLVABILITY: found.solvability,
        Axis.NETWORK: found.network,
    }


@given(FACTS)
def test_any_facts_give_levels_reasons_and_a_place(facts: ReferralFacts) -> None:
    """Levels 0 to 3, at least one reason, the same answer twice, and a key of fixed form."""
    found = assess(facts, RULES, NOW)
    assert found == assess(facts, RULES, NOW)
    assert all(0 <= level <= 3 for level in levels(found).values())
    assert found.reasons
    assert [len(part) for part in found.sort_key.split("-")] == [4, 7, 9, 9]


@given(FACTS)
def test_every_level_above_zero_is_explained(facts: ReferralFacts) -> None:
    """An axis that stands has a raising reason at least as high; one that does not has none."""
    found = assess(facts, RULES, NOW)
    for axis, level in levels(found).items():
        raised = [reason.level for reason in found.reasons if reason.axis is axis and not reason.lowers]
        assert max(raised, default=0) >= level
        assert (level == 0) == (not any(raised))


@given(FACTS, st.sampled_from([name for name in COUNTS if name not in LOWERING_FACTS]), st.integers(1, 5000))
def test_more_of_a_fact_that_only_raises_never_lowers_danger_or_solvability(
    facts: ReferralFacts, name: str, more: int
) -> None:
    """Finding more never moves a referral down on these axes."""
    before = assess(facts, RULES, NOW)
    after = assess(replace(facts, **{name: getattr(facts, name) + more}), RULES, NOW)
    assert after.danger >= before.danger
    assert after.solvability >= before.solvability


@given(FACTS)
def test_marks_of_the_reporter_never_lower_below_a_firm_rule(facts: ReferralFacts) -> None:
    """However much is marked as old, viral or generated."""
    marked = replace(
        facts,
        widely_reported=facts.items,
        marked_meme=facts.items,
        marked_generated=facts.items,
        known_victims_identified=facts.items,
    )
    found = assess(marked, RULES, NOW)
    held = {reason.rule for reason in found.reasons}
    firm = [rule.level for rule in RULES.rules if rule.firm and rule.axis is Axis.DANGER and rule.name in held]
    assert found.danger >= max(firm, default=0)


@given(FACTS, FACTS)
def test_the_key_orders_as_the_documented_comparison_does(one: ReferralFacts, other: ReferralFacts) -> None:
    """Text order equals the order of levels, expiry and unmatched items."""

    def place(facts: ReferralFacts) -> tuple[int, ...]:
        found = assess(facts, RULES, NOW)
        expiry = (facts.earliest_expiry or date.max).toordinal() + (facts.earliest_expiry is None)
        counts = (facts.unknown_with_camera_traces, facts.unknown)
        axes = (found.danger, found.clock, found.solvability, found.network)
        return (*(-level for level in axes), expiry, *(-min(count, 999_999_999) for count in counts))

    keys = [assess(facts, RULES, NOW).sort_key for facts in (one, other)]
    assert (keys[0] < keys[1]) == (place(one) < place(other))


def test_every_count_of_the_facts_is_tried() -> None:
    """The strategy above covers every field but the two that are words or dates, and categories."""
    assert {fact.name for fact in fields(ReferralFacts)} - set(COUNTS) == {
        "reporter_escalated",
        "incident_types",
        "known_categories",
        "earliest_expiry",
    }
