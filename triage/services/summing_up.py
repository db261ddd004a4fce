"""Summing up a referral: what its page says of thousands of items, counted once when it is referred.

A page that counted would be slow where a referral is large, and every reader would count again. Nothing in a summary
changes without the referral being assessed anew: answers, findings and links only change on the way to REFER, and
until it has come the page says that counts are owed. What changes otherwise (decisions, claims, authorities,
preservation, what subjects are called) is read when it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from triage.domain.findings import THUMBNAIL_DISAGREES_ABOVE
from triage.domain.linking_rules import LinkRules
from triage.store.unit_of_work import Unit

from .referral_pages import clusters, disputes, match_counts

ROWS = 30
"""The most groups, disputes and lines of matches that are kept."""
PLACES = 200


@dataclass(frozen=True, slots=True)
class ReferralSummary:
    """Counts of one referral; lists are cut. `captured` has first days of months, `places` degrees and items."""

    outcomes: dict[str, int]
    closed_without_viewing: int
    findings: dict[str, int]
    match_counts: list[dict[str, Any]]
    disputes: list[dict[str, Any]]
    releases_asked: list[str]
    clusters: list[dict[str, Any]]
    captured: dict[str, int]
    places: list[tuple[float, float, int]]
    reports: dict[str, Any] | None  # what reports say, counted; None where none of the submissions is one

    @property
    def months(self) -> dict[date, int]:
        """Items by the month in which they were taken."""
        return {date.fromisoformat(day): count for day, count in self.captured.items()}

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def sum_up(unit: Unit, submissions: Sequence[int], rules: LinkRules) -> ReferralSummary:
    """Count it now: as much work as the network has items."""
    counted = unit.read.outcomes(submissions)
    captured = unit.pages.captured(submissions)
    reports = unit.report_rows.counts(submissions)
    return ReferralSummary(
        outcomes=counted.outcomes,
        closed_without_viewing=counted.closed,
        findings=unit.referral_pages.finding_counts(submissions, THUMBNAIL_DISAGREES_ABOVE),
        match_counts=match_counts(unit, submissions)[:ROWS],
        disputes=disputes(unit, submissions, ROWS),
        releases_asked=sorted(unit.dossier.releases_asked(submissions)),
        clusters=clusters(unit, submissions, rules, ROWS),
        captured={day.isoformat(): count for day, count in sorted(captured.items())},
        places=unit.pages.places(submissions, PLACES),
        reports=asdict(reports) if reports.reports else None,
    )


@dataclass(frozen=True, slots=True)
class KeptSummary:
    """A summary, and the moment whose counts it holds where work goes on that ends in counting again."""

    counted: ReferralSummary
    outdated_since: datetime | None = None


def summary(unit: Unit, referral_id: int, submissions: Sequence[int], rules: LinkRules) -> KeptSummary:
    """As it was summed up last; counted now where that was never done."""
    kept = unit.pages.summary(referral_id)
    if kept is None:
        return KeptSummary(sum_up(unit, submissions, rules))
    counted, at = kept
    return KeptSummary(summary_of(counted), at if unit.networks.counts_owed(submissions) else None)


def summary_of(document: Mapping[str, Any]) -> ReferralSummary:
    """The summary of a document that `document` made."""
    places = [(latitude, longitude, items) for latitude, longitude, items in document["places"]]
    return ReferralSummary(**{**document, "places": places})
