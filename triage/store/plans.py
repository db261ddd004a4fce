"""Plans of acts that take two people, and bytes that were lawfully deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, select, update

from triage.domain.access import Action
from triage.domain.decisions import DecisionState
from triage.domain.errors import NotFound
from triage.domain.items import Outcome
from triage.domain.plans import NewPlan, Plan, Sent, terms_of

from .plan_tables import erasure, plan
from .review_tables import approval, decision, principal
from .rows import among, insert_all, sliced
from .tables import in_place_source, item, occurrence, referral_member, sealed_object


@dataclass(frozen=True, slots=True)
class Plans:
    """Access to plans within one unit of work."""

    connection: Connection

    def add(self, new: NewPlan, asked_by: int) -> int:
        """Write a plan that nobody is asked about yet; its number."""
        row = {
            "action": new.action.value,
            "referral_id": new.referral_id,
            "submission_id": new.submission_id,
            "terms": new.terms.document(),
            "digest": new.digest,
            "asked_by": asked_by,
        }
        return int(self.connection.execute(insert(plan).values(row).returning(plan.c.id)).scalar_one())

    def drop(self, plan_id: int) -> None:
        """It may not even be asked for."""
        self.connection.execute(delete(plan).where(plan.c.id == plan_id, plan.c.approval_id.is_(None)))

    def put_before(self, plan_id: int, approval_id: int) -> None:
        """A second person is asked for it by this request."""
        self.connection.execute(update(plan).where(plan.c.id == plan_id).values(approval_id=approval_id))

    def get(self, plan_id: int) -> Plan:
        """Raises NotFound `no-plan`."""
        row = self.connection.execute(_plans().where(plan.c.id == plan_id)).one_or_none()
        if row is None:
            raise NotFound("no-plan", f"There is no plan P-{plan_id}.")
        return _plan(row)

    def many(self, plan_ids: Sequence[int]) -> dict[int, Plan]:
        """Plans by their numbers."""
        rows = self.connection.execute(_plans().where(among(self.connection, plan.c.id, plan_ids)))
        return {row.id: _plan(row) for row in rows}

    def latest(self, limit: int, asked_by: int | None = None) -> list[Plan]:
        """The latest first: one person's, or everybody's."""
        mine = _plans() if asked_by is None else _plans().where(plan.c.asked_by == asked_by)
        return [_plan(row) for row in self.connection.execute(mine.order_by(plan.c.id.desc()).limit(limit))]

    def sent(self) -> list[Sent]:
        """Exports that were carried out, in the order of their plans; without the items, which are many."""
        receiver, key = (plan.c.terms[name].as_string().label(name) for name in ("receiver", "key"))
        query = select(plan.c.id, receiver, key).where(
            plan.c.action == Action.EXPORT_MEDIA.value, plan.c.done_at.is_not(None)
        )
        return [Sent(*row) for row in self.connection.execute(query.order_by(plan.c.id))]

    def begin(self, plan_id: int, now: datetime) -> bool:
        """The act begins. False where it did before."""
        unbegun = (plan.c.id == plan_id, plan.c.begun_at.is_(None))
        return self.connection.execute(update(plan).where(*unbegun).values(begun_at=now)).rowcount == 1

    def finish(self, plan_id: int, now: datetime, result: Mapping[str, Any]) -> None:
        """The act is over; what it came to."""
        self.connection.execute(update(plan).where(plan.c.id == plan_id).values(done_at=now, result=dict(result)))

    def decided_in(self, referral_id: int, scheme: str, categories: Collection[str]) -> list[int]:
        """Items of the referral for which one of these categories stands."""
        query = (
            select(decision.c.item_id)
            .where(
                decision.c.item_id.in_(_items_of(referral_id)),
                decision.c.scheme == scheme,
                decision.c.state == DecisionState.STANDING,
                decision.c.category.in_(sorted(categories)),
            )
            .distinct()
            .order_by(decision.c.item_id)
        )
        return list(self.connection.execute(query).scalars())

    def known_in(self, referral_id: int) -> list[int]:
        """Items of the referral whose very bytes a trusted set knows."""
        known = (item.c.id.in_(_items_of(referral_id)), item.c.outcome == Outcome.KNOWN)
        return list(self.connection.execute(select(item.c.id).where(*known).order_by(item.c.id)).scalars())


@dataclass(frozen=True, slots=True)
class Erasures:
    """Access to what was deleted within one unit of work."""

    connection: Connection

    def erase(self, item_ids: Sequence[int], plan_id: int, now: datetime) -> None:
        """Forget the keys of these items' bytes, for good. Hold the items first."""
        for part in sliced(item_ids):
            named = among(self.connection, sealed_object.c.item_id, part)
            # Written over before the row goes: the place of a deleted row may keep what stood in it.
            self.connection.execute(update(sealed_object).where(named).values(wrapped_key=bytes(60)))
            self.connection.execute(delete(sealed_object).where(named))
        rows = [{"item_id": one, "plan_id": plan_id, "erased_at": now, "returned_at": None} for one in item_ids]
        insert_all(self.connection, erasure, rows)

    def among(self, item_ids: Iterable[int]) -> set[int]:
        """Those of the items whose bytes are deleted."""
        found: set[int] = set()
        for part in sliced(sorted(item_ids)):
            named = (among(self.connection, erasure.c.item_id, part), erasure.c.returned_at.is_(None))
            found.update(self.connection.execute(select(erasure.c.item_id).where(*named)).scalars())
        return found

    def in_force(self) -> set[int]:
        """All items whose bytes are deleted."""
        query = select(erasure.c.item_id).where(erasure.c.returned_at.is_(None))
        return set(self.connection.execute(query).scalars())

    def of_plan(self, plan_id: int) -> int:
        """How many items' bytes a plan has deleted so far."""
        query = select(erasure.c.item_id).where(erasure.c.plan_id == plan_id)
        return len(self.connection.execute(query).all())

    def return_(self, item_ids: Iterable[int], now: datetime) -> None:
        """The same bytes were received anew, under a basis of their own, and are held again."""
        for part in sliced(sorted(item_ids)):
            named = (among(self.connection, erasure.c.item_id, part), erasure.c.returned_at.is_(None))
            self.connection.execute(update(erasure).where(*named).values(returned_at=now))

    def sealed_of(self, submission_id: int, of: Sequence[int] | None = None) -> list[int]:
        """Items that occur in this submission and in no other, whose bytes lie in the vault and nowhere else.

        `of` names those that are asked about, else all.
        """
        other = occurrence.alias("other")
        elsewhere = (
            select(other.c.id)
            .where(other.c.item_id == sealed_object.c.item_id, other.c.submission_id != submission_id)
            .exists()
        )
        mine = select(occurrence.c.item_id).where(occurrence.c.submission_id == submission_id)
        at_source = select(in_place_source.c.item_id)
        query = (
            select(sealed_object.c.item_id)
            .where(sealed_object.c.item_id.in_(mine), ~elsewhere, sealed_object.c.item_id.not_in(at_source))
            .order_by(sealed_object.c.item_id)
        )
        if of is not None:
            query = query.where(among(self.connection, sealed_object.c.item_id, of))
        return list(self.connection.execute(query).scalars())

    def held_of(self, submission_id: int) -> int:
        """How many items of this submission are held, here or at their source."""
        mine = select(occurrence.c.item_id).where(occurrence.c.submission_id == submission_id)
        held = select(sealed_object.c.item_id).where(sealed_object.c.item_id.in_(mine))
        placed = select(in_place_source.c.item_id).where(in_place_source.c.item_id.in_(mine))
        return len(self.connection.execute(held.union(placed)).all())

    def archives_around(self, item_ids: Sequence[int]) -> set[int]:
        """Containers in which any of these items lies, and whose own bytes are held."""
        found: set[int] = set()
        for part in sliced(item_ids):
            around = select(occurrence.c.parent_item_id).where(
                among(self.connection, occurrence.c.item_id, part), occurrence.c.parent_item_id > 0
            )
            for table in (sealed_object, in_place_source):
                query = select(table.c.item_id).where(table.c.item_id.in_(around))
                found.update(self.connection.execute(query).scalars())
        return found


