"""The shipped rules, their pages and the facts they may count stay one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from triage.domain.linking_rules import parse_link_rules
from triage.domain.links import LinkKind
from triage.domain.priority import Axis, ReferralFacts, parse_rules
from triage.domain.referral_facts import DAYS_TO_EXPIRY

ROOT = Path(__file__).parents[4]
PRIORITY = tomllib.loads((ROOT / "config/priority.toml").read_text(encoding="utf-8"))
LINKING = tomllib.loads((ROOT / "config/linking.toml").read_text(encoding="utf-8"))
SIGNS = {"at_least": "≥", "at_most": "≤"}


def rows(page: str, heading: str) -> list[str]:
    """The body rows of the table under a heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line for line in section.splitlines() if line.startswith("|")][2:]


def condition_row(condition: Mapping[str, Any]) -> str:
    name = f"`{condition['fact']}`"
    if "any_of" in condition:
        name += f" of {', '.join(condition['any_of'])}"
    parts = [f"{name} {sign} {condition[key]}" for key, sign in SIGNS.items() if key in condition]
    if "percent_of" in condition:
        parts.append(f"{name} ≥ {condition['percent_at_least']} % of `{condition['percent_of']}`")
    return " and ".join(parts)


def rule_row(rule: Mapping[str, Any]) -> str:
    raises = f"{rule.get('raises_to')}{', firm' if rule.get('firm') else ''}"
    gives = f"−{rule['lowers_by']}" if "lowers_by" in rule else raises  # noqa: RUF001 - a minus, for people
    return f"| `{rule['name']}` | {rule['axis']} | {gives} | {'; '.join(map(condition_row, rule['when']))} |"


def test_the_page_lists_every_rule_as_it_is_shipped() -> None:
    """Name, axis, level and condition, in the order of the file, and no rule more."""
    assert rows("priority.md", "The rules") == [rule_row(rule) for rule in PRIORITY["rule"]]


def test_the_page_lists_every_fact() -> None:
    """In any order; one name each."""
    listed = [row.split("`")[1] for row in rows("priority.md", "The facts that rules may count")]
    assert sorted(listed) == sorted([*(fact.name for fact in fields(ReferralFacts)), DAYS_TO_EXPIRY])


def test_the_shipped_rules_are_good_and_speak_of_every_axis() -> None:
    """Rules that count ship with a sentence for exactly one where one can happen."""
    rules = parse_rules(PRIORITY).rules
    assert {rule.axis for rule in rules} == set(Axis)
    for rule in rules:
        least = rule.when[0].at_least
        names_a_number = "{count}" in rule.sentence or "{days}" in rule.sentence
        reaches_one = rule.when[0].fact != DAYS_TO_EXPIRY and (least is None or least <= 1)
        assert not (names_a_number and reaches_one and rule.sentence_one is None), rule.name


def keys(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        yield from keys(value) if isinstance(value, Mapping) else [key]


@pytest.mark.parametrize("name", [*sorted(set(keys(LINKING))), *LinkKind])
def test_the_linking_page_speaks_of_every_setting_and_kind(name: str) -> None:
    """Each in backquotes, as it is written in the file or stored."""
    assert f"`{name}`" in (ROOT / "docs/linking.md").read_text(encoding="utf-8")


def test_the_shipped_link_rules_are_good() -> None:
    """They parse, and their tolerances are those that the file states."""
    rules = parse_link_rules(LINKING)
    assert (rules.tolerance.metres, rules.tolerance.seconds) == (100, 1800)
