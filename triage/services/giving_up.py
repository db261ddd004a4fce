"""What happens to a job that did not finish: handed back, tried later, split, or buried where people see it."""

from __future__ import annotations

from dataclasses import dataclass

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.jobs import Lease, NewJob, Stage, item_range
from triage.domain.matches import Answer, Because
from triage.settings import WorkSettings
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .concluding import conclude
from .settling import settle

WORKER_DIED = "worker-died"
"""Why a job is buried that nobody lived to tell of."""

_PATIENCE = 5


@dataclass(frozen=True)
class GivingUp:
    """The job runner's answers to failure. One item's trouble never stays its batch's."""

    store: Store
    work: WorkSettings
    clock: Clock
    actor: str

    def hand_back(self, lease: Lease) -> None:
        """A person asked to stop: the job is ready again at once, nothing counted."""
        with self.store.writing() as unit:
            unit.jobs.release(lease)
            unit.commit()

    def try_later(self, lease: Lease, code: str) -> None:
        """Another attempt after a pause that doubles."""
        with self.store.writing() as unit:
            unit.jobs.retry_later(lease, code, self.work.retry_seconds * 2 ** min(lease.attempts, 6))
            unit.commit()

    def stop_line(self, lease: Lease, code: str) -> None:
        """The machine failed, not the job: it waits a little, and no attempt is held against it."""
        with self.store.writing() as unit:
            unit.jobs.retry_later(lease, code, self.work.retry_seconds, counted=False)
            unit.commit()

    def after_failure(self, lease: Lease, code: str) -> None:
        """Try again; then split a batch into its items; then bury the one that still fails."""
        if lease.attempts + 1 < self.work.max_attempts:
            self.try_later(lease, code)
        else:
            self._isolate(lease, code, counted=True)

    def is_deadly(self, lease: Lease) -> bool:
        """Whether as many workers died with this job in hand as may; then it has been split or buried unopened.

        A job over a whole submission is long, opens no evidence and cannot be split: restarts hit it by chance.
        """
        allowed = self.work.max_attempts * (1 if lease.item_ids else _PATIENCE)
        if lease.attempts < allowed:
            return False
        self._isolate(lease, WORKER_DIED, counted=False)
        return True

    def _isolate(self, lease: Lease, code: str, *, counted: bool) -> None:
        if len(lease.item_ids) > 1:
            self._split(lease)
        else:
            self.bury(lease, code, counted=counted)

    def bury(self, lease: Lease, code: str, *, counted: bool = True) -> None:
        """A dead letter with its reason; whatever waited for the job goes on without its results."""
        with self.store.writing() as unit:
            unit.jobs.bury(lease, code, counted=counted)
            unit.items.add_notes(lease.stage, [(one, NoteCode.GAVE_UP.value, code) for one in lease.item_ids])
            details: dict[str, str | int | None] = {
                "items": item_range(lease.item_ids),
                "because": code,
                "stage": lease.stage.value,
            }
            unit.custody.append(
                [
                    CustodyEvent(
                        self.clock(), self.actor, CustodyAction.NOTED, f"job:{lease.job_id}", "give-up", details
                    )
                ]
            )
            self._go_on(unit, lease)
            unit.commit()

    def _go_on(self, unit: Unit, lease: Lease) -> None:
        if lease.stage in {Stage.EXPAND, Stage.EXAMINE}:
            # Known bytes are known whether or not they can be opened: digests are matched, and that gives the answer.
            unit.jobs.add([NewJob(Stage.MATCH, lease.submission_id, lease.item_ids)])
        elif lease.stage is Stage.MATCH:
            unit.items.set_outcomes(dict.fromkeys(lease.item_ids, Answer(Outcome.UNDECODABLE, Because.GAVE_UP)))
            settle(unit, unit.read.submissions_holding(lease.item_ids))
        elif lease.stage is Stage.REMATCH and lease.rematch_id:
            # The answers of before stand: they name what they rest on.
            conclude(unit, lease.rematch_id, self.clock(), self.actor)
        elif lease.stage is Stage.LINK:
            # Unlinked, but referred: an analyst still gets the submission.
            unit.jobs.add([NewJob(Stage.REFER, lease.submission_id)])

    def _split(self, lease: Lease) -> None:
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            unit.jobs.add(
                [NewJob(lease.stage, lease.submission_id, (one,), lease.rematch_id) for one in lease.item_ids]
            )
            unit.commit()
