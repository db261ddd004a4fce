"""What the whole deployment comes to, counted by the database: for operators, never item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, func, select, text

from triage.domain.jobs import JobState

from .deployment_tables import custody_head
from .engine import database_now
from .job_tables import job
from .tables import item, processing_note, referral, rematch, sealed_object, submission
from .workers import Workers


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one moment. They come from rows that stay, so that they survive restarts of everything."""

    submissions: Mapping[str, int]  # by state
    items: Mapping[str, int]  # by outcome
    notes: Mapping[str, int]  # items by processing note
    referrals: Mapping[str, int]  # by state
    jobs: Mapping[tuple[str, str], int]  # by stage and state
    oldest_seconds: Mapping[str, float]  # by stage: how long the oldest job has been owed, by the database's clock
    failed_attempts: int
    dead: Mapping[str, int]  # jobs given up, by the code of their last error
    leases: int  # jobs in somebody's hands now
    owners: int  # somebodies
    workers: int  # processes that answer shared doorbells and were seen lately
    threads: int  # theirs
    sealed_objects: int
    sealed_bytes: int
    segments: int
    custody_records: int
    rematch_items: int  # listed so far by re-matches that are not finished


@dataclass(frozen=True, slots=True)
class FigureReading:
    """Reads within one unit of work. Some seconds of scanning at millions of items: ask rarely."""

    connection: Connection

    def figures(self) -> Figures:
        """All of it, of one moment."""
        owed = job.c.state == JobState.READY
        now = database_now(self.connection)
        oldest = select(job.c.stage, now - func.min(job.c.made_at)).where(owed).group_by(job.c.stage)
        held = self._row(
            select(func.count(), func.count(job.c.owner.distinct())).where(owed, job.c.lease_until > now)
        )
        sealed = self._row(
            select(
                func.count(),
                func.coalesce(func.sum(sealed_object.c.stored_length), 0),
                func.count(sealed_object.c.segment.distinct()),
            )
        )
        states = self.connection.execute(
            select(job.c.stage, job.c.state, func.count(), func.sum(job.c.attempts)).group_by(
                job.c.stage, job.c.state
            )
        ).all()
        dead = select(job.c.last_error, func.count()).where(job.c.state == JobState.DEAD).group_by(job.c.last_error)
        serving = Workers(self.connection).serving()
        return Figures(
            submissions=self._by(submission.c.state),
            items=self._by(item.c.outcome, item.c.same_as.is_(None)),
            notes=self._by(processing_note.c.code),
            referrals=self._by(referral.c.state),
            jobs={(row[0], row[1]): int(row[2]) for row in states},
            oldest_seconds={row[0]: max(0.0, float(row[1])) for row in self.connection.execute(oldest)},
            failed_attempts=sum(int(row[3]) for row in states),
            dead={str(row[0]): int(row[1]) for row in self.connection.execute(dead)},
            leases=held[0],
            owners=held[1],
            workers=serving[0],
            threads=serving[1],
            sealed_objects=sealed[0],
            sealed_bytes=sealed[1],
            segments=sealed[2],
            custody_records=self._row(select(func.coalesce(func.max(custody_head.c.size), 0)))[0],
            rematch_items=self._row(
                select(func.coalesce(func.sum(rematch.c["items"]), 0)).where(rematch.c.finished_at.is_(None))
            )[0],
        )

    def seconds_behind(self, own_seconds: float) -> float:
        """By how much the database's clock is ahead of `own_seconds`, seconds since 1970."""
        return float(self.connection.execute(select(database_now(self.connection))).scalar_one()) - own_seconds

    def keeps_statistics(self) -> bool | None:
        """Whether the server renews what its planner knows of the tables by itself; None where there is no server."""
        if self.connection.dialect.name != "postgresql":
            return None
        return bool(self.connection.execute(text("SHOW autovacuum")).scalar_one() == "on")

    def _by(self, column: object, *conditions: ColumnElement[bool]) -> dict[str, int]:
        counted = select(column, func.count()).where(*conditions).group_by(column)  # type: ignore[call-overload]
        rows = self.connection.execute(counted)
        return {str(row[0]): int(row[1]) for row in rows}

    def _row(self, query: Select[*tuple[object, ...]]) -> list[int]:
        return [int(value) for value in self.connection.execute(query).one()]
