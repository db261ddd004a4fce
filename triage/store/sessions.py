"""Sessions of people who are signed in, and what a sign-in in two steps remembers between them.

Only digests of tokens are kept: whoever reads the database can sign in as nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from .review_tables import ceremony, session

CeremonyHeld = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that a person is signed in with. `methods`: how, as `password`, `totp`, `passkey`, `oidc`."""

    token_sha256: bytes
    principal_id: int
    methods: tuple[str, ...]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    stepped_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ceremony:
    """The first half of something in two steps."""

    kind: str
    principal_id: int | None
    held: CeremonyHeld


@dataclass(frozen=True, slots=True)
class Sessions:
    """Access to sessions within one unit of work."""

    connection: Connection

    def begin(self, new: Session) -> None:
        """Sign in."""
        row = {
            "token_sha256": new.token_sha256,
            "principal_id": new.principal_id,
            "methods": list(new.methods),
            "created_at": new.created_at,
            "seen_at": new.seen_at,
            "expires_at": new.expires_at,
            "stepped_up_at": new.stepped_up_at,
        }
        self.connection.execute(insert(session).values(row))

    def live(self, token_sha256: bytes, now: datetime, seen_since: datetime) -> Session | None:
        """The session of this token, unless it was ended, is over, or has been idle since before `seen_since`."""
        query = select(session).where(session.c.token_sha256 == token_sha256, *is_live(now, seen_since))
        row = self.connection.execute(query).one_or_none()
        return _session(row) if row else None

    def of(self, principal_id: int, now: datetime, seen_since: datetime) -> list[Session]:
        """All that are live of one person, the latest first."""
        query = (
            select(session)
            .where(session.c.principal_id == principal_id, *is_live(now, seen_since))
            .order_by(session.c.created_at.desc())
        )
        return [_session(row) for row in self.connection.execute(query)]

    def see(self, token_sha256: bytes, now: datetime) -> None:
        """It is in use."""
        self.connection.execute(update(session).where(session.c.token_sha256 == token_sha256).values(seen_at=now))

    def end(self, token_sha256: bytes, now: datetime) -> bool:
        """Sign out here. False where it had ended."""
        open_ = (session.c.token_sha256 == token_sha256, session.c.ended_at.is_(None))
        return self.connection.execute(update(session).where(*open_).values(ended_at=now)).rowcount == 1

    def end_all(self, principal_id: int, now: datetime, but: bytes = b"") -> None:
        """Sign out everywhere, but perhaps in one browser."""
        open_ = (session.c.principal_id == principal_id, session.c.ended_at.is_(None), session.c.token_sha256 != but)
        self.connection.execute(update(session).where(*open_).values(ended_at=now))

    def prune(self, before: datetime, limit: int) -> int:
        """Delete sessions that were over before then, ended or not; how many."""
        over = select(session.c.token_sha256).where(or_(session.c.ended_at < before, session.c.expires_at < before))
        gone = delete(session).where(session.c.token_sha256.in_(over.limit(limit)))
        return self.connection.execute(gone).rowcount

    def remember(self, token_sha256: bytes, first: Ceremony, now: datetime, expires_at: datetime) -> None:
        """The first half; what others never finished goes."""
        self.connection.execute(delete(ceremony).where(ceremony.c.expires_at <= now))
        row = {"token_sha256": token_sha256, "kind": first.kind, "principal_id": first.principal_id}
        self.connection.execute(insert(ceremony).values(held=dict(first.held), expires_at=expires_at, **row))

    def peek(self, token_sha256: bytes, kind: str, now: datetime) -> Ceremony | None:
        """The first half, left where it is: for a form that may be filled in wrongly."""
        query = select(ceremony).where(
            ceremony.c.token_sha256 == token_sha256, ceremony.c.kind == kind, ceremony.c.expires_at > now
        )
        row = self.connection.execute(query).one_or_none()
        return Ceremony(row.kind, row.principal_id, row.held) if row else None

    def recall(self, token_sha256: bytes, kinds: Sequence[str], now: datetime) -> Ceremony | None:
        """The first half, once: of two that ask at once one gets it."""
        taken = self.connection.execute(
            delete(ceremony)
            .where(ceremony.c.token_sha256 == token_sha256, ceremony.c.kind.in_(kinds))
            .returning(ceremony.c.kind, ceremony.c.principal_id, ceremony.c.held, ceremony.c.expires_at)
        ).one_or_none()
        return Ceremony(taken.kind, taken.principal_id, taken.held) if taken and taken.expires_at > now else None


def is_live(now: datetime, seen_since: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions on `session`: not ended, not over, and not idle since before `seen_since`."""
    return session.c.ended_at.is_(None), session.c.expires_at > now, session.c.seen_at > seen_since


def _session(row: Row[Any]) -> Session:
    return Session(
        token_sha256=row.token_sha256,
        principal_id=row.principal_id,
        methods=tuple(row.methods),
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        stepped_up_at=row.stepped_up_at,
    )
