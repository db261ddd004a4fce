"""Decisions, what is left to decide, what look-alikes propose, and where opinions differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, literal, select, update

from triage.domain.claims import ReferralState
from triage.domain.decisions import (
    Current,
    Decision,
    DecisionState,
    SeenBasis,
    Stroke,
)
from triage.domain.errors import NotFound
from triage.domain.items import CLOSED_UNSEEN, Outcome
from triage.domain.people import Principal

from .access import visible_referrals
from .review_tables import decision
from .rows import among, sliced
from .tables import item, match, occurrence, referral, referral_event, referral_member

_SETTLED = tuple(str(one) for one in (*CLOSED_UNSEEN, Outcome.CONTAINER))
"""Answers that leave nothing to decide: known, known good, and containers, whose members stand for them."""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision before it has an id."""

    item_id: int
    category: str
    basis: SeenBasis
    state: DecisionState
    supersedes: int | None = None
    spread_from: int | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """Access to decisions within one unit of work."""

    connection: Connection

    def get(self, decision_id: int) -> Decision:
        """Raises NotFound."""
        row = self.connection.execute(select(decision).where(decision.c.id == decision_id)).one_or_none()
        if row is None:
            raise NotFound("no-decision", f"There is no decision D-{decision_id}.")
        return decision_of(row)

    def current(self, item_ids: Sequence[int], scheme: str) -> dict[int, Current]:
        """What stands and what waits of each item; items with neither are left out. Hold the items first."""
        found: dict[int, dict[str, Decision]] = {}
        for part in sliced(item_ids):
            query = select(decision).where(
                among(self.connection, decision.c.item_id, part),
                decision.c.scheme == scheme,
                decision.c.state.in_([DecisionState.STANDING, DecisionState.AWAITING_SECOND]),
            )
            for row in self.connection.execute(query):
                found.setdefault(row.item_id, {})[row.state] = decision_of(row)
        return {
            item_id: Current(states.get(DecisionState.STANDING), states.get(DecisionState.AWAITING_SECOND))
            for item_id, states in found.items()
        }

    def add(
        self, new: Sequence[NewDecision], referral_id: int, by: int, scheme: str, because: str, now: datetime
    ) -> dict[int, int]:
        """Write decisions, each after what it supersedes has ended; item id → decision id."""
        if not new:
            return {}
        rows = [
            {
                "item_id": one.item_id,
                "referral_id": referral_id,
                "principal_id": by,
                "scheme": scheme,
                "category": one.category,
                "basis": one.basis,
                "because": because,
                "decided_at": now,
                "changed_at": now,
                "spread_from": one.spread_from,
                "state": one.state,
                "supersedes": one.supersedes,
            }
            for one in new
        ]
        made = self.connection.execute(insert(decision).returning(decision.c.id, decision.c.item_id), rows)
        return {row.item_id: row.id for row in made}

    def end(self, decision_ids: Sequence[int], state: DecisionState, now: datetime) -> None:
        """They are superseded or undone. What they said stays."""
        for part in sliced(decision_ids):
            self.connection.execute(
                update(decision)
                .where(among(self.connection, decision.c.id, part))
                .values(state=state, ended_at=now, changed_at=now)
            )

    def stand(self, decision_ids: Sequence[int], second_by: int, now: datetime) -> None:
        """Another person has confirmed them."""
        for part in sliced(decision_ids):
            self.connection.execute(
                update(decision)
                .where(among(self.connection, decision.c.id, part))
                .values(state=DecisionState.STANDING, second_by=second_by, second_at=now, changed_at=now)
            )

    def restore(self, decision_ids: Sequence[int], now: datetime) -> None:
        """They stand again: what had superseded them was taken back."""
        for part in sliced(decision_ids):
            self.connection.execute(
                update(decision)
                .where(among(self.connection, decision.c.id, part), decision.c.state == DecisionState.SUPERSEDED)
                .values(state=DecisionState.STANDING, ended_at=None, changed_at=now)
            )

    def spread_of(self, decision_ids: Sequence[int], by: int) -> list[Decision]:
        """Standing decisions that the same person spread from these, and nobody confirmed; by id."""
        found: list[Decision] = []
        for part in sliced(decision_ids):
            query = select(decision).where(
                among(self.connection, decision.c.spread_from, part),
                decision.c.principal_id == by,
                decision.c.state.in_([DecisionState.STANDING, DecisionState.AWAITING_SECOND]),
                decision.c.second_by.is_(None),
            )
            found += [decision_of(row) for row in self.connection.execute(query)]
        return sorted(found, key=lambda one: one.id)

    def stroke_of(self, one: Decision) -> list[Decision]:
        """What was decided in the same act, is as it is now and was confirmed by nobody; itself included, by id."""
        query = select(decision).where(_made_with(one)).order_by(decision.c.id)
        return [decision_of(row) for row in self.connection.execute(query)]

    def stroke_size(self, one: Decision) -> int:
        """How many these are."""
        return self.connection.execute(select(func.count()).select_from(decision).where(_made_with(one))).scalar_one()

    def history(self, item_id: int) -> list[Decision]:
        """Everything that was ever said of an item, oldest first."""
        query = select(decision).where(decision.c.item_id == item_id).order_by(decision.c.id)
        return [decision_of(row) for row in self.connection.execute(query)]

    def of_referral(self, referral_id: int) -> dict[str, int]:
        """Standing decisions of the referral's items by category, wherever they were made."""
        query = (
            select(decision.c.category, func.count())
            .where(decision.c.state == DecisionState.STANDING, decision.c.item_id.in_(_held(referral_id)))
            .group_by(decision.c.category)
            .order_by(decision.c.category)
        )
        return {row[0]: row[1] for row in self.connection.execute(query)}

    def awaiting(self, who: Principal, now: datetime, limit: int) -> list[Stroke]:
        """Decisions of others in referrals that the person may see, waiting for a second person; oldest first.

        Those of one act are one, by what their maker had been shown.
        """
        made = decision.c
        together = (
            select(func.min(made.id).label("first"), func.count().label("items"))
            .join(referral, referral.c.id == made.referral_id)
            .where(
                made.state == DecisionState.AWAITING_SECOND,
                made.principal_id != who.id,
                visible_referrals(who, now),
            )
            .group_by(made.referral_id, made.principal_id, made.decided_at, made.category, made.basis)
            .order_by(func.min(made.id))
            .limit(limit)
            .subquery()
        )
        query = select(decision, together.c["items"]).join(together, together.c.first == made.id).order_by(made.id)
        return [Stroke(decision_of(row), row[-1]) for row in self.connection.execute(query)]

    def dissented(self, item_ids: Sequence[int], scheme: str) -> set[int]:
        """Those of the items of which somebody says another thing."""
        found: set[int] = set()
        for part in sliced(item_ids):
            query = select(decision.c.item_id).where(
                among(self.connection, decision.c.item_id, part),
                decision.c.scheme == scheme,
                decision.c.state == DecisionState.DISSENTING,
            )
            found.update(self.connection.execute(query).scalars())
        return found

    def occurring(self, referral_id: int, item_ids: Sequence[int]) -> set[int]:
        """Those of the items that occur in the referral."""
        found: set[int] = set()
        for part in sliced(item_ids):
            query = _held(referral_id).where(among(self.connection, occurrence.c.item_id, part))
            found.update(self.connection.execute(query).scalars())
        return found

    def left(self, referral_id: int, scheme: str, limit: int | None = None) -> list[int]:
        """Items of the referral that nothing closes: neither their answer nor a standing or waiting decision."""
        waiting = _said(scheme, DecisionState.AWAITING_SECOND)
        query = self._open(referral_id).where(~waiting).order_by(item.c.id).limit(limit)
        return list(self.connection.execute(query).scalars())

    def left_count(self, referral_id: int) -> int:
        """How many items of the referral are not closed."""
        return self.connection.execute(
            select(func.count()).select_from(self._open(referral_id).subquery())
        ).scalar_one()

    def has_left(self, referral_id: int) -> bool:
        """Whether any item of the referral is not closed."""
        return self.connection.execute(self._open(referral_id).limit(1)).first() is not None

    def referrals_holding(self, item_ids: Sequence[int]) -> set[int]:
        """Referrals in which any of these items occurs."""
        found: set[int] = set()
        for part in sliced(item_ids):
            query = (
                select(referral_member.c.referral_id)
                .select_from(referral_member)
                .join(occurrence, occurrence.c.submission_id == referral_member.c.submission_id)
                .where(among(self.connection, occurrence.c.item_id, part))
                .distinct()
            )
            found.update(self.connection.execute(query).scalars())
        return found

    def state_of(self, referral_id: int) -> ReferralState:
        """Held until the unit ends, against other such holders but not against references. Raises NotFound."""
        query = select(referral.c.state).where(referral.c.id == referral_id).with_for_update(key_share=True)
        state = self.connection.execute(query).scalar_one_or_none()
        if state is None:
            raise NotFound("no-referral", f"There is no referral R-{referral_id}.")
        return ReferralState(state)

    def states(self, referral_ids: Collection[int]) -> dict[int, ReferralState]:
        """Where these stand now. Nothing is held."""
        query = select(referral.c.id, referral.c.state).where(
            among(self.connection, referral.c.id, sorted(referral_ids))
        )
        return {row.id: ReferralState(row.state) for row in self.connection.execute(query)}

    def joined_since(self, referral_id: int, since: datetime) -> bool:
        """Whether a submission joined the referral after this moment."""
        query = select(referral_member.c.submission_id).where(
            referral_member.c.referral_id == referral_id, referral_member.c.joined_at > since
        )
        return self.connection.execute(query.limit(1)).first() is not None

    def matched_since(self, referral_id: int, since: datetime) -> bool:
        """Whether a match of one of the referral's items was found after this moment."""
        query = select(match.c.id).where(
            match.c.item_id.in_(_held(referral_id)), match.c.ended_at.is_(None), match.c.at > since
        )
        return self.connection.execute(query.limit(1)).first() is not None

    def last_event(self, referral_id: int, kind: str) -> datetime | None:
        """When the referral's history last has a line of this kind."""
        query = select(func.max(referral_event.c.at)).where(
            referral_event.c.referral_id == referral_id, referral_event.c.kind == kind
        )
        return self.connection.execute(query).scalar_one_or_none()

    def set_state(self, referral_id: int, state: ReferralState, now: datetime) -> None:
        """Where the referral stands from now on."""
        self.connection.execute(
            update(referral).where(referral.c.id == referral_id).values(state=state, updated_at=now)
        )

    def _open(self, referral_id: int) -> Select[Any]:
        """Items of the referral that neither their answer nor a standing decision closes."""
        return select(item.c.id).where(
            item.c.id.in_(_held(referral_id)), item.c.outcome.not_in(_SETTLED), ~_said(None, DecisionState.STANDING)
        )


