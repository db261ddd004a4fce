"""Priority from counted facts: what raises, what lowers, what is never closed, and who comes first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from triage.domain.priority import (
    NOTHING_RAISES,
    Assessment,
    Axis,
    PriorityRules,
    Reason,
    ReferralFacts,
    assess,
    parse_rules,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def rule(name: str = "a", axis: str = "danger", **changes: Any) -> dict[str, Any]:
    """A raising rule on `unknown` that a test changes; None takes a key away."""
    values = {
        "name": name,
        "axis": axis,
        "raises_to": 2,
        "when": [{"fact": "unknown", "at_least": 1}],
        "sentence": "{count} unmatched",
        "source": "test",
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


def lowering(name: str = "less", by: int = 1, **changes: Any) -> dict[str, Any]:
    return rule(name, raises_to=None, lowers_by=by, **changes)


def rules(*given: dict[str, Any]) -> PriorityRules:
    return parse_rules({"otherwise": "Nothing raises these {count} items", "rule": list(given)})


def assessed(facts: ReferralFacts, *given: dict[str, Any]) -> Assessment:
    return assess(facts, rules(*given), NOW)


def test_a_rule_that_holds_gives_its_level_and_its_sentence() -> None:
    """The reason names axis, level and rule, and speaks with the number."""
    found = assessed(ReferralFacts(items=1200, unknown=1200), rule())
    assert (found.danger, found.clock, found.solvability, found.network) == (2, 0, 0, 0)
    assert found.reasons == (Reason(Axis.DANGER, 2, "a", "1,200 unmatched"),)


def test_an_axis_takes_the_highest_level_and_levels_never_add_up() -> None:
    """Ordinal: three small reasons do not outweigh a large one."""
    found = assessed(ReferralFacts(unknown=1), rule("a", raises_to=1), rule("b"), rule("c", raises_to=1))
    assert found.danger == 2
    assert [reason.rule for reason in found.reasons] == ["b", "a", "c"]


def test_every_condition_must_hold_and_the_first_one_counts() -> None:
    """Two facts together say more than each alone."""
    both = rule(when=[{"fact": "unknown", "at_least": 1}, {"fact": "known_exact", "at_least": 3}])
    assert assessed(ReferralFacts(unknown=7, known_exact=2), both).danger == 0
    assert assessed(ReferralFacts(unknown=7, known_exact=3), both).reasons[0].sentence == "7 unmatched"


@pytest.mark.parametrize(("count", "holds"), [(1, False), (2, True), (4, True), (5, False)])
def test_bounds_include_their_ends(count: int, holds: bool) -> None:
    """At least two, at most four."""
    between = rule(when=[{"fact": "unknown", "at_least": 2, "at_most": 4}])
    assert (assessed(ReferralFacts(unknown=count), between).danger == 2) is holds


def test_one_has_a_sentence_of_its_own() -> None:
    """Nobody reads "1 items"."""
    one = rule(sentence_one="One unmatched")
    assert assessed(ReferralFacts(unknown=1), one).reasons[0].sentence == "One unmatched"
    assert assessed(ReferralFacts(unknown=2), one).reasons[0].sentence == "2 unmatched"


def test_a_flag_counts_as_one() -> None:
    """Yes is 1, no is 0."""
    escalated = rule(when=[{"fact": "reporter_escalated", "at_least": 1}])
    assert assessed(ReferralFacts(reporter_escalated=True), escalated).danger == 2
    assert assessed(ReferralFacts(), escalated).danger == 0


def test_words_count_those_that_the_rule_names() -> None:
    """A kind of incident that the rule does not name does not count."""
    kinds = rule(when=[{"fact": "incident_types", "any_of": ["live-stream", "enticement"], "at_least": 1}])
    assert assessed(ReferralFacts(incident_types=("enticement", "other")), kinds).danger == 2
    assert assessed(ReferralFacts(incident_types=("other",)), kinds).danger == 0


def test_categories_count_the_items_in_those_that_the_rule_names() -> None:
    """As their source writes them."""
    some = rule(when=[{"fact": "known_categories", "any_of": ["1", "2"], "at_least": 5}])
    assert assessed(ReferralFacts(known_categories={"1": 3, "2": 2, "3": 90}), some).danger == 2
    assert assessed(ReferralFacts(known_categories={"1": 3, "3": 90}), some).danger == 0


def test_a_percentage_of_nothing_never_holds() -> None:
    """An empty referral is not "all memes"."""
    most = rule(when=[{"fact": "marked_meme", "percent_of": "items", "percent_at_least": 90}])
    assert assessed(ReferralFacts(), most).danger == 0
    assert assessed(ReferralFacts(items=100, marked_meme=89), most).danger == 0
    assert assessed(ReferralFacts(items=100, marked_meme=90), most).danger == 2


def test_lowering_takes_levels_away_and_says_where_the_axis_rests() -> None:
    """Lowering reasons follow the raising ones."""
    found = assessed(ReferralFacts(unknown=1), lowering(), rule(raises_to=3))
    assert found.danger == 2
    assert [(reason.rule, reason.level, reason.lowers) for reason in found.reasons] == [
        ("a", 3, False),
        ("less", 2, True),
    ]


def test_the_largest_lowering_counts_and_not_their_sum() -> None:
    """Signs for lowering overlap."""
    found = assessed(ReferralFacts(unknown=1), rule(raises_to=3), lowering("x"), lowering("y"))
    assert found.danger == 2


def test_what_was_raised_is_never_lowered_to_nothing() -> None:
    """A raised referral keeps at least level 1."""
    assert assessed(ReferralFacts(unknown=1), rule(raises_to=1), lowering(by=2)).danger == 1


def test_no_lowering_goes_below_a_firm_rule() -> None:
    """A few originals among thousands of widely shared files are the case to find."""
    assert assessed(ReferralFacts(unknown=1), rule(raises_to=3, firm=True), lowering(by=2)).danger == 3


def test_a_lowering_rule_alone_leaves_zero_and_still_speaks() -> None:
    """Nothing to lower, but the analyst sees why it is low."""
    found = assessed(ReferralFacts(unknown=1), lowering())
    assert found.danger == 0
    assert found.reasons == (Reason(Axis.DANGER, 0, "less", "1 unmatched", lowers=True),)


def test_there_is_always_a_reason() -> None:
    """No rule holds: the end of the queue, never closed, never silent."""
    found = assessed(ReferralFacts(items=12), rule())
    assert found.reasons == (Reason(Axis.DANGER, 0, NOTHING_RAISES, "Nothing raises these 12 items"),)


CLOCK = (
    rule("soon", "clock", raises_to=3, when=[{"fact": "days_to_expiry", "at_least": 0, "at_most": 7}]),
    rule("past", "clock", when=[{"fact": "days_to_expiry", "at_most": -1}], sentence="passed {days} days ago"),
)


@pytest.mark.parametrize(
    ("expiry", "level"),
    [
        (None, 0),
        (date(2026, 11, 21), 2),
        (date(2026, 11, 22), 3),
        (date(2026, 11, 29), 3),
        (date(2026, 11, 30), 0),
    ],
)
def test_the_clock_counts_days_to_the_earliest_expiry(expiry: date | None, level: int) -> None:
    """Today counts as 0 days; unknown is not "never", it only says nothing."""
    assert assessed(ReferralFacts(earliest_expiry=expiry), *CLOCK).clock == level


def test_an_expiry_that_has_passed_speaks_without_a_sign() -> None:
    """{days} is the number without its sign."""
    found = assessed(ReferralFacts(earliest_expiry=date(2026, 11, 12)), *CLOCK)
    assert found.reasons[0].sentence == "passed 10 days ago"


def test_days_are_counted_in_utc() -> None:
    """It is the 23rd in Bangkok and the 22nd in UTC."""
    bangkok = datetime(2026, 11, 23, 1, 0, tzinfo=timezone(timedelta(hours=7)))
    facts = ReferralFacts(earliest_expiry=date(2026, 11, 22))
    assert assess(facts, rules(*CLOCK), bangkok).clock == 3


def test_a_time_without_an_offset_refuses() -> None:
    """Nobody can say which day it is."""
    with pytest.raises(ValueError, match="offset"):
        assess(ReferralFacts(), rules(rule()), NOW.replace(tzinfo=None))


def test_a_negative_count_refuses() -> None:
    """A miscount must not pass for a low number."""
    with pytest.raises(ValueError, match="near is a count"):
        ReferralFacts(near=-1)


AXES = tuple(
    rule(axis, axis, when=[{"fact": fact, "at_least": 1}])
    for axis, fact in [("danger", "near"), ("clock", "phones"), ("solvability", "emails"), ("network", "accounts")]
)


def test_the_queue_is_ordered_by_axis_then_expiry_then_unmatched_items() -> None:
    """Each step outweighs all that follow it."""
    in_order = [
        ReferralFacts(near=1, phones=1),
        ReferralFacts(near=1, emails=1, accounts=1),
        ReferralFacts(near=1, accounts=1),
        ReferralFacts(near=1),
        ReferralFacts(phones=1),
        ReferralFacts(emails=1),
        ReferralFacts(accounts=1),
        ReferralFacts(earliest_expiry=date(2026, 12, 1)),
        ReferralFacts(earliest_expiry=date(2027, 1, 1), unknown_with_camera_traces=9, unknown=9),
        ReferralFacts(unknown_with_camera_traces=10),
        ReferralFacts(unknown_with_camera_traces=2, unknown=90),
        ReferralFacts(unknown=90),
        ReferralFacts(unknown=9),
        ReferralFacts(),
    ]
    keys = [assessed(facts, *AXES).sort_key for facts in in_order]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_reasons_come_in_the_order_of_the_queue() -> None:
    """Danger is read first."""
    found = assessed(ReferralFacts(near=1, phones=1, emails=1, accounts=1), *reversed(AXES))
    assert [reason.axis for reason in found.reasons] == list(Axis)


def test_a_rule_that_holds_speaks_for_those_it_covers() -> None:
    """The same thing is not said three times; levels are as if it were, and without the covering rule it is said."""
    pair = (rule("plain"), rule("beside", raises_to=3, covers=["plain"], when=[{"fact": "near", "at_least": 1}]))
    both = assessed(ReferralFacts(unknown=1, near=1), *pair)
    assert (both.danger, [reason.rule for reason in both.reasons]) == (3, ["beside"])
    alone = assessed(ReferralFacts(unknown=1), *pair)
    assert (alone.danger, [reason.rule for reason in alone.reasons]) == (2, ["plain"])


def test_the_assessment_names_the_edition_of_its_rules() -> None:
    """A changed threshold is a changed edition."""
    first = assessed(ReferralFacts(unknown=1), rule())
    other = assessed(ReferralFacts(unknown=1), rule(raises_to=3))
    assert first.edition != other.edition
