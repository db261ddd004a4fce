"""Matching again what was answered, whenever what is known has changed. Stored values only: opens no evidence.

What estimates cannot decide keeps its answer, is owed a closer look, and comes back as another job of the run.
"""

from __future__ import annotations

from dataclasses import dataclass

from hashsets.errors import Damaged
from hashsets.library import Library
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Tampered
from triage.domain.jobs import Lease, NewJob, Stage
from triage.settings import WorkSettings
from triage.store.rows import sliced
from triage.store.unit_of_work import Store, Unit

from .answering import Answers, events_of, write_answers
from .clock import Clock
from .concluding import conclude
from .matching import Matching

BATCH = 1_024
"""Items in a job. Nothing is decoded, so it can be large beside the 64 of examining and still be quick."""

_LISTED = 16 * BATCH
"""Items for which jobs are written in one commit: a run over a million items never holds their ids at once."""


@dataclass(frozen=True)
class Rematching:
    """Runs over all items whose answer rests on another policy or library than those in force.

    At most one run is unfinished. When the library changes again meanwhile, it goes on to the newest state.
    """

    store: Store
    library: Library
    matching: Matching
    work: WorkSettings
    clock: Clock
    actor: str

    def owe(self, unit: Unit, because: str, *records: CustodyEvent) -> int | None:
        """Owe a run in this unit, or let the unfinished one go on to what is in force now; its number.

        None when every answer rests on what is in force. `because` is a code, perhaps with an id. Call it whenever
        the library has changed, instead of appending the `records` of the change to the log: it does both.
        """
        after_id = self._in_force(unit)
        unit.custody.hold()  # after the row above, which a batch that is being matched may be writing, too
        latest = unit.rematches.latest()
        going = latest if latest and not latest.finished_at else None
        if going and going.after.id == after_id:
            unit.custody.append(records)
            return going.id
        if going:
            unit.rematches.move_on(going, because, after_id)
        run_id = going.id if going else self._opened(unit, because, after_id)
        if run_id:
            unit.jobs.add([NewJob(Stage.REMATCH, 0, (), run_id)])
            records = (*records, self._event(run_id, "owed", because=because, releases=self.library.version))
        unit.custody.append(records)
        return run_id

    def _in_force(self, unit: Unit) -> int:
        """The comparison that every answer should rest on."""
        try:
            self.library.refresh()
        except Damaged as error:
            raise Tampered(error.code, error.sentence) from error
        return unit.matches.comparison(self.matching.policy.provenance, self.library.version)

    def _opened(self, unit: Unit, because: str, after_id: int) -> int | None:
        first = unit.items.resting_elsewhere(after_id)
        if not first:
            return None
        latest = unit.rematches.latest()
        before_id = latest.after.id if latest else unit.rematches.comparison_of(first[0])
        return unit.rematches.open(because, before_id, after_id, self.clock())

    def notice(self, because: str = "noticed", *, insist: bool = False) -> int | None:
        """Owe a run if what is in force is not what the latest run reached: a release expired, the policy changed.

        With `insist` also for single items that it could not answer. The run's number, or None.
        """
        with self.store.writing() as unit:
            after_id = self._in_force(unit)
            latest = unit.rematches.latest()
            reached = latest is not None and latest.finished_at is not None and latest.after.id == after_id
            run_id = self.owe(unit, because) if insist or not reached else None
            unit.commit()
        return run_id

    def rematch(self, lease: Lease) -> None:
        """Match the lease's items again, or list what its run has to match. Raises Tampered for a damaged release."""
        assert lease.rematch_id is not None
        if not lease.item_ids:
            while not self._listed(lease, lease.rematch_id):
                pass
        else:
            while not self._recorded(lease, lease.rematch_id, self.matching.answers(lease.item_ids)):
                pass

    def _listed(self, lease: Lease, run_id: int) -> bool:
        """Write jobs for the next items, in one commit; whether that was the end."""
        with self.store.reading() as unit:
            seen = unit.rematches.listed_to(run_id)
            ids = unit.items.resting_elsewhere(seen[1], after=seen[0], limit=_LISTED)
        with self.store.writing() as unit:
            if not seen[0]:
                unit.jobs.withdraw(run_id)  # what it wrote for an earlier state is in the jobs to come
            unit.custody.hold()
            if not unit.rematches.list_on(run_id, seen, ids[-1] if ids else seen[0], len(ids)):
                return False
            unit.jobs.add([NewJob(Stage.REMATCH, 0, tuple(part), run_id) for part in sliced(ids, BATCH)])
            if ids:
                unit.jobs.renew(lease, self.work.lease_seconds)
            else:
                unit.jobs.finish(lease)
                unit.custody.append([self._event(run_id, "listed", items=unit.rematches.get(run_id).items)])
                conclude(unit, run_id, self.clock(), self.actor)
            unit.commit()
        return not ids

    def _recorded(self, lease: Lease, run_id: int, answers: Answers) -> bool:
        now = self.clock()
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            changes = write_answers(unit, answers, now)
            unit.rematches.note(run_id, changes)
            unit.jobs.add(answers.closer_looks(lease))
            unit.custody.append(events_of(lease, answers, changes, now, self.actor))
            if not self.matching.holds(answers):
                return False
            conclude(unit, run_id, now, self.actor)
            unit.commit()
        return True

    def _event(self, run_id: int, step: str, **details: str | int | None) -> CustodyEvent:
        told = {"step": step, **details}
        return CustodyEvent(self.clock(), self.actor, CustodyAction.REMATCHED, f"rematch:{run_id}", "rematch", told)
