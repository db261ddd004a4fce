"""Jobs as people ask for them: those given up with their reason, those owed with who holds them. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, TextClause, select, text

from triage.domain.errors import NotFound
from triage.domain.jobs import JobState, Rank, Stage

from .engine import database_now
from .job_tables import job
from .jobs import in_hand, waiting

_DEAD = text("state = 'dead'")


@dataclass(frozen=True, slots=True)
class JobPage:
    """One job. `held_by` names the worker process that has it in hand; times are the database's."""

    id: int
    stage: Stage
    submission_id: int | None
    rematch_id: int | None
    item_ids: tuple[int, ...]
    state: JobState
    urgent: bool
    attempts: int
    held_by: str | None
    held_until: datetime | None
    not_before: datetime | None  # set while it pauses after a failure
    last_error: str | None


@dataclass(frozen=True, slots=True)
class JobPages:
    """Reads within one unit of work."""

    connection: Connection

    def get(self, job_id: int) -> JobPage:
        """One job. Raises NotFound."""
        found = self._pages(job.c.id == job_id, limit=1)
        if not found:
            raise NotFound("no-job", f"There is no job J-{job_id}.")
        return found[0]

    def dead(self, limit: int | None = None) -> list[JobPage]:
        """Jobs that were given up, by number."""
        return self._pages(_DEAD, limit=limit)

    def owed(self, limit: int) -> list[JobPage]:
        """Jobs in hand, then jobs that wait, in the order of the queue."""
        held = self._pages(in_hand, limit=limit)
        return [*held, *self._pages(waiting, limit=limit - len(held))]

    def _pages(self, condition: ColumnElement[bool] | TextClause, limit: int | None) -> list[JobPage]:
        now = database_now(self.connection).label("now")
        order = (job.c.rank, job.c.lane, job.c.priority, job.c.id)
        query = select(job, now).where(condition).order_by(*order).limit(limit)
        return [_page(row) for row in self.connection.execute(query)]


def _page(row: Row[Any]) -> JobPage:
    return JobPage(
        id=row.id,
        stage=Stage(row.stage),
        submission_id=row.submission_id,
        rematch_id=row.rematch_id,
        item_ids=tuple(row.item_ids),
        state=JobState(row.state),
        urgent=row.rank == Rank.URGENT,
        attempts=row.attempts,
        held_by=row.owner or None,
        held_until=_moment(row.lease_until) if row.owner else None,
        not_before=_moment(row.not_before) if row.state == JobState.READY and row.not_before > row.now else None,
        last_error=row.last_error,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
