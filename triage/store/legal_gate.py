"""What the legal gate asks of one item, and its answers for many items counted by the database.

The rule is `triage.domain.legal_gate.gate`; the query here is the same rule for counting, and a test holds the two
together over made-up cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, case, func, literal, or_, select, union_all

from triage.domain.authorities import Authority
from triage.domain.legal import Origin
from triage.domain.legal_gate import Gate, HeldUnder, gate, has_own_basis
from triage.domain.reports import Viewed

from .authorities import Authorities
from .intake_tables import authority
from .rows import among, listed, sliced
from .tables import occurrence, referral_member, submission

_REPORTERS = frozenset({Origin.PROVIDER, Origin.HOTLINE})
_OWN, _SENDERS, _OTHER = range(3)
"""Sorts of submissions: under a basis of our own, from a sender, ours without a basis."""


class Basis(NamedTuple):
    """Under what a submission came."""

    submission_id: int
    origin: str
    basis: str


_BASIS = (submission.c.id, submission.c.origin, submission.c.basis)


@dataclass(frozen=True, slots=True)
class Gates:
    """Answers of the legal gate within one unit of work."""

    connection: Connection

    def of_item(self, item_id: int, submission_ids: Sequence[int], now: datetime) -> Gate:
        """The gate of one item as far as these submissions go."""
        return self.of_items([item_id], submission_ids, now)[item_id]

    def of_items(self, item_ids: Sequence[int], submission_ids: Sequence[int], now: datetime) -> dict[int, Gate]:
        """The gate of each of the items."""
        authorities = Authorities(self.connection).of_submissions(submission_ids)
        held: dict[int, list[HeldUnder]] = {item_id: [] for item_id in item_ids}
        for part in sliced(item_ids):
            for row in self.connection.execute(
                select(
                    occurrence.c.item_id,
                    occurrence.c.submission_id,
                    occurrence.c.viewed,
                    occurrence.c.parent_item_id,
                    submission.c.origin,
                    submission.c.basis,
                )
                .join(submission, submission.c.id == occurrence.c.submission_id)
                .where(
                    among(self.connection, occurrence.c.item_id, part),
                    among(self.connection, occurrence.c.submission_id, submission_ids),
                )
            ):
                held[row.item_id].append(
                    HeldUnder(
                        submission_id=row.submission_id,
                        origin=Origin(row.origin),
                        basis=row.basis,
                        viewed=Viewed(row.viewed) if row.viewed else None,
                        is_member=bool(row.parent_item_id),
                    )
                )
        covering = _by_item(authorities)
        return {one: gate(one, held[one], [*covering.get(one, ()), *covering.get(None, ())], now) for one in item_ids}

    def shut_count(self, submission_ids: Sequence[int], now: datetime) -> int:
        """How many of these submissions' items are not to be rendered."""
        return self.shut_count_under(self._bases(submission_ids), now)

    def shut_count_under(self, bases: Sequence[Basis], now: datetime) -> int:
        """The same, of submissions of which it is known under what they came."""
        query = self._shut(bases, now)
        if query is None:
            return 0
        return self.connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()

    def bases(self, referral_id: int) -> list[Basis]:
        """Under what each of the referral's submissions came, the oldest first."""
        held = referral_member.c.submission_id == submission.c.id
        asked = select(*_BASIS).join(referral_member, held).where(referral_member.c.referral_id == referral_id)
        return [Basis(*row) for row in self.connection.execute(asked.order_by(submission.c.id))]

    def shut(self, submission_ids: Sequence[int], now: datetime, limit: int) -> dict[int, Gate]:
        """The first of them by id, each with its reason."""
        query = self._shut(self._bases(submission_ids), now)
        if query is None:
            return {}
        found = list(self.connection.execute(query.order_by(occurrence.c.item_id).limit(limit)).scalars())
        return self.of_items(found, submission_ids, now)

    def _bases(self, submission_ids: Sequence[int]) -> list[Basis]:
        named = among(self.connection, submission.c.id, submission_ids)
        asked = select(*_BASIS).where(named)
        return [Basis(*row) for row in self.connection.execute(asked)]

    def _shut(self, bases: Sequence[Basis], now: datetime) -> Select[Any] | None:
        """Items none of whose occurrences is lawful to render; None where all of them stand on a basis of our own."""
        own = [one.submission_id for one in bases if has_own_basis(Origin(one.origin), one.basis)]
        if len(own) == len(bases):
            return None
        senders = [one.submission_id for one in bases if one.origin in _REPORTERS]
        others = {one.submission_id for one in bases}.difference(own, senders)
        # Each submission travels once, under its sort: no occurrence is sought in a list.
        at_hand = union_all(
            *(
                select(one.c.value.label("id"), literal(sort).label("sort"))
                for sort, ids in ((_OWN, own), (_SENDERS, senders), (_OTHER, sorted(others)))
                if ids
                for one in (listed(self.connection, ids),)
            )
        ).subquery("at_hand")
        authorised = (
            select(authority.c.id)
            .where(
                authority.c.submission_id == occurrence.c.submission_id,
                or_(authority.c.item_id.is_(None), authority.c.item_id == occurrence.c.item_id),
                authority.c.withdrawn_at.is_(None),
                authority.c.given_at <= now,
            )
            .exists()
        )
        viewed = and_(occurrence.c.viewed == Viewed.YES, occurrence.c.parent_item_id == 0)
        lawful = or_(at_hand.c.sort == _OWN, and_(at_hand.c.sort == _SENDERS, or_(viewed, authorised)))
        # Each occurrence at hand is read once, however many the item has.
        return (
            select(occurrence.c.item_id)
            .join(at_hand, at_hand.c.id == occurrence.c.submission_id)
            .group_by(occurrence.c.item_id)
            .having(func.max(case((lawful, 1), else_=0)) == 0)
        )


def _by_item(authorities: Sequence[Authority]) -> Mapping[int | None, list[Authority]]:
    found: dict[int | None, list[Authority]] = {}
    for one in authorities:
        found.setdefault(one.item_id, []).append(one)
    return found
