"""Link settings refuse what they do not know."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from triage.domain.linking_rules import parse_link_rules

SHIPPED = tomllib.loads((Path(__file__).parents[4] / "config/linking.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("table", "key", "value", "message"),
    [
        ("same-camera", "shortest_serial", 0, r"linking\.same-camera\.shortest_serial: a whole number from 1 to 32"),
        ("same-camera", "placeholder_serials", ["N/A"], r"placeholder_serials: 'N/A' must be lower-case"),
        ("same-camera", "typo", 1, r"linking\.same-camera\.typo: no such setting"),
        ("same-place-time", "metres", 20_000, r"same-place-time\.metres: a whole number from 1 to 10000"),
        ("same-place-time", "seconds", None, r"same-place-time\.seconds: missing"),
        ("same-archive", "too_common", 1, r"same-archive\.too_common: a whole number from 2"),
        ("joining", "least_occasions", 0, r"joining\.least_occasions: a whole number from 1"),
        ("joining", "most_submissions", "5", r"joining\.most_submissions: a whole number from 2"),
    ],
)
def test_a_bad_setting_refuses_with_its_path(table: str, key: str, value: object, message: str) -> None:
    """None stands for a key left out."""
    values: dict[str, Any] = copy.deepcopy(SHIPPED)
    values[table].pop(key, None)
    if value is not None:
        values[table][key] = value
    with pytest.raises(ValueError, match=message):
        parse_link_rules(values)


def test_a_table_too_many_refuses() -> None:
    """A misspelt rule must not be silently absent."""
    with pytest.raises(ValueError, match=r"linking\.same-lens: no such setting"):
        parse_link_rules({**SHIPPED, "same-lens": {}})


def test_limits_are_by_the_kind_of_trait() -> None:
    """Keys of the limits are the kinds' stored values."""
    assert set(parse_link_rules(SHIPPED).most_members) == {"same-camera", "same-place-time", "same-archive"}
