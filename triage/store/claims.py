"""Claims, what people declined, and the queue as one person may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from triage.domain.claims import Claim, QueueFilter, ReferralState
from triage.domain.errors import Conflict, NotFound
from triage.domain.items import Outcome
from triage.domain.people import EVERY_CASE, Principal
from triage.domain.referral_facts import ReferralFacts, facts_of

from .access import visible_referrals
from .engine import database_now
from .intake_tables import preservation
from .review_tables import claim, declined, principal, saved_view, worked_on
from .rows import among, insert_or_ignore
from .tables import item, occurrence, referral, referral_member, submission

_TRIES = 20
"""Referrals that others may take from under our hands before we say that there is none."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One referral of the queue. `holder` is the name of the person who has it in hand, "" where nobody has."""

    id: int
    state: str
    danger: int
    clock: int
    solvability: int
    network: int
    reasons: list[dict[str, Any]]
    cases: list[str]
    submissions: list[int]
    holder: str
    is_mine: bool
    expires_on: date | None
    facts: ReferralFacts  # as counted when it was last assessed
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter under a name of the person's own."""

    id: int
    name: str
    filter: QueueFilter


@dataclass(frozen=True, slots=True)
class Claims:
    """Access to claims within one unit of work."""

    connection: Connection

    def take(self, referral_id: int, who: Principal, seconds: float, now: datetime) -> Claim | None:
        """Claim this referral, or None when it is closed, held by another, or not the person's to see.

        Whoever has it in hand already goes on with the same fence. Asked for by name, one that was declined is given.
        """
        seen = select(referral.c.id).where(
            referral.c.id == referral_id, referral.c.state == ReferralState.OPEN, visible_referrals(who, now)
        )
        if self.connection.execute(seen).first() is None:
            return None
        return self._insert(referral_id, who.id, seconds, now)

    def take_next(
        self, who: Principal, wanted: QueueFilter, seconds: float, now: datetime, passing: Sequence[int] = ()
    ) -> Claim | None:
        """Claim the first referral in the queue's order that is free, not declined, and not among `passing`.

        On PostgreSQL rows that others are just claiming are skipped over; SQLite has one writer.
        """
        query = (
            self._queue(who, wanted, now)
            .with_only_columns(referral.c.id)
            .where(~self._declined(who.id), ~self._held())
            .limit(1)
        )
        passed = list(passing)
        for _ in range(_TRIES):
            found = self.connection.execute(
                query.where(referral.c.id.not_in(passed)).with_for_update(
                    of=referral, skip_locked=True, key_share=True
                )
            ).scalar_one_or_none()
            if found is None:
                return None
            taken = self._insert(found, who.id, seconds, now)
            if taken is not None:
                return taken
            passed.append(found)
        return None

    def renew(self, held: Claim, seconds: float) -> None:
        """Hold on for longer. Raises Conflict `claim-lost`. A claim that ran out and was not followed holds again."""
        self._fenced(held, lease_until=database_now(self.connection) + seconds)

    def require(self, held: Claim) -> None:
        """Nobody else can take it until this unit ends. Raises Conflict `claim-lost`, also when it ran out."""
        self._fenced(held, claim.c.lease_until >= database_now(self.connection), lease_until=claim.c.lease_until)

    def put_back(self, held: Claim) -> None:
        """Free the referral. What is left of the claim is its fence: no name, no time."""
        self._fenced(held, principal_id=None, claimed_at=None, lease_until=0.0)

    def hand_over(self, held: Claim, to: Principal, seconds: float, now: datetime) -> Claim | None:
        """Put it into another's hands; None where that cannot be, for whatever reason."""
        self.require(held)
        may = select(referral.c.id).where(
            referral.c.id == held.referral_id, visible_referrals(to, now), ~self._declined(to.id)
        )
        if self.connection.execute(may).first() is None:
            return None
        fence = held.fence + 1
        self._fenced(
            held,
            principal_id=to.id,
            claimed_at=now,
            lease_until=database_now(self.connection) + seconds,
            fence=fence,
        )
        return Claim(held.referral_id, to.id, fence)

    def decline(self, principal_id: int, referral_id: int) -> None:
        """Do not offer it to this person again. Nobody else is told, now or later."""
        row = {"principal_id": principal_id, "referral_id": referral_id}
        self.connection.execute(insert_or_ignore(self.connection, declined), [row])

    def offer_again(self, principal_id: int, referral_id: int) -> None:
        """Take a decline back."""
        mine = (declined.c.principal_id == principal_id, declined.c.referral_id == referral_id)
        self.connection.execute(delete(declined).where(*mine))

    def declined_by(self, principal_id: int) -> list[int]:
        """What the person declined: for the person's own page only."""
        query = select(declined.c.referral_id).where(declined.c.principal_id == principal_id)
        return sorted(self.connection.execute(query).scalars())

    def held_by(self, principal_id: int) -> list[Claim]:
        """The claims that a person has in hand now."""
        mine = (claim.c.principal_id == principal_id, claim.c.lease_until >= database_now(self.connection))
        rows = self.connection.execute(select(claim).where(*mine).order_by(claim.c.referral_id))
        return [Claim(row.referral_id, row.principal_id, row.fence) for row in rows]

    def on(self, referral_id: int, principal_id: int) -> Claim:
        """The claim that this person has on this referral now. Raises Conflict `claim-lost`."""
        for held in self.held_by(principal_id):
            if held.referral_id == referral_id:
                return held
        raise Conflict("claim-lost", f"R-{referral_id} is not in your hands.")

    def submissions_of(self, referral_id: int) -> list[int]:
        """What the referral holds."""
        query = select(referral_member.c.submission_id).where(referral_member.c.referral_id == referral_id)
        return sorted(self.connection.execute(query).scalars())

    def remember_work(self, referral_id: int, principal_id: int, now: datetime) -> None:
        """The person has decided or looked in it, and is told what becomes of it."""
        row = {"referral_id": referral_id, "principal_id": principal_id, "first_at": now}
        self.connection.execute(insert_or_ignore(self.connection, worked_on), [row])

    def lines(
        self, who: Principal, wanted: QueueFilter, now: datetime, limit: int, offset: int = 0
    ) -> list[QueueLine]:
        """The queue as this person may see it, most urgent first, less what the person declined."""
        # Referrals and claims are read of what is shown of it, and not of all that stands before.
        place = (referral.c.id, referral.c.sort_key, referral.c.created_at)
        standing = self._queue(who, wanted, now).where(~self._declined(who.id)).with_only_columns(*place)
        shown = standing.limit(limit).offset(offset).subquery()
        held = and_(claim.c.referral_id == shown.c.id, claim.c.lease_until >= database_now(self.connection))
        rows = self.connection.execute(
            select(referral, principal.c.name.label("holder"), claim.c.principal_id.label("holder_id"))
            .join(shown, shown.c.id == referral.c.id)
            .outerjoin(claim, held)
            .outerjoin(principal, principal.c.id == claim.c.principal_id)
            .order_by(shown.c.sort_key, shown.c.created_at, shown.c.id)
        ).all()
        members = self._members([row.id for row in rows])
        ends = self._ends([row.id for row in rows])
        return [_line(row, members.get(row.id, []), ends.get(row.id), who, now) for row in rows]

    def count(self, who: Principal, wanted: QueueFilter, now: datetime) -> int:
        """How many referrals `lines` has in all."""
        query = self._queue(who, wanted, now).where(~self._declined(who.id)).with_only_columns(referral.c.id)
        return self.connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()

    def save_view(self, principal_id: int, name: str, wanted: QueueFilter) -> None:
        """Keep a filter under this name, over one that has it already."""
        mine = (saved_view.c.principal_id == principal_id, saved_view.c.name == name)
        changed = self.connection.execute(update(saved_view).where(*mine).values(filter=wanted.document()))
        if not changed.rowcount:
            row = {"principal_id": principal_id, "name": name, "filter": wanted.document()}
            self.connection.execute(insert(saved_view), [row])

    def saved_views(self, principal_id: int) -> list[SavedView]:
        """The person's own, by name. One that no longer reads as a filter is left out."""
        query = select(saved_view).where(saved_view.c.principal_id == principal_id).order_by(saved_view.c.name)
        found = []
        for row in self.connection.execute(query):
            try:
                found.append(SavedView(row.id, row.name, QueueFilter.of(row.filter)))
            except ValueError:
                continue
        return found

    def forget_view(self, principal_id: int, view_id: int) -> None:
        """Raises NotFound, for another's too."""
        mine = (saved_view.c.id == view_id, saved_view.c.principal_id == principal_id)
        if not self.connection.execute(delete(saved_view).where(*mine)).rowcount:
            raise NotFound("no-saved-view", "There is no such saved view.")

    def _insert(self, referral_id: int, principal_id: int, seconds: float, moment: datetime) -> Claim | None:
        """The one place where a referral gets a holder: by key, so that the database lets one through."""
        now = database_now(self.connection)
        make = sqlite.insert if self.connection.dialect.name == "sqlite" else postgresql.insert
        values = {"principal_id": principal_id, "claimed_at": moment, "lease_until": now + seconds}
        statement = make(claim).values(referral_id=referral_id, fence=1, **values)
        is_mine = and_(claim.c.principal_id == principal_id, claim.c.lease_until >= now)
        row = self.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[claim.c.referral_id],
                set_={**values, "fence": claim.c.fence + 1},
                where=claim.c.lease_until < now,
            ).returning(claim.c.fence)
        ).one_or_none()
        if row is not None:
            return Claim(referral_id, principal_id, row.fence)
        fence = self.connection.execute(
            select(claim.c.fence).where(claim.c.referral_id == referral_id, is_mine)
        ).scalar_one_or_none()
        return None if fence is None else Claim(referral_id, principal_id, fence)

    def _fenced(self, held: Claim, *conditions: ColumnElement[bool], **values: Any) -> None:
        changed = self.connection.execute(
            update(claim)
            .where(
                claim.c.referral_id == held.referral_id,
                claim.c.principal_id == held.principal_id,
                claim.c.fence == held.fence,
                *conditions,
            )
            .values(**values)
        )
        if changed.rowcount != 1:
            raise Conflict("claim-lost", f"R-{held.referral_id} is not in your hands any more.")

    def _held(self) -> ColumnElement[bool]:
        # A list made once: the clock tells each referral another time, and so no plan would join.
        in_hand = claim.c.lease_until >= database_now(self.connection)
        return referral.c.id.in_(select(claim.c.referral_id).where(in_hand))

    def _declined(self, principal_id: int) -> ColumnElement[bool]:
        mine = and_(declined.c.principal_id == principal_id, declined.c.referral_id == referral.c.id)
        return select(declined.c.referral_id).where(mine).correlate(referral).exists()

    def _queue(self, who: Principal, wanted: QueueFilter, now: datetime) -> Select[Any]:
        """Referrals that pass the filter, in the queue's order."""
        conditions = [
            referral.c.state == wanted.state,
            visible_referrals(who, now),
        ]
        # What asks for nothing is not asked: four conditions that all meet would look like one in eighty that does.
        levels = {axis: getattr(wanted, axis) for axis in ("danger", "clock", "solvability", "network")}
        conditions += [referral.c[axis] >= least for axis, least in levels.items() if least]
        if wanted.case_ref:
            conditions.append(_has_submission(submission.c.case_ref == wanted.case_ref))
        if wanted.has_near:
            conditions.append(_has_item(Outcome.NEAR, referral.c.near))
        if wanted.has_unknown:
            conditions.append(_has_item(Outcome.UNKNOWN, referral.c.unknown))
        if wanted.free_only:
            conditions.append(~self._held())
        if wanted.expiring_within_days is not None:
            conditions.append(_expires_by(now.date() + timedelta(days=wanted.expiring_within_days)))
        return select(referral).where(*conditions).order_by(referral.c.sort_key, referral.c.created_at, referral.c.id)

    def _members(self, referral_ids: Sequence[int]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}
        for row in self.connection.execute(
            select(referral_member.c.referral_id, submission.c.id, submission.c.case_ref, submission.c.preserve_until)
            .join(submission, submission.c.id == referral_member.c.submission_id)
            .where(among(self.connection, referral_member.c.referral_id, referral_ids))
            .order_by(submission.c.id)
        ):
            found.setdefault(row.referral_id, []).append(row)
        return found

    def _ends(self, referral_ids: Sequence[int]) -> dict[int, date]:
        """The earliest day on which a holder's evidence of each may be gone."""
        rows = self.connection.execute(
            select(referral_member.c.referral_id, func.min(preservation.c.expires_on))
            .join(preservation, preservation.c.submission_id == referral_member.c.submission_id)
            .where(among(self.connection, referral_member.c.referral_id, referral_ids))
            .group_by(referral_member.c.referral_id)
        )
        return {row[0]: row[1] for row in rows}


