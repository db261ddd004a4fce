"""The jobs table: what is owed, who holds it until when, and how often it was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select, text, update

from triage.domain.errors import Conflict
from triage.domain.jobs import EXCLUSIVE_STAGES, JobState, Lease, NewJob, Stage

from .engine import database_now
from .tables import job

_CLAIMING = 0x7472_6961_6A6F  # "triajo": PostgreSQL's advisory lock, held for one claim
ITEM_STAGES = (Stage.EXPAND, Stage.EXAMINE, Stage.MATCH)


@dataclass(frozen=True, slots=True)
class Jobs:
    """Access to jobs within one unit of work."""

    connection: Connection

    def add(self, new: Sequence[NewJob]) -> None:
        """Write jobs that are owed from now on."""
        if new:
            self.connection.execute(
                insert(job),
                [
                    {
                        "stage": entry.stage,
                        "submission_id": entry.submission_id or None,
                        "rematch_id": entry.rematch_id,
                        "item_ids": list(entry.item_ids),
                        "state": JobState.READY,
                        "priority": entry.priority,
                        "attempts": 0,
                        "fence": 0,
                        "owner": "",
                        "lease_until": 0.0,
                        "not_before": 0.0,
                        "rang_at": 0.0,
                    }
                    for entry in new
                ],
            )

    def ring(self, window: int, again_after: float) -> list[int]:
        """Up to `window` jobs that may start now, most urgent first, marked as rung.

        A job rung and not claimed within `again_after` seconds is rung again: a lost doorbell costs time only.
        """
        now = database_now(self.connection)
        waiting = and_(
            job.c.state == JobState.READY,
            job.c.lease_until < now,
            job.c.not_before <= now,
        )
        due = self.connection.execute(
            select(job.c.id, job.c.rang_at < now - again_after)
            .where(waiting, self._not_blocked(now))
            .order_by(job.c.priority, job.c.id)
            .limit(window)
        ).all()
        ids = [row[0] for row in due if row[1]]
        if ids:
            self.connection.execute(update(job).where(job.c.id.in_(ids)).values(rang_at=now))
        return ids

    def claim(self, job_id: int, owner: str, seconds: float) -> Lease | None:
        """Take the job, or None when another holds it, it is done, or its turn has not come.

        One whose last holder neither finished nor handed it back costs an attempt: it may be what the holder died of.
        """
        if self.connection.dialect.name == "postgresql":
            # Two claims at once would each see that no exclusive job runs; SQLite's one writer cannot.
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIMING})
        now = database_now(self.connection)
        row = self.connection.execute(
            update(job)
            .where(
                job.c.id == job_id,
                job.c.state == JobState.READY,
                job.c.lease_until < now,
                job.c.not_before <= now,
                self._not_blocked(now),
            )
            .values(
                fence=job.c.fence + 1,
                owner=owner,
                lease_until=now + seconds,
                attempts=job.c.attempts + case((job.c.owner != "", 1), else_=0),
            )
            .returning(
                job.c.fence, job.c.stage, job.c.submission_id, job.c.rematch_id, job.c.item_ids, job.c.attempts
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
        )

    def ring_again(self, job_id: int) -> None:
        """The doorbell was answered too early (an exclusive job still ran): ring as soon as the job may start."""
        self.connection.execute(update(job).where(job.c.id == job_id).values(rang_at=0.0))

    def renew(self, lease: Lease, seconds: float) -> None:
        """Hold on for longer. Raises Conflict when the lease was lost."""
        now = database_now(self.connection)
        self._fenced(lease, lease_until=now + seconds)

    def finish(self, lease: Lease) -> None:
        """The job is done; commit together with its results. Raises Conflict when the lease was lost."""
        self._fenced(lease, state=JobState.DONE, lease_until=0.0, owner="", last_error=None)

    def release(self, lease: Lease) -> None:
        """Hand the job back untouched, at once ready for another."""
        self._fenced(lease, lease_until=0.0, rang_at=0.0, owner="")

    def retry_later(self, lease: Lease, error: str, delay: float, *, counted: bool = True) -> None:
        """Hand the job back with a pause of `delay` seconds, and one more attempt counted unless told otherwise."""
        now = database_now(self.connection)
        self._fenced(
            lease,
            attempts=job.c.attempts + int(counted),
            last_error=error,
            not_before=now + delay,
            lease_until=0.0,
            rang_at=0.0,
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

    def forget_rings(self) -> None:
        """Whatever was rung for may have been rung by a process that is gone: ring as soon as possible."""
        self.connection.execute(update(job).where(job.c.state == JobState.READY).values(rang_at=0.0))

    def owners(self) -> list[str]:
        """Everybody who holds a lease or let one run out."""
        held = select(job.c.owner).where(job.c.state == JobState.READY, job.c.owner != "").distinct()
        return sorted(self.connection.execute(held).scalars())

    def take_back(self, owners: Sequence[str]) -> None:
        """End dead owners' leases early, an attempt each. One that lives after all is fenced off by a claim."""
        self.connection.execute(
            update(job)
            .where(job.c.state == JobState.READY, job.c.owner.in_(owners))
            .values(lease_until=0.0, rang_at=0.0, owner="", attempts=job.c.attempts + 1)
        )

    def owed(self, stage: Stage | None = None) -> int:
        """Jobs that are neither done nor dead, of all stages or of one."""
        query = select(func.count()).select_from(job).where(job.c.state == JobState.READY)
        if stage:
            query = query.where(job.c.stage == stage)
        return self.connection.execute(query).scalar_one()

    def item_jobs_owed(self, submission_id: int) -> bool:
        """Whether any expand, examine or match job of this submission is not done."""
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

    def _not_blocked(self, now: ColumnElement[float]) -> ColumnElement[bool]:
        running = job.alias("running")
        exclusive = [stage.value for stage in EXCLUSIVE_STAGES]
        another = (
            select(running.c.id)
            .where(
                running.c.state == JobState.READY,
                running.c.stage.in_(exclusive),
                running.c.lease_until >= now,
                running.c.id != job.c.id,
            )
            .exists()
        )
        return or_(job.c.stage.not_in(exclusive), ~another)

    def _fenced(self, lease: Lease, **values: object) -> None:
        changed = self.connection.execute(
            update(job)
            .where(job.c.id == lease.job_id, job.c.fence == lease.fence, job.c.state == JobState.READY)
            .values(**values)
        )
        if changed.rowcount != 1:
            raise Conflict("lease-lost", f"Job J-{lease.job_id} is held by another worker.")
