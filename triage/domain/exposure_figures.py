"""Figures of exposure: how little was looked at, how little of it twice, and what was missed by not looking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

FEWEST_PEOPLE = 5
"""Of fewer people a figure about people says something of one of them."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one person was shown on one day of theirs."""

    day: date
    looks_reduced: int
    looks_full: int
    seconds_reduced: float
    seconds_full: float

    @property
    def seconds(self) -> float:
        """At both levels together."""
        return self.seconds_reduced + self.seconds_full


@dataclass(frozen=True, slots=True)
class ExposureCounts:
    """What the database counts."""

    items: int
    views: int
    views_of_known: int
    views_of_known_seconded: int
    repeat_views: int
    views_without_look: int  # shown outside the minute of a token: none, by construction
    closed: int
    closed_without_view: int
    referrals_ended: int
    told_within_30_days: int
    retriaged: int
    retriaged_urgent: int
    people_looking: int


@dataclass(frozen=True, slots=True)
class ExposureFigures:
    """The figures that are shown. A rate is None where there is nothing to divide by, or too few people."""

    counts: ExposureCounts
    views_per_thousand_items: float | None
    repeat_share: float | None
    closed_without_view_share: float | None
    told_within_30_days_share: float | None
    missed_urgent_rate: float | None
    missed_urgent_at_most: float | None  # with 95 % confidence: none in a small sample says little
    median_full_seconds_per_person_day: float | None
    p95_full_seconds_per_person_day: float | None


def figures(counts: ExposureCounts, full_seconds_per_person_day: Sequence[float]) -> ExposureFigures:
    """From counts to figures. `full_seconds_per_person_day` holds days on which a person looked at all."""
    enough = counts.people_looking >= FEWEST_PEOPLE
    days = sorted(full_seconds_per_person_day) if enough else []
    missed = _share(counts.retriaged_urgent, counts.retriaged)
    return ExposureFigures(
        counts=counts,
        views_per_thousand_items=_share(1_000 * counts.views, counts.items),
        repeat_share=_share(counts.repeat_views, counts.views),
        closed_without_view_share=_share(counts.closed_without_view, counts.closed),
        told_within_30_days_share=_share(counts.told_within_30_days, counts.referrals_ended),
        missed_urgent_rate=missed,
        missed_urgent_at_most=None if missed is None else _wilson(counts.retriaged_urgent, counts.retriaged),
        median_full_seconds_per_person_day=_quantile(days, 0.5),
        p95_full_seconds_per_person_day=_quantile(days, 0.95),
    )


def sample_size(percent: int, of: int) -> int:
    """How many to draw: at least one, where there is any."""
    return min(of, max(1, ceil(of * percent / 100))) if of else 0


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def _wilson(hits: int, of: int) -> float:
    """Upper end of Wilson's 95 % interval (one-sided, z = 1.645)."""
    z = 1.645
    share = hits / of
    middle = share + z * z / (2 * of)
    spread: float = z * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return min(1.0, (middle + spread) / (1 + z * z / of))
