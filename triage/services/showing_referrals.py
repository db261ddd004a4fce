"""Showing a referral to whoever reviews it: the summary that was kept, and a few rows that change meanwhile.

Nothing here reads all of a referral's items, so a page costs the same whether it has twenty or a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hashsets.library import ReleaseInfo
from hashsets.reports import NotComparable
from triage.domain.linking_rules import LinkRules
from triage.store.legal_gate import Basis
from triage.store.report_facts import ShownIdentifier
from triage.store.unit_of_work import Unit

from .legal_pages import preservation_line
from .not_comparing import not_comparable
from .summing_up import ReferralSummary, summary

SUBMISSIONS = 50
"""The most submissions that a page names, the newest, with what ties these."""
_HISTORY = 50
_PRESERVED = 8
_IDENTIFIERS = 20


@dataclass(frozen=True, slots=True)
class ShownReferral:
    """What a page shows of a referral beside its line. `identifiers` are those of subjects and files."""

    counted: ReferralSummary
    outdated_since: datetime | None  # of when the counts are, where they are owed anew
    not_comparable: list[NotComparable]
    do_not_render: int  # items whose legal gate is shut now
    preservation: list[dict[str, Any]]
    identifiers: list[ShownIdentifier]
    history: list[dict[str, Any]]  # newest first


def shown_referral(
    unit: Unit,
    referral_id: int,
    bases: Sequence[Basis],
    rules: LinkRules,
    releases: Sequence[ReleaseInfo],
    now: datetime,
) -> ShownReferral:
    """Gather it; `bases` are of the referral's submissions."""
    submissions = [one.submission_id for one in bases]
    kept = summary(unit, referral_id, submissions, rules)
    counted = kept.counted
    today = now.astimezone(UTC).date()
    preserved = unit.preservation.of_submissions(submissions, _PRESERVED, today)
    return ShownReferral(
        counted=counted,
        outdated_since=kept.outdated_since,
        not_comparable=not_comparable(releases, set(counted.releases_asked)),
        do_not_render=unit.gates.shut_count_under(bases, now),
        preservation=[preservation_line(one, today) for one in preserved],
        identifiers=unit.report_rows.subjects(submissions, _IDENTIFIERS) if counted.reports else [],
        history=unit.referral_pages.newest_history(referral_id, _HISTORY),
    )
