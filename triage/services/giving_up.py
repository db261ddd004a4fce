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
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of
from triage.telemetry.traces import failed

from .clock import Clock
from .concluding import conclude
from .examining import matching_again
from .settling import settle

_log = logger_of("services")


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
        _log.info(Event.JOB_GIVEN_BACK, **_told(lease))

    def try_later(self, lease: Lease, code: str) -> None:
        """Another attempt after a pause that doubles."""
        pause = self.work.retry_seconds * 2 ** min(lease.attempts, 6)
        with self.store.writing() as unit:
            unit.jobs.retry_later(lease, code, pause)
            unit.commit()
        failed(code)
        _log.warning(Event.JOB_TRIED_LATER, code=code, pause_seconds=pause, **_told(lease))

    def stop_line(self, lease: Lease, code: str) -> None:
        """The machine failed, not the job: it waits a little, and no attempt is held against it."""
        with self.store.writing() as unit:
            unit.jobs.retry_later(lease, code, self.work.retry_seconds, counted=False)
            unit.commit()
        failed(code)
        _log.error(Event.LINE_STOPPED, code=code, **_told(lease))

    def after_failure(self, lease: Lease, code: str) -> None:
        """Try again; then split a batch into its items; then bury the one that still fails."""
        if lease.attempts + 1 < self.work.max_attempts:
            self.try_later(lease, code)
        elif len(lease.item_ids) > 1:
            self._split(lease)
            failed(code)
            _log.warning(Event.JOB_SPLIT, code=code, **_told(lease))
        else:
            self.bury(lease, code)

    def bury(self, lease: Lease, code: str) -> None:
        """A dead letter with its reason; whatever waited for the job goes on without its results."""
        with self.store.writing() as unit:
            unit.jobs.bury(lease, code)
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
            self._go_on(unit, lease, code)
            unit.commit()
        failed(code)
        _log.error(Event.JOB_DEAD, code=code, **_told(lease))

    def _go_on(self, unit: Unit, lease: Lease, code: str) -> None:
        if lease.stage in {Stage.EXPAND, Stage.EXAMINE}:
            # Known bytes are known whether or not they can be opened: digests are matched, and that gives the answer.
            unit.jobs.add([matching_again(lease)])
        elif lease.stage is Stage.LOOK_CLOSER:
            # The estimates have to do: whatever may be near by them counts as near.
            unit.items.add_notes(lease.stage, [(one, NoteCode.NO_CLOSER_LOOK.value, code) for one in lease.item_ids])
            unit.jobs.add([matching_again(lease)])
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


def _told(lease: Lease) -> dict[str, object]:
    return {
        "job": lease.job_id,
        "stage": lease.stage.value,
        "submission": lease.submission_id,
        "items": len(lease.item_ids),
        "attempts": lease.attempts + 1,
    }
