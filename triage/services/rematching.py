"""Matching again what was answered, whenever what is known has changed. Stored values only: opens no evidence.

What estimates cannot decide keeps its answer, is owed a closer look, and comes back as another job of the run.
"""

from __future__ import annotations

from dataclasses import dataclass

from triage.domain.jobs import Lease, NewJob, Stage
from triage.settings import WorkSettings
from triage.store.rows import sliced
from triage.store.unit_of_work import Store

from .answering import Answers, events_of, write_answers
from .clock import Clock
from .concluding import conclude
from .hash_set_errors import answered
from .matching import Matching, holds
from .owing import Owing
from .policy_in_force import require_in_force

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
    matching: Matching
    work: WorkSettings
    clock: Clock
    actor: str

    @property
    def owing(self) -> Owing:
        """What a change owes, under the policy that is matched with."""
        return Owing(self.matching.policy.provenance, self.clock, self.actor)

    def in_force(self) -> tuple[str, str]:
        """The policy and the library's version on which answers should rest, as they stand. Cheap."""
        with answered():
            self.matching.library.refresh()
        with self.store.reading() as unit:
            recorded = unit.hash_sets.recorded()
        return recorded.policy, recorded.version

    def notice(self, because: str = "noticed", *, insist: bool = False) -> int | None:
        """Owe a run if what is in force is not what the latest run reached, because a release expired, for example.

        The first to ask puts its policy in force, and so does whoever asks with `insist`, which is for people: then a
        run is owed for single items, too, that the latest could not answer. The run's number, or None.
        Raises Unavailable `other-policy`.
        """
        with answered():
            self.matching.library.refresh()
        with self.store.writing() as unit:
            recorded, policy = unit.hash_sets.hold(), self.matching.policy.provenance
            if insist or not recorded.policy:
                unit.hash_sets.put_in_force(policy)
            else:
                require_in_force(recorded, policy)
            in_force = (policy, recorded.version)
            latest = unit.rematches.latest()
            after = latest.after if latest and latest.finished_at else None
            reached = after is not None and (after.policy, after.releases) == in_force
            run_id = self.owing.owe(unit, because) if insist or not reached else None
            unit.commit()
        return run_id

    def rematch(self, lease: Lease) -> None:
        """Match the lease's items again, or list what its run has to match. Raises Tampered for a damaged release."""
        assert lease.rematch_id is not None
        if not lease.item_ids:
            while not self._listed(lease, lease.rematch_id):
                pass
        else:
            self.matching.identify(lease.item_ids)
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
                unit.custody.append([self.owing.event(run_id, "listed", items=unit.rematches.get(run_id).items)])
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
            if not holds(unit, answers):
                return False
            conclude(unit, run_id, now, self.actor)
            unit.commit()
        return True
