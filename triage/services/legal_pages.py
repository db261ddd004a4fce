"""What pages show of law and reports: sharing, the legal gate, what is to be preserved, what reports say.

No image bytes and no names of files. Identifiers of subjects are shown on the page of a referral and nowhere else;
those of children and reporters are counted only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from triage.domain.legal import Handling, Origin, Sharing, sharing_together
from triage.store.preservation import Preserved
from triage.store.report_facts import ReportCounts, ShownIdentifier, count_report_facts
from triage.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Legal:
    """Under what some submissions are held together, and what may not be done. The list is cut at a limit."""

    origins: list[Origin]
    handling: tuple[Handling, ...]
    may_share_with: tuple[str, ...]
    do_not_render: int  # items whose legal gate is shut
    shut: list[dict[str, str]]
    preserve_until: date | None


@dataclass(frozen=True, slots=True)
class Reported:
    """What the reports among some submissions say, counted; identifiers are those of subjects and files."""

    counts: ReportCounts
    facts: dict[str, Any]
    identifiers: list[ShownIdentifier]


def legal_part(unit: Unit, submission_ids: Sequence[int], now: datetime, limit: int) -> Legal:
    """Law's part of a page."""
    deliveries = [one.delivery for one in unit.submissions.many(submission_ids)]
    sharing = sharing_together(Sharing(one.may_share_with, one.handling) for one in deliveries)
    shut = unit.gates.shut(submission_ids, now, limit)
    return Legal(
        origins=sorted({one.origin for one in deliveries}),
        handling=sharing.handling,
        may_share_with=sharing.may_share_with,
        do_not_render=unit.gates.shut_count(submission_ids, now),
        shut=[
            {"item": f"I-{item_id}", "code": found.code.value, "because": found.because}
            for item_id, found in shut.items()
        ],
        preserve_until=unit.preservation.soonest(submission_ids, _day(now)),
    )


def reported_part(unit: Unit, submission_ids: Sequence[int], now: datetime, limit: int) -> Reported | None:
    """The reports' part of a page; None where none of the submissions is a report. With limit 0 no identifiers."""
    facts = count_report_facts(unit.connection, submission_ids, _day(now))
    if not facts:
        return None
    return Reported(
        unit.report_rows.counts(submission_ids),
        facts,
        unit.report_rows.subjects(submission_ids, limit) if limit else [],
    )


def preservation_part(unit: Unit, submission_ids: Sequence[int], now: datetime, limit: int) -> list[dict[str, Any]]:
    """What is to be asked for, first what ends first."""
    today = _day(now)
    return [preservation_line(one, today) for one in unit.preservation.of_submissions(submission_ids, limit, today)]


def preservation_line(found: Preserved, today: date) -> dict[str, Any]:
    """One entry as pages and commands show it; days left are negative once the estimated end has passed."""
    days_left = (found.entry.expires_on - today).days
    return {"submission": f"S-{found.submission_id}", **asdict(found.entry), "days_left": days_left}


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