def _has_submission(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(referral_member.c.referral_id)
        .select_from(referral_member)
        .join(submission, submission.c.id == referral_member.c.submission_id)
        .where(referral_member.c.referral_id == referral.c.id, condition)
        .exists()
    )


def _has_item(outcome: Outcome, counted: ColumnElement[int]) -> ColumnElement[bool]:
    """By what was counted when it was assessed; only where that was never done, by the items."""
    held = (
        select(literal(1))
        .select_from(referral_member)
        .join(occurrence, occurrence.c.submission_id == referral_member.c.submission_id)
        .join(item, item.c.id == occurrence.c.item_id)
        .where(referral_member.c.referral_id == referral.c.id, item.c.outcome == outcome)
        .exists()
    )
    return case((counted.is_(None), held), else_=counted > 0)


def _expires_by(day: date) -> ColumnElement[bool]:
    kept = (
        select(literal(1))
        .select_from(referral_member)
        .join(preservation, preservation.c.submission_id == referral_member.c.submission_id)
        .where(referral_member.c.referral_id == referral.c.id, preservation.c.expires_on <= day)
        .exists()
    )
    return or_(kept, _has_submission(submission.c.preserve_until <= day))


def _line(
    row: Row[Any], members: Sequence[Row[Any]], holders_end: date | None, who: Principal, now: datetime
) -> QueueLine:
    held = who.cases_held(now)
    ends = [one for one in (holders_end, *(member.preserve_until for member in members)) if one]
    named = {member.case_ref for member in members}
    return QueueLine(
        id=row.id,
        state=row.state,
        danger=row.danger,
        clock=row.clock,
        solvability=row.solvability,
        network=row.network,
        reasons=row.reasons,
        cases=sorted(named if EVERY_CASE in held else named & held),
        submissions=[member.id for member in members],
        holder=row.holder or "",
        is_mine=row.holder_id == who.id,
        expires_on=min(ends, default=None),
        facts=facts_of(row.facts),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
