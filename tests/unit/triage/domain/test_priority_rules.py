"""Rules as data: what is wrong in the file refuses with the key's path, so that no rule is silently absent."""

from __future__ import annotations

from typing import Any

import pytest

from triage.domain.priority import parse_rules

GOOD: dict[str, Any] = {
    "name": "a",
    "axis": "danger",
    "raises_to": 2,
    "when": [{"fact": "unknown", "at_least": 1}],
    "sentence": "{count}",
    "source": "test",
}


def test_a_good_rule_is_read_as_it_stands() -> None:
    """Every key reaches the rule."""
    (rule,) = parse_rules({"otherwise": "-", "rule": [{**GOOD, "firm": True, "sentence_one": "one"}]}).rules
    assert (rule.name, rule.axis.value, rule.level, rule.lowers, rule.firm) == ("a", "danger", 2, False, True)
    assert (rule.sentence, rule.sentence_one, rule.source) == ("{count}", "one", "test")
    assert (rule.when[0].fact, rule.when[0].at_least, rule.when[0].at_most) == ("unknown", 1, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axis": "urgency"}, r"priority\.rule\[2\]\.axis: one of danger, clock, solvability, network is needed"),
        ({"raises_to": 4}, r"rule\[2\]\.raises_to: a whole number from 1 to 3"),
        ({"raises_to": 0}, r"rule\[2\]\.raises_to: a whole number from 1 to 3"),
        ({"lowers_by": 1}, r"rule\[2\]\.raises_to: no such setting"),
        ({"closes": True}, r"rule\[2\]\.closes: no such setting"),
        ({"firm": "yes"}, r"rule\[2\]\.firm: true or false"),
        ({"when": []}, r"rule\[2\]\.when: a list of tables"),
        ({"when": [{"fact": "unknwon", "at_least": 1}]}, r"rule\[2\]\.when\[1\]\.fact: no such fact: 'unknwon'"),
        ({"when": [{"fact": "earliest_expiry", "at_least": 1}]}, r"when\[1\]\.fact: no such fact"),
        ({"when": [{"fact": "unknown"}]}, r"when\[1\]\.at_least: at_least, at_most or percent_at_least is needed"),
        ({"when": [{"fact": "unknown", "at_leats": 1}]}, r"when\[1\]\.at_leats: no such setting"),
        ({"when": [{"fact": "incident_types", "at_least": 1}]}, r"when\[1\]\.any_of: missing"),
        ({"when": [{"fact": "unknown", "any_of": ["x"], "at_least": 1}]}, r"when\[1\]\.any_of: no such setting"),
        ({"when": [{"fact": "unknown", "percent_at_least": 90}]}, r"when\[1\]\.percent_of: missing"),
        ({"when": [{"fact": "unknown", "at_least": 1, "percent_of": "items"}]}, r"percent_of: no such setting"),
        (
            {"when": [{"fact": "unknown", "percent_of": "days_to_expiry", "percent_at_least": 9}]},
            r"when\[1\]\.percent_of: no such count",
        ),
        ({"sentence": "{number}"}, r"rule\[2\]\.sentence: only count, days may stand in braces"),
        ({"sentence": "{count:>9}"}, r"rule\[2\]\.sentence: only count, days"),
        ({"sentence": "{}"}, r"rule\[2\]\.sentence: only count, days"),
        ({"sentence": "{count"}, r"rule\[2\]\.sentence: braces do not pair"),
        ({"sentence_one": "{facts.items}"}, r"rule\[2\]\.sentence_one: only count, days"),
        ({"name": "first"}, r"priority\.rule\[2\]\.name: 'first' is used twice"),
        ({"source": ""}, r"rule\[2\]\.source: a text is needed"),
    ],
)
def test_a_bad_rule_refuses_with_its_path(changes: dict[str, Any], message: str) -> None:
    """Counted from one, as a person counts rules in the file."""
    with pytest.raises(ValueError, match=message):
        parse_rules({"otherwise": "-", "rule": [{**GOOD, "name": "first"}, {**GOOD, **changes}]})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"axis": "clock"}, id="another axis"),
        pytest.param({"raises_to": 3}, id="raises higher"),
        pytest.param({"name": "unheard-of"}, id="no such rule"),
    ],
)
def test_a_rule_covers_only_what_says_no_more_than_it(changes: dict[str, Any]) -> None:
    """Else a sentence that a level stands on would be missing."""
    covering, other = {**GOOD, "covers": ["other"]}, {**GOOD, "name": "other", **changes}
    with pytest.raises(ValueError, match=r"priority\.rule\[1\]\.covers: 'other' is no rule"):
        parse_rules({"otherwise": "Nothing", "rule": [covering, other]})


def test_a_lowering_rule_cannot_be_firm() -> None:
    """Firm protects from lowering; it would mean nothing here."""
    lowering = {key: value for key, value in GOOD.items() if key != "raises_to"} | {"lowers_by": 1, "firm": True}
    with pytest.raises(ValueError, match=r"rule\[1\]\.firm: no such setting"):
        parse_rules({"otherwise": "-", "rule": [lowering]})


@pytest.mark.parametrize("values", [{"otherwise": "-"}, {"rule": [GOOD]}, {"otherwise": "-", "rule": [GOOD], "x": 1}])
def test_a_file_without_its_parts_or_with_others_refuses(values: dict[str, Any]) -> None:
    """Rules, the sentence for none, and nothing else."""
    with pytest.raises(ValueError, match=r"priority\."):
        parse_rules(values)
