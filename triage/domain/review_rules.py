"""How this deployment reviews: `config/review.toml` as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .look_plan import LookRules
from .tables import Table, edition_of

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """Names, seconds and shares.

    `scheme` is the category scheme in which this deployment decides. A decision for one of `second_reader` stands
    only once another person has confirmed it; `second_reader_supersedes`: also one that ends another person's.
    `sample_percent` of the referrals without danger are drawn for blind re-triage. `looks` says when no further look
    is proposed.
    """

    scheme: str
    claim_seconds: int
    undo_seconds: int
    second_reader: frozenset[str]
    second_reader_supersedes: bool
    sample_percent: int
    looks: LookRules
    edition: str


def parse_review_rules(values: Mapping[str, object]) -> ReviewRules:
    """The rules of a loaded TOML mapping. Raises ValueError with the key's path."""
    root = Table(values, "review")
    rules = ReviewRules(
        scheme=root.text("scheme"),
        claim_seconds=root.integer("claim_seconds", 30, _DAY),
        undo_seconds=root.integer("undo_seconds", 0, _DAY),
        second_reader=frozenset(root.texts("second_reader")),
        second_reader_supersedes=root.flag("second_reader_supersedes"),
        sample_percent=root.integer("sample_percent", 2, 5),
        looks=_look_rules(root.table("looks")),
        edition=edition_of(values),
    )
    root.refuse_the_rest()
    return rules


def _look_rules(table: Table) -> LookRules:
    rules = LookRules(
        series=table.integer("series", 1, 50),
        quiet=table.integer("quiet_percent", 1, 90) / 100,
        camera=table.integer("camera_percent", 1, 90) / 100,
        mixed=table.integer("mixed_percent", 1, 90) / 100,
        raised=table.integer("raised_percent", 1, 90) / 100,
    )
    table.refuse_the_rest()
    return rules
