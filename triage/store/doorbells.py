"""For which jobs to ring next: urgent ones first, then fairly between cases, in the order of stages within a case.

What a ring costs does not grow with what waits. Jobs that wait stand in an index by rank, lane (a case), stage and
age; its lanes are found by jumping from one to the next, and the head of a lane is its first entry. Jobs in hand
(rung for, leased, pausing) stand in another index; they are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, TextClause, func, select, text, update

from triage.domain.jobs import Places, Rank, Ring

from .engine import database_now
from .job_tables import job
from .jobs import exclusive, in_hand, waiting

_RINGING = 0x7472_6961_7269  # "triari": PostgreSQL's advisory lock; of several relays one rings at a time
_MOST_LANES = 64
"""Lanes of one rank that are weighed against each other in one round; the next round begins where this one ended."""

_LANES = """
WITH RECURSIVE lane(number) AS (
    SELECT ({first})
    UNION ALL
    SELECT ({next}) FROM lane WHERE lane.number IS NOT NULL
)
SELECT number FROM lane WHERE number IS NOT NULL LIMIT :most
"""
_NEXT = "SELECT lane FROM job WHERE {state} AND rank = :rank AND lane > {after}{but} ORDER BY lane LIMIT 1"
_NOT_EXCLUSIVE = " AND stage NOT IN ('link', 'refer')"


@dataclass(frozen=True, slots=True)
class InHand:
    """Jobs rung for or leased, by (rank, lane), and whether an exclusive one is among them."""

    by_lane: dict[tuple[int, int], int]
    is_exclusive_among: bool

    def of(self, rank: Rank) -> int:
        """How many are of this rank."""
        return sum(count for (one, _), count in self.by_lane.items() if one == rank)


@dataclass(frozen=True, slots=True)
class Doorbells:
    """Choosing jobs to ring for, within one unit of work."""

    connection: Connection

    def take_turn(self) -> bool:
        """Whether it is this unit's turn to ring: another relay may be at it."""
        if self.connection.dialect.name != "postgresql":  # SQLite has one writer
            return True
        asked = text("SELECT pg_try_advisory_xact_lock(:key)")
        return bool(self.connection.execute(asked, {"key": _RINGING}).scalar_one())

    def in_hand(self) -> InHand:
        """What is being worked on, or soon: pauses do not count, nor what is due again."""
        now = database_now(self.connection)
        rows = self.connection.execute(
            select(job.c.rank, job.c.lane, exclusive.label("exclusive"), func.count().label("jobs"))
            .where(in_hand, job.c.ring_at > now, job.c.not_before <= now)
            .group_by(job.c.rank, job.c.lane, exclusive)
        ).all()
        by_lane: dict[tuple[int, int], int] = {}
        for row in rows:
            by_lane[row.rank, row.lane] = by_lane.get((row.rank, row.lane), 0) + row.jobs
        return InHand(by_lane, any(row.exclusive for row in rows))

    def ring(self, places: Places, again_after: float, after_lane: int = 0) -> list[Ring]:
        """Jobs that may start now, as many as there are places, marked as rung: most urgent first.

        Of lanes of one rank whichever has least in hand is served; of equals the next after `after_lane`. A job rung
        and not claimed within `again_after` seconds is rung again: a lost doorbell costs time only.
        """
        self._return_due()
        found = self.in_hand()
        blocked = found.is_exclusive_among
        rung: list[Ring] = []
        for rank in Rank:
            lanes = {
                lane: found.by_lane.get((rank, lane), 0) for lane in self._lanes(rank, after_lane, blocked=blocked)
            }
            while lanes and (line := _line(places, rank)) is not None:
                lane = min(lanes, key=lanes.__getitem__)  # of equals the first, so the order above decides
                head = self._take_head(rank, lane, again_after, blocked=blocked)
                if head is None:
                    del lanes[lane]
                    continue
                job_id, was_exclusive = head
                blocked = blocked or was_exclusive
                lanes[lane] += 1
                places = replace(places, urgent=places.urgent - line, normal=places.normal - (not line))
                rung.append(Ring(job_id, line, lane))
        return rung

    def _return_due(self) -> None:
        """Jobs whose lease, pause or doorbell has run out take their place in the queue again."""
        now = database_now(self.connection)
        due = select(job.c.id).where(in_hand, job.c.ring_at <= now).with_for_update(skip_locked=True)
        self.connection.execute(update(job).where(job.c.id.in_(due)).values(ring_at=0.0))

    def _lanes(self, rank: Rank, after: int, *, blocked: bool) -> Iterator[int]:
        """Lanes that have something to do, from the one after `after` round to it."""
        found = self._lanes_after(rank, after, blocked=blocked)
        yield from found
        if len(found) < _MOST_LANES:
            yield from (lane for lane in self._lanes_after(rank, -1, blocked=blocked) if lane <= after)

    def _lanes_after(self, rank: Rank, after: int, *, blocked: bool) -> Sequence[int]:
        values = {"rank": int(rank), "after": after, "most": _MOST_LANES}
        return list(self.connection.execute(_lanes_query(blocked=blocked), values).scalars())

    def _take_head(self, rank: Rank, lane: int, again_after: float, *, blocked: bool) -> tuple[int, bool] | None:
        conditions: list[ColumnElement[bool]] = [job.c.rank == int(rank), job.c.lane == lane]
        if blocked:
            conditions.append(~exclusive)
        head = (
            select(job.c.id)
            .where(waiting, *conditions)
            .order_by(job.c.priority, job.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self.connection.execute(
            update(job)
            .where(job.c.id == head.scalar_subquery())
            .values(ring_at=database_now(self.connection) + again_after)
            .returning(job.c.id, exclusive.label("exclusive"))
        ).one_or_none()
        return (row.id, bool(row.exclusive)) if row else None


def _line(places: Places, rank: Rank) -> bool | None:
    """At which line a job of this rank finds a place: True for the urgent one, False for the other, None at none."""
    if rank is Rank.URGENT and places.urgent > 0:
        return True
    return False if places.normal > 0 else None


def _lanes_query(*, blocked: bool) -> TextClause:
    but = _NOT_EXCLUSIVE if blocked else ""
    state = "state = 'ready' AND ring_at = 0"
    return text(
        _LANES.format(
            first=_NEXT.format(state=state, after=":after", but=but),
            next=_NEXT.format(state=state, after="lane.number", but=but),
        )
    )
