"""What a change of what is known owes: that everything answered before is matched again."""

from __future__ import annotations

from dataclasses import dataclass

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.jobs import NewJob, Stage
from triage.store.unit_of_work import Unit

from .clock import Clock


@dataclass(frozen=True)
class Owing:
    """Opens runs of matching again, or lets the unfinished one go on.

    `policy` is the provenance of this machine's policy, which counts where none is in force yet.
    """

    policy: str
    clock: Clock
    actor: str

    def owe(self, unit: Unit, because: str, *records: CustodyEvent) -> int | None:
        """Owe a run in this unit, or let the unfinished one go on to what is in force now; its number.

        None when every answer rests on what is in force. `because` is a code, perhaps with an id. Call it in the unit
        that records what is in force, instead of appending the `records` of the change to the log: it does both.
        """
        in_force = unit.hash_sets.hold()
        releases = in_force.version
        after_id = unit.matches.comparison(in_force.policy or self.policy, releases)
        unit.custody.hold()  # after the rows above: a batch that is being matched may be writing the comparison, too
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
            records = (*records, self.event(run_id, "owed", because=because, releases=releases))
        unit.custody.append(records)
        return run_id

    def _opened(self, unit: Unit, because: str, after_id: int) -> int | None:
        first = unit.items.resting_elsewhere(after_id)
        if not first:
            return None
        latest = unit.rematches.latest()
        before_id = latest.after.id if latest else unit.rematches.comparison_of(first[0])
        return unit.rematches.open(because, before_id, after_id, self.clock())

    def event(self, run_id: int, step: str, **details: str | int | None) -> CustodyEvent:
        """A record of a run."""
        told = {"step": step, **details}
        return CustodyEvent(self.clock(), self.actor, CustodyAction.REMATCHED, f"rematch:{run_id}", "rematch", told)
