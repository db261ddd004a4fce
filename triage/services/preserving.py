"""Preserving: when a report is finished, who holds what and until when, in the commit that finishes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from triage.domain.finished_reports import FinishedReport
from triage.domain.preservation import preservation
from triage.domain.retention import RetentionRules
from triage.store.unit_of_work import Unit


@dataclass(frozen=True)
class Preserving:
    """Estimates under the rules of `config/jurisdictions/`. It opens no transaction: its caller finishes reports."""

    rules: RetentionRules

    def preserve(self, unit: Unit, finished: Sequence[FinishedReport], now: datetime) -> None:
        """Write what these reports give to ask for, and until when their submissions are to be preserved."""
        entries = {one.submission_id: preservation(one, self.rules, now) for one in finished}
        unit.preservation.add(entries, now.astimezone(UTC).date())
