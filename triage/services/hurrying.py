"""Making a submission urgent: its jobs, later stages included, go before all others from now on."""

from __future__ import annotations

from dataclasses import dataclass

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.store.unit_of_work import Store

from .clock import Clock


@dataclass(frozen=True)
class Hurrying:
    """Who may wait is decided by a person, and on the record."""

    store: Store
    clock: Clock
    actor: str

    def make_urgent(self, submission_id: int) -> None:
        """Raise the submission. Raises NotFound. Said twice it changes nothing."""
        with self.store.writing() as unit:
            if unit.submissions.get(submission_id).urgent:
                return
            unit.submissions.set_urgent(submission_id)
            unit.jobs.promote()
            subject = f"submission:{submission_id}"
            unit.custody.append([CustodyEvent(self.clock(), self.actor, CustodyAction.NOTED, subject, "urgent")])
            unit.commit()
