"""What is to be preserved, by submission: who holds it, and until when by estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, or_, select, update

from triage.domain.preservation import STILL_ASKED, PreservationEntry, soonest
from triage.domain.retention import HolderKind

from .intake_tables import preservation
from .rows import among, insert_new
from .tables import submission


@dataclass(frozen=True, slots=True)
class Preserved:
    """An entry, and which submission it came with."""

    submission_id: int
    entry: PreservationEntry


@dataclass(frozen=True, slots=True)
class Preservation:
    """Access within one unit of work."""

    connection: Connection

    def add(self, entries: Mapping[int, Sequence[PreservationEntry]], today: date) -> None:
        """Entries by submission. A submission is preserved until the first of its ends, or earlier if it was said."""
        rows = [
            {
                "submission_id": submission_id,
                "holder": one.holder,
                "holder_kind": one.holder_kind,
                "country": one.country,
                "identifier": one.identifier,
                "since": one.since,
                "expires_on": one.expires_on,
                "rule": one.rule,
            }
            for submission_id, listed in entries.items()
            for one in listed
        ]
        insert_new(self.connection, preservation, rows)
        by_end: dict[date, list[int]] = {}
        for submission_id, listed in entries.items():
            end = soonest((one.expires_on for one in listed), today)
            if end:
                by_end.setdefault(end, []).append(submission_id)
        for end, submission_ids in by_end.items():
            later = or_(submission.c.preserve_until.is_(None), submission.c.preserve_until > end)
            named = among(self.connection, submission.c.id, submission_ids)
            self.connection.execute(update(submission).where(named, later).values(preserve_until=end))

    def of_submissions(self, submission_ids: Sequence[int], limit: int, today: date) -> list[Preserved]:
        """Entries of these submissions: what is still worth asking for by its end, then the rest, latest first."""
        named = among(self.connection, preservation.c.submission_id, submission_ids)
        worth = preservation.c.expires_on >= today - STILL_ASKED
        ends_of_worth = case((worth, preservation.c.expires_on))
        order = worth.desc(), ends_of_worth, preservation.c.expires_on.desc(), preservation.c.id
        rows = self.connection.execute(select(preservation).where(named).order_by(*order).limit(limit))
        return [_preserved(row) for row in rows]

    def count(self, submission_ids: Sequence[int]) -> dict[str, int]:
        """How many entries there are, by kind of record."""
        named = among(self.connection, preservation.c.submission_id, submission_ids)
        kind = preservation.c.holder_kind
        rows = self.connection.execute(select(kind, func.count()).where(named).group_by(kind).order_by(kind))
        return {row[0]: int(row[1]) for row in rows}

    def all(self, since: date | None, limit: int) -> list[Preserved]:
        """Entries of the whole deployment by their end; with `since` those that end on that day or later."""
        query = select(preservation)
        return self._page(query if since is None else query.where(preservation.c.expires_on >= since), limit)

    def soonest(self, submission_ids: Sequence[int], today: date) -> date | None:
        """The end that decides for these submissions together, what was said by hand included."""
        rows = self.connection.execute(
            select(preservation.c.expires_on)
            .where(among(self.connection, preservation.c.submission_id, submission_ids))
            .distinct()
        ).scalars()
        said = self.connection.execute(
            select(submission.c.preserve_until)
            .where(among(self.connection, submission.c.id, submission_ids), submission.c.preserve_until.is_not(None))
            .distinct()
        ).scalars()
        return soonest([*rows, *(end for end in said if end)], today)

    def _page(self, query: Select[Any], limit: int) -> list[Preserved]:
        ordered = query.order_by(preservation.c.expires_on, preservation.c.id).limit(limit)
        return [_preserved(row) for row in self.connection.execute(ordered)]


def _preserved(row: Row[Any]) -> Preserved:
    return Preserved(
        row.submission_id,
        PreservationEntry(
            holder=row.holder,
            holder_kind=HolderKind(row.holder_kind),
            country=row.country,
            identifier=row.identifier,
            since=row.since,
            expires_on=row.expires_on,
            rule=row.rule,
        ),
    )
