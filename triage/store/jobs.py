"""The jobs table: what is owed, who holds it until when, and how often it was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, literal_column, select, text, update

from triage.domain.errors import Conflict
from triage.domain.jobs import EXCLUSIVE_STAGES, JobState, Lease, NewJob, Rank, Stage
from triage.telemetry.traces import traceparent

from .engine import database_now
from .job_tables import IN_HAND, WAITING, job, worker
from .rows import among, insert_all, sliced
from .tables import submission

_EXCLUSIVE = 0x7472_6961_6A6F  # "triajo": PostgreSQL's advisory lock, held while an exclusive job is claimed
ITEM_STAGES = (Stage.EXPAND, Stage.EXAMINE, Stage.LOOK_CLOSER, Stage.MATCH)

waiting, in_hand = text(WAITING), text(IN_HAND)
"""As conditions, in the words of their indexes."""
exclusive = job.c.stage.in_([stage.value for stage in EXCLUSIVE_STAGES])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the jobs of a submission stand, and the database's time when that was asked."""

    rank: Rank
    lane: int
    now: float


@dataclass(frozen=True, slots=True)
class Jobs:
    """Access to jobs within one unit of work."""

    connection: Connection

    def add(self, new: Sequence[NewJob]) -> None:
        """Write jobs that are owed from now on, in the places that their submissions have in the queue.

        They belong to the trace in which they are written.
        """
        if not new:
            return
        places, trace = self._places({entry.submission_id for entry in new}), traceparent()
        made_at = max(place.now for place in places.values())
        insert_all(
            self.connection,
            job,
            [
                {
                    "stage": entry.stage,
                    "submission_id": entry.submission_id or None,
                    "rematch_id": entry.rematch_id,
                    "item_ids": list(entry.item_ids),
                    "state": JobState.READY,
                    "rank": places[entry.submission_id].rank,
                    "lane": places[entry.submission_id].lane,
                    "priority": entry.priority,
                    "attempts": 0,
                    "fence": 0,
                    "owner": "",
                    "lease_until": 0.0,
                    "not_before": 0.0,
                    "ring_at": 0.0,
                    "trace": trace,
                    "made_at": made_at,
                }
                for entry in new
            ],
        )

    def _places(self, submission_ids: AbstractSet[int]) -> Mapping[int, _Place]:
        """By submission: the submissions of one case share a lane, and re-matches (0) have their own."""
        found: dict[int, _Place] = {}
        if 0 in submission_ids:
            asked = self.connection.execute(select(database_now(self.connection))).scalar_one()
            found[0] = _Place(Rank.NORMAL, 0, asked)
        of_case = submission.alias("of_case")
        lane = select(func.min(of_case.c.id)).where(of_case.c.case_ref == submission.c.case_ref).scalar_subquery()
        for part in sliced(sorted(submission_ids - {0})):
            now = database_now(self.connection).label("now")
            query = select(submission.c.id, submission.c.urgent, lane.label("lane"), now)
            for row in self.connection.execute(query.where(among(self.connection, submission.c.id, part))):
                found[row.id] = _Place(Rank.URGENT if row.urgent else Rank.NORMAL, row.lane, row.now)
        return found

    def promote(self) -> None:
        """Jobs of urgent submissions that stand among the others go first from now on.

        Ask again after a while: a job written while its submission was raised may have seen the rank of before.
        """
        urgent = select(submission.c.id).where(submission.c.urgent)
        self.connection.execute(
            update(job)
            .where(waiting, job.c.rank == Rank.NORMAL, job.c.submission_id.in_(urgent))
            .values(rank=Rank.URGENT)
        )

    def claim(self, job_id: int, owner: str, seconds: float) -> Lease | None:
        """Take the job, or None when another holds it, it is done, or its turn has not come.

        One whose last holder neither finished nor handed it back costs an attempt: it may be what the holder died of.
        """
        lease = self._claim(job_id, owner, seconds, ~exclusive)
        if lease is None and self._is_exclusive(job_id):
            if self.connection.dialect.name == "postgresql":
                # Two claims at once would each see that no exclusive job runs; SQLite's one writer cannot.
                self.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _EXCLUSIVE})
            running = job.alias("running")
            another = (
                select(running.c.id)
                .where(
                    running.c.state == literal_column("'ready'"),
                    running.c.ring_at > literal_column("0"),
                    running.c.stage.in_([stage.value for stage in EXCLUSIVE_STAGES]),
                    running.c.lease_until >= database_now(self.connection),
                    running.c.id != job_id,
                )
                .exists()
            )
            lease = self._claim(job_id, owner, seconds, ~another)
        return lease

    def _claim(self, job_id: int, owner: str, seconds: float, condition: ColumnElement[bool]) -> Lease | None:
        now = database_now(self.connection)
        row = self.connection.execute(
            update(job)
            .where(
                job.c.id == job_id,
                job.c.state == JobState.READY,
                job.c.lease_until < now,
                job.c.not_before <= now,
                condition,
            )
            .values(
                fence=job.c.fence + 1,
                owner=owner,
                lease_until=now + seconds,
                ring_at=now + seconds,
                attempts=job.c.attempts + case((job.c.owner != "", 1), else_=0),
            )
            .returning(
                job.c.fence,
                job.c.stage,
                job.c.submission_id,
                job.c.rematch_id,
                job.c.item_ids,
                job.c.attempts,
                job.c.trace,
            )
        ).one_or_none()
        if row is None:
            return None
        return Lease(
            job_id=job_id,
            fence=row.fence,
            stage=Stage(row.stage),
            submission_id=row.submission_id or 0,
            item_ids=tuple(row.item_ids),
            attempts=row.attempts,
            rematch_id=row.rematch_id,
            trace=row.trace,
        )

    def _is_exclusive(self, job_id: int) -> bool:
        query = select(job.c.id).where(job.c.id == job_id, exclusive, job.c.state == JobState.READY)
        return self.connection.execute(query).first() is not None

    def ring_again(self, job_ids: Sequence[int]) -> None:
        """These doorbells were lost, or answered too early (an exclusive job still ran): ring at the next chance."""
        now = database_now(self.connection)
        self.connection.execute(
            update(job)
            .where(job.c.id.in_(job_ids), in_hand, job.c.lease_until < now)
            .values(ring_at=job.c.not_before)
        )

    def renew(self, lease: Lease, seconds: float) -> None:
        """Hold on for longer. Raises Conflict when the lease was lost."""
        now = database_now(self.connection)
        self._fenced(lease, lease_until=now + seconds, ring_at=now + seconds)

    def finish(self, lease: Lease) -> None:
        """The job is done; commit together with its results. Raises Conflict when the lease was lost."""
        self._fenced(lease, state=JobState.DONE, lease_until=0.0, owner="", last_error=None)

    def release(self, lease: Lease) -> None:
        """Hand the job back untouched, at once ready for another."""
        self._fenced(lease, lease_until=0.0, ring_at=0.0, owner="")

    def retry_later(self, lease: Lease, error: str, delay: float, *, counted: bool = True) -> None:
        """Hand the job back with a pause of `delay` seconds, and one more attempt counted unless told otherwise."""
        now = database_now(self.connection)
        self._fenced(
            lease,
            attempts=job.c.attempts + int(counted),
            last_error=error,
            not_before=now + delay,
            lease_until=0.0,
            ring_at=now + delay,
            owner="",
        )

    def bury(self, lease: Lease, error: str, *, counted: bool = True) -> None:
        """Give up, visibly: the job stays as a dead letter with its reason. This attempt counts, or did already."""
        self._fenced(
            lease,
            state=JobState.DEAD,
            attempts=job.c.attempts + int(counted),
            last_error=error,
            lease_until=0.0,
            owner="",
        )

    def revive(self, job_id: int) -> None:
        """A dead letter is owed again, with fresh attempts; the reason stays until it is done."""
        self._dead(job_id, state=JobState.READY, attempts=0, not_before=0.0, ring_at=0.0)

    def settle_dead(self, job_id: int) -> None:
        """A dead letter is done: what it owed has become another job's."""
        self._dead(job_id, state=JobState.DONE)

    def _dead(self, job_id: int, **values: object) -> None:
        changed = self.connection.execute(
            update(job).where(job.c.id == job_id, job.c.state == JobState.DEAD).values(**values)
        )
        if changed.rowcount != 1:
            raise Conflict("job-not-dead", f"J-{job_id} was not given up.")

    def forget_rings(self) -> None:
        """Whatever was rung for may have been rung by a process that is gone: ring as soon as possible."""
        self.connection.execute(
            update(job)
            .where(in_hand, job.c.lease_until < database_now(self.connection))
            .values(ring_at=job.c.not_before)
        )

    def take_back_from_the_lost(self) -> int:
        """End the leases of owners that are no living worker (see `Workers`), an attempt each; how many there were.

        The job may be what they died of.
        """
        living = select(worker.c.name)
        return self._take_back(job.c.owner != "", job.c.owner.not_in(living), attempts=1)

    def take_back_but(self, owner: str, held: Sequence[int]) -> int:
        """End this owner's leases of jobs other than those that it has in hand; how many there were.

        A claim whose answer never arrived, and a job that could not be handed back, would look busy otherwise.
        """
        return self._take_back(job.c.owner == owner, job.c.id.not_in(held), attempts=0)

    def _take_back(self, *conditions: ColumnElement[bool], attempts: int) -> int:
        """The fence rises: whoever held the job and lives after all can commit nothing any more."""
        ended = self.connection.execute(
            update(job)
            .where(in_hand, *conditions)
            .values(
                lease_until=0.0,
                ring_at=0.0,
                owner="",
                fence=job.c.fence + 1,
                attempts=job.c.attempts + attempts,
            )
        )
        return ended.rowcount

    def is_any_owed(self) -> bool:
        """Whether anything is neither done nor dead."""
        return any(
            self.connection.execute(select(job.c.id).where(half).limit(1)).first() for half in (waiting, in_hand)
        )

    def owed(self, stage: Stage | None = None) -> int:
        """Jobs that are neither done nor dead, of all stages or of one."""
        kind = [job.c.stage == stage] if stage else []
        halves = [select(func.count()).select_from(job).where(half, *kind) for half in (waiting, in_hand)]
        return sum(self.connection.execute(half).scalar_one() for half in halves)

    def item_jobs_owed(self, submission_id: int) -> bool:
        """Whether any expand, examine, look-closer or match job of this submission is not done."""
        query = (
            select(job.c.id)
            .where(
                job.c.submission_id == submission_id,
                job.c.state == JobState.READY,
                job.c.stage.in_(ITEM_STAGES),
            )
            .limit(1)
        )
        return self.connection.execute(query).first() is not None

    def withdraw(self, rematch_id: int) -> None:
        """End what of a re-match is not at work: it goes on to a later state, and lists its items again."""
        self.connection.execute(
            update(job)
            .where(
                job.c.rematch_id == rematch_id,
                job.c.state == JobState.READY,
                job.c.lease_until < database_now(self.connection),
            )
            .values(state=JobState.DONE, owner="")
        )

    def rematch_owed(self, rematch_id: int) -> bool:
        """Whether any job of this re-match is neither done nor dead."""
        query = select(job.c.id).where(job.c.rematch_id == rematch_id, job.c.state == JobState.READY).limit(1)
        return self.connection.execute(query).first() is not None

    def is_owed(self, stage: Stage, submission_id: int) -> bool:
        """Whether this stage over this submission waits already. One at work read its facts when it began."""
        query = select(job.c.id).where(
            job.c.submission_id == submission_id,
            job.c.state == JobState.READY,
            job.c.stage == stage,
            job.c.lease_until < database_now(self.connection),
        )
        return self.connection.execute(query.limit(1)).first() is not None

    def times_done(self, stage: Stage, submission_ids: Sequence[int], but: int) -> int:
        """How many jobs of this stage over these submissions are done, without the job `but`. It only ever grows."""
        query = select(func.count(job.c.id)).where(
            among(self.connection, job.c.submission_id, submission_ids),
            job.c.state == JobState.DONE,
            job.c.stage == stage,
            job.c.id != but,
        )
        return self.connection.execute(query).scalar_one()

    def _fenced(self, lease: Lease, **values: object) -> None:
        changed = self.connection.execute(
            update(job)
            .where(job.c.id == lease.job_id, job.c.fence == lease.fence, job.c.state == JobState.READY)
            .values(**values)
        )
        if changed.rowcount != 1:
            raise Conflict("lease-lost", f"Job J-{lease.job_id} is held by another worker.")
