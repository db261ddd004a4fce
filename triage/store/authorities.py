"""Authorities as recorded: what lifts "do not render", and what was withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from triage.domain.authorities import Authority, AuthorityKind, NewAuthority
from triage.domain.errors import NotFound

from .intake_tables import authority
from .rows import among
from .tables import occurrence


@dataclass(frozen=True, slots=True)
class Authorities:
    """Access to authorities within one unit of work. None is ever deleted."""

    connection: Connection

    def add(self, new: NewAuthority, now: datetime, by: str) -> Authority:
        """Record an authority."""
        row = {
            "kind": new.kind,
            "reference": new.reference,
            "person": new.person,
            "given_at": new.given_at,
            "recorded_at": now,
            "recorded_by": by,
            "submission_id": new.submission_id,
            "item_id": new.item_id,
        }
        return _authority(self.connection.execute(insert(authority).values(row).returning(authority)).one())

    def standing(self, new: NewAuthority) -> Authority | None:
        """The same authority, where it is recorded already and not withdrawn."""
        row = self.connection.execute(
            select(authority)
            .where(
                authority.c.kind == new.kind,
                authority.c.reference == new.reference,
                authority.c.person == new.person,
                authority.c.given_at == new.given_at,
                authority.c.submission_id == new.submission_id,
                authority.c.item_id.is_not_distinct_from(new.item_id),
                authority.c.withdrawn_at.is_(None),
            )
            .order_by(authority.c.id)
            .limit(1)
        ).one_or_none()
        return _authority(row) if row else None

    def get(self, authority_id: int) -> Authority:
        """One authority. Raises NotFound."""
        row = self.connection.execute(select(authority).where(authority.c.id == authority_id)).one_or_none()
        if row is None:
            raise NotFound("no-authority", f"There is no authority A-{authority_id}.")
        return _authority(row)

    def withdraw(self, authority_id: int, now: datetime, by: str, because: str) -> bool:
        """End one; whether this call did, or it had ended before."""
        ended = self.connection.execute(
            update(authority)
            .where(authority.c.id == authority_id, authority.c.withdrawn_at.is_(None))
            .values(withdrawn_at=now, withdrawn_by=by, withdrawn_because=because)
        )
        return bool(ended.rowcount)

    def of_submissions(self, submission_ids: Sequence[int]) -> list[Authority]:
        """All of these submissions, withdrawn ones included, oldest first."""
        named = among(self.connection, authority.c.submission_id, submission_ids)
        rows = self.connection.execute(select(authority).where(named).order_by(authority.c.id))
        return [_authority(row) for row in rows]

    def all(self, limit: int) -> list[Authority]:
        """The latest, newest first."""
        rows = self.connection.execute(select(authority).order_by(authority.c.id.desc()).limit(limit))
        return [_authority(row) for row in rows]

    def is_held(self, submission_id: int, item_id: int) -> bool:
        """Whether the item occurs in the submission."""
        found = select(occurrence.c.id).where(
            occurrence.c.submission_id == submission_id, occurrence.c.item_id == item_id
        )
        return self.connection.execute(found.limit(1)).first() is not None


def _authority(row: Row[Any]) -> Authority:
    return Authority(
        id=row.id,
        kind=AuthorityKind(row.kind),
        reference=row.reference,
        person=row.person,
        given_at=row.given_at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        submission_id=row.submission_id,
        item_id=row.item_id,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_because=row.withdrawn_because,
    )
