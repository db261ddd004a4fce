"""Counts of what people were shown, and the blind re-triage of what nobody found urgent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, insert, or_, select, update

from triage.domain.access import Action
from triage.domain.claims import ReferralState
from triage.domain.decisions import DecisionState
from triage.domain.exposure_figures import ExposureCounts
from triage.domain.items import CLOSED_UNSEEN, Outcome
from triage.domain.people import Principal

from .access import visible_referrals
from .review_tables import approval, decision, outcome_told, principal, retriage, viewing, worked_on
from .tables import item, referral, referral_event

_SOON = timedelta(days=30)
_ENDS = ("done", "set-aside")


@dataclass(frozen=True, slots=True)
class ShownLook:
    """One look that was shown, without what it showed."""

    principal_id: int
    shown_at: datetime
    level: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Person:
    """Whose exposure it is."""

    id: int
    name: str
    unit: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Exposures:
    """Reads of looks within one unit of work, and the sample."""

    connection: Connection

    def looks(self, since: datetime, principal_id: int | None = None) -> list[ShownLook]:
        """Looks shown since then, of one person or of all."""
        query = select(viewing.c.principal_id, viewing.c.shown_at, viewing.c.level, viewing.c.seconds).where(
            viewing.c.shown_at >= since
        )
        if principal_id is not None:
            query = query.where(viewing.c.principal_id == principal_id)
        return [ShownLook(*row) for row in self.connection.execute(query.order_by(viewing.c.shown_at))]

    def people(self) -> list[Person]:
        """Everybody who may sign in, by name."""
        query = select(principal).where(principal.c.disabled_at.is_(None)).order_by(principal.c.name, principal.c.id)
        return [Person(row.id, row.name, row.unit, row.time_zone) for row in self.connection.execute(query)]

    def person(self, principal_id: int) -> Person | None:
        """One of them, also when disabled."""
        row = self.connection.execute(select(principal).where(principal.c.id == principal_id)).one_or_none()
        return None if row is None else Person(row.id, row.name, row.unit, row.time_zone)

    def counts(self) -> ExposureCounts:
        """Over the whole deployment and all of its time."""
        shown = viewing.c.shown_at.is_not(None)
        seconded = (
            select(approval.c.id)
            .where(
                approval.c.id == viewing.c.approval_id,
                approval.c.action == Action.REVEAL_KNOWN,
                approval.c.answered_by != viewing.c.principal_id,
            )
            .exists()
        )
        outside = or_(viewing.c.shown_at < viewing.c.asked_at, viewing.c.shown_at > viewing.c.token_until)
        views = self.connection.execute(
            select(
                func.count().label("views"),
                _sum(viewing.c.of_known).label("known"),
                _sum(viewing.c.of_known & seconded).label("seconded"),
                _sum(viewing.c.of_decided).label("repeats"),
                _sum(outside).label("outside"),
                func.count(viewing.c.principal_id.distinct()).label("people"),
            ).where(shown)
        ).one()
        seen = select(viewing.c.id).where(viewing.c.item_id == item.c.id, shown)
        stands = select(decision.c.id).where(
            decision.c.item_id == item.c.id, decision.c.state == DecisionState.STANDING
        )
        closed = or_(item.c.outcome.in_([str(one) for one in CLOSED_UNSEEN]), exists(stands))
        ended, soon = self._ended()
        blind = self.connection.execute(
            select(func.count().label("all"), _sum(retriage.c.is_urgent).label("urgent")).where(
                retriage.c.answered_at.is_not(None)
            )
        ).one()
        return ExposureCounts(
            items=self._count(select(item.c.id).where(item.c.outcome != Outcome.CONTAINER)),
            views=views.views,
            views_of_known=int(views.known or 0),
            views_of_known_seconded=int(views.seconded or 0),
            repeat_views=int(views.repeats or 0),
            views_without_look=int(views.outside or 0),
            closed=self._count(select(item.c.id).where(closed)),
            closed_without_view=self._count(select(item.c.id).where(closed, ~exists(seen))),
            referrals_ended=ended,
            told_within_30_days=soon,
            retriaged=blind.all,
            retriaged_urgent=int(blind.urgent or 0),
            people_looking=views.people,
        )

    def low_queue(self) -> list[int]:
        """Open referrals without danger of which no sample was drawn yet."""
        drawn = select(retriage.c.id).where(retriage.c.referral_id == referral.c.id).exists()
        query = select(referral.c.id).where(referral.c.state == ReferralState.OPEN, referral.c.danger == 0, ~drawn)
        return sorted(self.connection.execute(query).scalars())

    def draw(self, referral_ids: Sequence[int], now: datetime) -> None:
        """These are to be looked at again, blind: their levels of now are kept and not shown."""
        axes = (referral.c.danger, referral.c.clock, referral.c.solvability, referral.c.network)
        for row in self.connection.execute(select(referral.c.id, *axes).where(referral.c.id.in_(referral_ids))):
            was = {"danger": row.danger, "clock": row.clock, "solvability": row.solvability, "network": row.network}
            self.connection.execute(insert(retriage).values(referral_id=row.id, drawn_at=now, was=was))

    def next_blind(self, who: Principal, now: datetime) -> tuple[int, int] | None:
        """A drawn referral that waits and that this person never worked on: the draw's id, the referral's."""
        mine = select(worked_on.c.referral_id).where(
            worked_on.c.referral_id == referral.c.id, worked_on.c.principal_id == who.id
        )
        row = self.connection.execute(
            select(retriage.c.id, retriage.c.referral_id)
            .join(referral, referral.c.id == retriage.c.referral_id)
            .where(retriage.c.answered_at.is_(None), visible_referrals(who, now), ~mine.correlate(referral).exists())
            .order_by(retriage.c.id)
            .limit(1)
        ).one_or_none()
        return None if row is None else (row.id, row.referral_id)

    def answer_blind(self, draw_id: int, by: int, now: datetime, *, is_urgent: bool) -> bool:
        """False where it was answered already, or is not there."""
        waiting = (retriage.c.id == draw_id, retriage.c.answered_at.is_(None))
        values = {"answered_by": by, "answered_at": now, "is_urgent": is_urgent}
        return self.connection.execute(update(retriage).where(*waiting).values(values)).rowcount == 1

    def _ended(self) -> tuple[int, int]:
        """Referrals that ended, and those of them of which an outcome was told within thirty days of the end."""
        ends = {
            row.referral_id: row.at
            for row in self.connection.execute(
                select(referral_event.c.referral_id, func.max(referral_event.c.at).label("at"))
                .join(referral, referral.c.id == referral_event.c.referral_id)
                .where(
                    referral_event.c.kind.in_(_ENDS),
                    referral.c.state.in_([ReferralState.DONE, ReferralState.FACTS_ENOUGH]),
                )
                .group_by(referral_event.c.referral_id)
            )
        }
        first = {
            row.referral_id: row.at
            for row in self.connection.execute(
                select(outcome_told.c.referral_id, func.min(outcome_told.c.at).label("at")).group_by(
                    outcome_told.c.referral_id
                )
            )
        }
        return len(ends), sum(one in first and first[one] <= at + _SOON for one, at in ends.items())

    def _count(self, query: Select[Any]) -> int:
        return self.connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _sum(condition: ColumnElement[Any]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
