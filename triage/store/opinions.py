"""What was said about a referral's items: decisions side by side, look-alikes of decided ones, what sets say of them.

A referral may hold a million items, so all of it is asked of a window of them, whose ids travel with each question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, true

from triage.domain.decisions import Decision, DecisionState, Proposal
from triage.domain.items import CLOSED_UNSEEN, Outcome

from .decisions import decision_of
from .review_tables import decision
from .rows import among
from .tables import item, look_alike, match, occurrence, referral_member

SETTLED = frozenset(str(one) for one in (*CLOSED_UNSEEN, Outcome.CONTAINER))
"""Answers that leave nothing to decide: known, known good, and containers, whose members stand for them."""
_LIVE = (DecisionState.STANDING, DecisionState.AWAITING_SECOND, DecisionState.DISSENTING)


@dataclass(frozen=True, slots=True)
class SetOpinion:
    """What a set in force says, by the very bytes, of an item."""

    item_id: int
    set_name: str
    category: str


@dataclass(frozen=True, slots=True)
class Opinions:
    """Reads within one unit of work."""

    connection: Connection

    def window(self, referral_id: int, after: int, limit: int) -> dict[int, str]:
        """The referral's next items by id, after this one, with their answers."""
        held = referral_member.c.referral_id == referral_id
        if self.connection.dialect.name == "postgresql":
            # The first of each submission, in the index's own order: else all of a large one would be read.
            inside = select(occurrence.c.item_id).where(
                occurrence.c.submission_id == referral_member.c.submission_id, occurrence.c.item_id > after
            )
            first = inside.order_by(occurrence.c.item_id).limit(limit).lateral()
            found = select(first.c.item_id).select_from(referral_member.join(first, true())).where(held)
        else:
            found = self._held(referral_id).where(occurrence.c.item_id > after)
        named = found.distinct().order_by("item_id").limit(limit).subquery()
        return self._answers(select(item.c.id, item.c.outcome).join(named, named.c.item_id == item.c.id))

    def group(self, referral_id: int, centre_id: int) -> dict[int, str]:
        """The referral's items that look like this one, with their answers."""
        alike = select(look_alike.c.item_id).where(look_alike.c.centre_id == centre_id)
        held = self._held(referral_id).where(occurrence.c.item_id.in_(alike)).distinct().subquery()
        return self._answers(select(item.c.id, item.c.outcome).join(held, held.c.item_id == item.c.id))

    def said(self, item_ids: Sequence[int]) -> list[Decision]:
        """What stands, waits or is another opinion of these items, in the order in which it was said."""
        live = decision.c.state.in_(_LIVE)
        query = select(decision).where(among(self.connection, decision.c.item_id, item_ids), live)
        return [decision_of(row) for row in self.connection.execute(query.order_by(decision.c.id))]

    def decisions(self, decision_ids: Sequence[int]) -> dict[int, Decision]:
        """Decisions by id."""
        if not decision_ids:
            return {}
        query = select(decision).where(among(self.connection, decision.c.id, decision_ids))
        return {row.id: decision_of(row) for row in self.connection.execute(query)}

    def of_sets(self, item_ids: Sequence[int]) -> list[SetOpinion]:
        """What sets in force say of the very bytes of these items: by item, then by set."""
        if not item_ids:
            return []
        category = match.c.opinion["category"].as_string()
        query = (
            select(match.c.item_id, match.c.set_name, category.label("category"))
            .where(
                among(self.connection, match.c.item_id, item_ids),
                match.c.ended_at.is_(None),
                match.c.basis == "exact",
                category.is_not(None),
            )
            .order_by(match.c.item_id, match.c.set_name)
        )
        return [SetOpinion(*row) for row in self.connection.execute(query)]

    def proposals(self, left: Sequence[int], scheme: str) -> list[Proposal]:
        """Look-alike groups with a standing decision, for those of these items that are in one, largest first.

        Nothing is stored: a decision that ends proposes nothing any more.
        """
        if not left:
            return []
        inside = among(self.connection, look_alike.c.item_id, left)
        decided: dict[int, list[Any]] = {}
        for row in self.connection.execute(self._decided(inside, scheme)):
            decided.setdefault(row.centre_id, []).append(row)
        if not decided:
            return []
        members: dict[int, list[int]] = {}
        of_these = among(self.connection, look_alike.c.centre_id, sorted(decided))
        grouped = select(look_alike.c.centre_id, look_alike.c.item_id).where(inside, of_these)
        for row in self.connection.execute(grouped.order_by(look_alike.c.item_id)):
            members.setdefault(row.centre_id, []).append(row.item_id)
        made = [
            Proposal(
                centre,
                rows[-1].id,
                rows[-1].item_id,
                tuple(sorted({row.category for row in rows})),
                tuple(members[centre]),
            )
            for centre, rows in decided.items()
        ]
        return sorted(made, key=lambda one: (-len(one.item_ids), one.centre_id))

    def _decided(self, inside: ColumnElement[bool], scheme: str) -> Select[Any]:
        """Standing decisions of whatever looks like one of the items inside, oldest first."""
        theirs = look_alike.alias("theirs")
        centres = select(look_alike.c.centre_id).where(inside).distinct().subquery()
        return (
            select(theirs.c.centre_id, decision.c.id, decision.c.item_id, decision.c.category)
            .select_from(centres)
            .join(theirs, theirs.c.centre_id == centres.c.centre_id)
            .join(decision, decision.c.item_id == theirs.c.item_id)
            .where(decision.c.scheme == scheme, decision.c.state == DecisionState.STANDING)
            .order_by(decision.c.id)
        )

    def _answers(self, query: Select[Any]) -> dict[int, str]:
        return {row.id: row.outcome for row in self.connection.execute(query.order_by(item.c.id))}

    @staticmethod
    def _held(referral_id: int) -> Select[Any]:
        return (
            select(occurrence.c.item_id)
            .select_from(referral_member)
            .join(occurrence, occurrence.c.submission_id == referral_member.c.submission_id)
            .where(referral_member.c.referral_id == referral_id)
        )