def _items_of(referral_id: int) -> Select[Any]:
    return (
        select(occurrence.c.item_id)
        .join(referral_member, referral_member.c.submission_id == occurrence.c.submission_id)
        .where(referral_member.c.referral_id == referral_id)
    )


def _plans() -> Select[Any]:
    asker, answerer = principal.alias("asker"), principal.alias("answerer")
    answered: ColumnElement[bool] = answerer.c.id == approval.c.answered_by
    return (
        select(
            plan,
            approval.c.reason,
            approval.c.asked_at,
            approval.c.expires_at,
            approval.c.granted,
            approval.c.answered_at,
            asker.c.login.label("asked_login"),
            answerer.c.login.label("answered_login"),
        )
        .join(approval, approval.c.id == plan.c.approval_id)
        .join(asker, asker.c.id == plan.c.asked_by)
        .outerjoin(answerer, answered)
    )


def _plan(row: Row[Any]) -> Plan:
    action = Action(row.action)
    return Plan(
        id=row.id,
        what=NewPlan(action, terms_of(action, row.terms), row.referral_id, row.submission_id),
        digest=bytes(row.digest),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_login=row.asked_login,
        asked_at=row.asked_at,
        request_id=row.approval_id,
        expires_at=row.expires_at,
        granted=row.granted,
        answered_login=row.answered_login or "",
        answered_at=row.answered_at,
        begun_at=row.begun_at,
        done_at=row.done_at,
        result=row.result or {},
    )