def _held(referral_id: int) -> Select[Any]:
    return (
        select(occurrence.c.item_id)
        .select_from(referral_member)
        .join(occurrence, occurrence.c.submission_id == referral_member.c.submission_id)
        .where(referral_member.c.referral_id == referral_id)
    )


def _said(scheme: str | None, state: DecisionState) -> ColumnElement[bool]:
    """Whether the item at hand has a decision in this state, in the scheme or in any."""
    of_scheme = decision.c.scheme == scheme if scheme else literal(value=True)
    query = select(decision.c.id).where(decision.c.item_id == item.c.id, decision.c.state == state, of_scheme)
    return query.correlate(item).exists()


def _made_with(one: Decision) -> ColumnElement[bool]:
    return and_(
        decision.c.referral_id == one.referral_id,
        decision.c.principal_id == one.principal_id,
        decision.c.decided_at == one.decided_at,
        decision.c.category == one.category,
        decision.c.state == one.state,
        decision.c.second_by.is_(None),
    )


def decision_of(row: Row[Any]) -> Decision:
    """A row of `decision`."""
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Decision(
        **{name: values[name] for name in Decision.__dataclass_fields__ if name not in {"basis", "state"}},
        basis=SeenBasis(values["basis"]),
        state=DecisionState(values["state"]),
    )
