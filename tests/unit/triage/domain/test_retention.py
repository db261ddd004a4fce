"""Retention rules as data: what a file may say, and who answers for a country that has none."""

from __future__ import annotations

from typing import Any

import pytest

from triage.domain.retention import HolderKind, parse_retention
from triage.rule_files import load_retention_rules

RULE = {"kind": "traffic-data", "days": 90, "source": "A law, s. 1"}
FILE: dict[str, Any] = {"confirmed": False, "holder": [RULE]}


def test_a_country_answers_before_the_default() -> None:
    """For each kind on its own; where neither knows, nobody does."""
    other = {"confirmed": True, "holder": [{**RULE, "days": 365}]}
    rules = parse_retention({"default": FILE, "vn": other})
    own, default = (rules.rule(country, HolderKind.TRAFFIC_DATA) for country in ("VN", "XX"))
    assert own
    assert default
    assert (own.days, own.confirmed, default.days, default.confirmed) == (365, True, 90, False)
    assert own.name == f"vn/traffic-data@{rules.edition}"
    assert rules.rule("VN", HolderKind.MESSAGE_CONTENT) is None


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"th": FILE}, "default.toml: missing"),
        ({"default": {"holder": [RULE]}}, "confirmed: missing"),
        ({"default": {"confirmed": False}}, "holder: missing"),
        ({"default": {**FILE, "country": "th"}}, "country: no such setting"),
        ({"default": {"confirmed": False, "holder": [{**RULE, "kind": "logs"}]}}, "kind: one of"),
        ({"default": {"confirmed": False, "holder": [{**RULE, "days": -1}]}}, "days: a whole number"),
        ({"default": {"confirmed": False, "holder": [{**RULE, "source": ""}]}}, "source: a text"),
        ({"default": {"confirmed": False, "holder": [{**RULE, "day": 1}]}}, "day: no such setting"),
        ({"default": {"confirmed": False, "holder": [RULE, RULE]}}, "there twice"),
        ({"default": FILE, "thailand": FILE}, "two small letters"),
        ({"default": FILE, "TH": FILE}, "two small letters"),
    ],
)
def test_a_file_that_says_it_wrongly_refuses_to_start(files: dict[str, Any], told: str) -> None:
    """With the place of the fault."""
    with pytest.raises(ValueError, match=told):
        parse_retention(files)


def test_the_edition_changes_with_any_file() -> None:
    """An estimate says under which rules it was made."""
    other = {"confirmed": True, "holder": [RULE]}
    assert parse_retention({"default": FILE}).edition != parse_retention({"default": FILE, "th": other}).edition


def test_what_ships_knows_every_kind_and_confirms_nothing() -> None:
    """The default answers for all kinds of records; no file claims to have been confirmed."""
    rules = load_retention_rules()
    assert all(rules.rule("XX", kind) for kind in HolderKind)
    assert {place for place, _ in rules.by_place} == {"default", "US", "TH", "KH", "LA", "VN"}
    assert not any(rule.confirmed for rule in rules.by_place.values())
