"""Which worker processes live: each says so every few seconds, and whoever falls silent loses its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from triage.domain.workers import LOST_AFTER, Worker, WorkerKind

from .engine import database_now
from .job_tables import worker


@dataclass(frozen=True, slots=True)
class Workers:
    """Access to worker processes within one unit of work. All times are the database's."""

    connection: Connection

    def arrive(self, new: Worker) -> None:
        """Record a process that is about to take jobs."""
        now = database_now(self.connection)
        self.connection.execute(
            insert(worker).values(
                name=new.name,
                kind=new.kind,
                host=new.host,
                pid=new.pid,
                threads=new.threads,
                started_at=now,
                seen_at=now,
            )
        )

    def beat(self, name: str) -> bool:
        """It lives. False when it was given up meanwhile."""
        beaten = self.connection.execute(
            update(worker).where(worker.c.name == name).values(seen_at=database_now(self.connection))
        )
        return beaten.rowcount == 1

    def leave(self, names: Sequence[str]) -> None:
        """These processes take no more jobs: they ended, or died."""
        if names:
            self.connection.execute(delete(worker).where(worker.c.name.in_(names)))

    def give_up_silent(self, but: str) -> list[str]:
        """Forget whoever was not seen for `LOST_AFTER` seconds, the asking process excepted; their names."""
        silent = database_now(self.connection) - LOST_AFTER
        gone = delete(worker).where(worker.c.seen_at < silent, worker.c.name != but).returning(worker.c.name)
        return sorted(self.connection.execute(gone).scalars())

    def all(self) -> list[Worker]:
        """Everybody who is not given up, oldest first."""
        age = database_now(self.connection) - worker.c.seen_at
        query = select(worker, age.label("silent_for")).order_by(worker.c.started_at, worker.c.name)
        return [_worker(row) for row in self.connection.execute(query)]

    def serving(self) -> tuple[int, int]:
        """Processes that answer shared doorbells and were seen lately, and their threads for all jobs together."""
        lately = database_now(self.connection) - LOST_AFTER
        row = self.connection.execute(
            select(func.count(), func.coalesce(func.sum(worker.c.threads), 0)).where(
                worker.c.kind == WorkerKind.SHARED, worker.c.seen_at >= lately
            )
        ).one()
        return int(row[0]), int(row[1])


def _worker(row: Row[Any]) -> Worker:
    return Worker(
        name=row.name,
        kind=WorkerKind(row.kind),
        host=row.host,
        pid=row.pid,
        threads=row.threads,
        started_at=row.started_at,
        silent_for=row.silent_for,
    )
