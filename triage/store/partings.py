"""Submissions that a person set apart although rules would join them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, text, update

from triage.domain.networks import Parting

from .plan_tables import parting
from .rows import among

_LOCK = 0x7472_6961_6E65  # "triane": PostgreSQL's advisory lock for joins and what sets them aside


@dataclass(frozen=True, slots=True)
class Partings:
    """Access to partings within one unit of work."""

    connection: Connection

    def hold(self) -> None:
        """Let no other unit join or part submissions until this one ends."""
        if self.connection.dialect.name == "postgresql":  # SQLite has one writer
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    def add(self, pairs: Mapping[tuple[int, int], Mapping[str, int]], plan_id: int, now: datetime) -> None:
        """Set pairs (low id first) apart, with the grounds that each has."""
        rows = [
            {
                "low_id": low,
                "high_id": high,
                "plan_id": plan_id,
                "grounds": dict(grounds),
                "told": {},
                "made_at": now,
            }
            for (low, high), grounds in sorted(pairs.items())
        ]
        if rows:
            self.connection.execute(insert(parting), rows)

    def touching(self, submission_ids: Sequence[int]) -> list[Parting]:
        """Partings in force with one of these submissions at an end."""
        low = among(self.connection, parting.c.low_id, submission_ids)
        high = among(self.connection, parting.c.high_id, submission_ids)
        query = select(parting).where(parting.c.ended_at.is_(None), or_(low, high)).order_by(parting.c.id)
        return [
            Parting(row.id, row.low_id, row.high_id, row.plan_id, row.grounds, row.told)
            for row in self.connection.execute(query)
        ]

    def say(self, parting_id: int, told: Mapping[str, int]) -> None:
        """Histories have told of so much by now."""
        self.connection.execute(update(parting).where(parting.c.id == parting_id).values(told=dict(told)))

    def end(self, parting_ids: Sequence[int], now: datetime) -> None:
        """Rules may join these pairs again. What was set apart stays on record."""
        named = among(self.connection, parting.c.id, parting_ids)
        self.connection.execute(update(parting).where(named).values(ended_at=now))
