"""Looks: what was asked for, what was shown and for how long; and the approvals that some of them need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from triage.domain.access import Action
from triage.domain.decisions import DecisionState, SeenBasis
from triage.domain.exposure import Flagging, Seen
from triage.domain.items import ItemKind, Outcome
from triage.domain.looks import LookFacts
from triage.domain.renditions import stills_of

from .flagged import is_flagged
from .review_tables import approval, decision, principal, viewing
from .rows import among, sliced
from .tables import item, look_alike, raster


@dataclass(frozen=True, slots=True)
class Viewing:
    """One look as it is kept."""

    id: int
    principal_id: int
    item_id: int
    referral_id: int
    reason: str
    words: str
    level: str
    still: int | None
    of_known: bool
    of_decided: bool
    of_flagged: bool
    approval_id: int | None
    override_id: int | None
    asked_at: datetime
    token_until: datetime
    shown_at: datetime | None
    ended_at: datetime | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Viewings:
    """Access to looks within one unit of work."""

    connection: Connection

    def hold_person(self, principal_id: int) -> None:
        """No other look of this person is allowed until this unit ends: two at once would each find room."""
        query = select(principal.c.id).where(principal.c.id == principal_id).with_for_update()
        self.connection.execute(query)

    def facts(self, item_id: int, principal_id: int, scheme: str, flagging: Flagging) -> LookFacts | None:
        """What is so of the item before this person looks at it; None where there is no such item."""
        row = self.connection.execute(
            select(item.c.outcome, item.c.kind, raster.c.format, raster.c.frames, look_alike.c.centre_id)
            .outerjoin(look_alike, look_alike.c.item_id == item.c.id)
            .outerjoin(raster, raster.c.item_id == item.c.id)
            .where(item.c.id == item_id)
        ).one_or_none()
        if row is None:
            return None
        stands_for = row.centre_id or item_id
        return LookFacts(
            item_id=item_id,
            is_known=row.outcome == Outcome.KNOWN,
            is_decided=self._is_decided(item_id, scheme),
            stands_for=stands_for,
            representative_settled=stands_for == item_id or self._is_settled(stands_for, scheme),
            stills=_stills(row.kind, row.format, row.frames),
            seen=self._stills_shown(item_id, principal_id),
            is_flagged=is_flagged(self.connection, item_id, flagging),
        )

    def stills(self, item_id: int) -> int:
        """How many stills of an item may be asked for: 1 of what does not move."""
        row = self.connection.execute(
            select(item.c.kind, raster.c.format, raster.c.frames)
            .outerjoin(raster, raster.c.item_id == item.c.id)
            .where(item.c.id == item_id)
        ).one()
        return _stills(row.kind, row.format, row.frames)

    def allow(self, values: dict[str, Any]) -> int:
        """Write a look that was allowed and not shown yet; its id."""
        made: int = self.connection.execute(insert(viewing).values(**values).returning(viewing.c.id)).scalar_one()
        return made

    def by_token(self, token_sha256: bytes) -> Viewing | None:
        """The look that this token opens, whatever has become of it."""
        query = select(viewing).where(viewing.c.token_sha256 == token_sha256)
        row = self.connection.execute(query).one_or_none()
        return None if row is None else _viewing(row)

    def get(self, look_id: int, principal_id: int) -> Viewing | None:
        """A look of this person."""
        query = select(viewing).where(viewing.c.id == look_id, viewing.c.principal_id == principal_id)
        row = self.connection.execute(query).one_or_none()
        return None if row is None else _viewing(row)

    def spend(self, look_id: int, now: datetime) -> bool:
        """The token is used up; false when another was faster. Commit before a byte is opened."""
        spent = self.connection.execute(
            update(viewing).where(viewing.c.id == look_id, viewing.c.shown_at.is_(None)).values(shown_at=now)
        )
        return spent.rowcount == 1

    def end(self, look_id: int, seconds: float, now: datetime) -> bool:
        """The look is over; false when it was already, or never began."""
        ended = self.connection.execute(
            update(viewing)
            .where(viewing.c.id == look_id, viewing.c.shown_at.is_not(None), viewing.c.ended_at.is_(None))
            .values(ended_at=now, seconds=seconds)
        )
        return ended.rowcount == 1

    def unended(self, principal_id: int) -> list[Viewing]:
        """Looks of this person that were shown and whose end nobody told."""
        query = select(viewing).where(
            viewing.c.principal_id == principal_id, viewing.c.shown_at.is_not(None), viewing.c.ended_at.is_(None)
        )
        return [_viewing(row) for row in self.connection.execute(query.order_by(viewing.c.id))]

    def drop_unspent(self, principal_id: int) -> None:
        """A person has one look in hand: tokens of before that were not opened never can be."""
        self.connection.execute(
            update(viewing)
            .where(viewing.c.principal_id == principal_id, viewing.c.shown_at.is_(None))
            .values(token_until=viewing.c.asked_at)
        )

    def seen_since(self, principal_id: int, since: datetime, now: datetime, longest_seconds: float) -> list[Seen]:
        """What the person was shown since then. One without an end has lasted until now, or as long as any may."""
        query = select(viewing).where(viewing.c.principal_id == principal_id, viewing.c.shown_at >= since)
        found = []
        for row in self.connection.execute(query.order_by(viewing.c.shown_at)):
            lasting = min(max((now - row.shown_at).total_seconds(), 0.0), longest_seconds)
            seconds = lasting if row.ended_at is None else row.seconds
            found.append(Seen(row.shown_at, seconds, row.of_flagged))
        return found

    def bases(self, principal_id: int, item_ids: Sequence[int]) -> dict[int, SeenBasis]:
        """The clearest that this person was shown of each item; items of which nothing was are left out."""
        found: dict[int, SeenBasis] = {}
        for part in sliced(item_ids):
            query = select(viewing.c.item_id, viewing.c.level).where(
                among(self.connection, viewing.c.item_id, part),
                viewing.c.principal_id == principal_id,
                viewing.c.shown_at.is_not(None),
            )
            for row in self.connection.execute(query):
                if found.get(row.item_id) is not SeenBasis.FULL:
                    found[row.item_id] = SeenBasis(row.level)
        return found

    def granted(self, approval_id: int, action: str, subject: str, asked_by: int, now: datetime) -> bool:
        """Whether another person has granted exactly this to this person, and it is unused and in time."""
        query = select(approval.c.id).where(*_granting(approval_id, action, subject, asked_by, now))
        return self.connection.execute(query).first() is not None

    def use(self, approval_id: int, action: str, subject: str, asked_by: int, now: datetime) -> bool:
        """Use a grant up; false when it is none, or was used."""
        used = self.connection.execute(
            update(approval).where(*_granting(approval_id, action, subject, asked_by, now)).values(used_at=now)
        )
        return used.rowcount == 1

    def override(self, person_id: int, by: int, because: str, now: datetime, until: datetime) -> int:
        """Write a grant of one look beyond the time policy, by another person; its number."""
        row = {
            "action": Action.OVERRIDE_TIME,
            "subject": f"person:{person_id}",
            "reason": because,
            "asked_by": person_id,
            "asked_at": now,
            "answered_by": by,
            "answered_at": now,
            "granted": True,
            "expires_at": until,
        }
        made: int = self.connection.execute(insert(approval).values(row).returning(approval.c.id)).scalar_one()
        return made

    def of_person(self, principal_id: int, since: datetime, limit: int) -> list[Viewing]:
        """The person's looks, newest first."""
        query = select(viewing).where(viewing.c.principal_id == principal_id, viewing.c.shown_at >= since)
        return [_viewing(row) for row in self.connection.execute(query.order_by(viewing.c.id.desc()).limit(limit))]

    def _is_decided(self, item_id: int, scheme: str) -> bool:
        query = select(decision.c.id).where(
            decision.c.item_id == item_id,
            decision.c.scheme == scheme,
            decision.c.state.in_([DecisionState.STANDING, DecisionState.AWAITING_SECOND]),
        )
        return self.connection.execute(query.limit(1)).first() is not None

    def _is_settled(self, item_id: int, scheme: str) -> bool:
        """Looked at by anybody, decided, or closed by its answer: it can stand for its group."""
        closed = select(item.c.id).where(item.c.id == item_id, item.c.closed_because.is_not(None))
        is_closed = self.connection.execute(closed).first() is not None
        return is_closed or self._is_decided(item_id, scheme) or self._was_shown(item_id)

    def _stills_shown(self, item_id: int, principal_id: int) -> frozenset[int | None]:
        shown = viewing.c.shown_at.is_not(None)
        query = select(viewing.c.still).where(
            viewing.c.item_id == item_id, viewing.c.principal_id == principal_id, shown
        )
        return frozenset(self.connection.execute(query.distinct()).scalars())

    def _was_shown(self, item_id: int) -> bool:
        query = select(viewing.c.id).where(viewing.c.item_id == item_id, viewing.c.shown_at.is_not(None))
        return self.connection.execute(query.limit(1)).first() is not None


def _granting(approval_id: int, action: str, subject: str, asked_by: int, now: datetime) -> tuple[Any, ...]:
    return (
        approval.c.id == approval_id,
        approval.c.action == action,
        approval.c.subject == subject,
        approval.c.asked_by == asked_by,
        approval.c.answered_by != asked_by,
        approval.c.granted,
        approval.c.used_at.is_(None),
        approval.c.expires_at > now,
    )


def _viewing(row: Row[Any]) -> Viewing:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Viewing(**{name: values[name] for name in Viewing.__dataclass_fields__})


def _stills(kind: str, format_name: str | None, frames: int | None) -> int:
    return stills_of(ItemKind(kind), format_name or "", frames or 1)
