"""What the queue and the page of a referral show: lists with a limit, and counts. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from triage.domain.errors import NotFound

from .read_models import held_by
from .tables import (
    finding,
    link,
    look_alike,
    match,
    network_join,
    raster,
    referral,
    referral_event,
    referral_member,
    trait,
    trait_member,
)


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One line of the queue."""

    id: int
    state: str
    merged_into: int | None
    danger: int
    solvability: int
    network: int
    clock: int
    reasons: list[dict[str, Any]]
    submissions: list[int]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ReferralPages:
    """Reads within one unit of work."""

    connection: Connection

    def referrals(self, *, merged: bool = False) -> list[ReferralRow]:
        """The queue, most urgent first; with `merged`, also referrals that go on in another."""
        query = select(referral).order_by(referral.c.sort_key, referral.c.created_at, referral.c.id)
        if not merged:
            query = query.where(referral.c.state == "open")
        rows = self.connection.execute(query).all()
        members: dict[int, list[int]] = {}
        for referral_id, submission_id in self.connection.execute(
            select(referral_member.c.referral_id, referral_member.c.submission_id).order_by(
                referral_member.c.submission_id
            )
        ):
            members.setdefault(referral_id, []).append(submission_id)
        return [_row(row, members.get(row.id, [])) for row in rows]

    def referral(self, referral_id: int) -> ReferralRow:
        """One referral, open or merged. Raises NotFound."""
        row = self.connection.execute(select(referral).where(referral.c.id == referral_id)).one_or_none()
        if row is None:
            raise NotFound("no-referral", f"There is no referral R-{referral_id}.")
        held = select(referral_member.c.submission_id).where(referral_member.c.referral_id == referral_id)
        return _row(row, sorted(self.connection.execute(held).scalars()))

    def referral_history(self, referral_id: int) -> list[dict[str, Any]]:
        """Events of a referral, oldest first."""
        rows = self.connection.execute(
            select(referral_event).where(referral_event.c.referral_id == referral_id).order_by(referral_event.c.id)
        )
        return [{"at": row.at, "kind": row.kind, "details": row.details} for row in rows]

    def newest_history(self, referral_id: int, limit: int) -> list[dict[str, Any]]:
        """Its newest events, newest first."""
        mine = select(referral_event).where(referral_event.c.referral_id == referral_id)
        rows = self.connection.execute(mine.order_by(referral_event.c.id.desc()).limit(limit))
        return [{"at": row.at, "kind": row.kind, "details": row.details} for row in rows]

    def joins_within(self, submission_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Why these submissions belong together, joins no longer in force included."""
        rows = self.connection.execute(
            select(network_join)
            .where(network_join.c.low_id.in_(submission_ids), network_join.c.high_id.in_(submission_ids))
            .order_by(network_join.c.low_id, network_join.c.high_id, network_join.c.id)
        )
        return [
            {
                "submissions": [row.low_id, row.high_id],
                "kind": row.kind,
                "because": row.because,
                "withdrawn_at": row.withdrawn_at,
            }
            for row in rows
        ]

    def match_counts(self, submission_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Matches of these submissions' items by set, release, basis, standing and category."""
        held = held_by(submission_ids)
        category = match.c.opinion["category"].as_string()
        rows = self.connection.execute(
            select(
                match.c.set_name,
                match.c.set_kind,
                match.c.release_id,
                match.c.basis,
                match.c.standing,
                category.label("category"),
                func.count(match.c.item_id.distinct()).label("items"),
                func.count(match.c.entry_key.distinct()).label("entries"),
                func.min(match.c.distance).label("least"),
                func.max(match.c.distance).label("most"),
            )
            .where(match.c.item_id.in_(held), match.c.ended_at.is_(None))
            .group_by(
                match.c.set_name, match.c.set_kind, match.c.release_id, match.c.basis, match.c.standing, category
            )
            .order_by(match.c.set_name, match.c.release_id, match.c.basis, match.c.standing, category)
        )
        return [dict(row) for row in rows.mappings()]

    def matches(self, submission_ids: Sequence[int], limit: int) -> list[dict[str, Any]]:
        """Single matches, nearest first within an item."""
        rows = self.connection.execute(
            select(
                match.c.item_id,
                match.c.subject,
                match.c.set_name,
                match.c.release_id,
                match.c.entry_key,
                match.c.basis,
                match.c.algorithm,
                match.c.profile,
                match.c.distance,
                match.c.transform,
                match.c.opinion,
                match.c.standing,
                match.c.because,
                match.c.agreement,
            )
            .where(match.c.item_id.in_(held_by(submission_ids)), match.c.ended_at.is_(None))
            .order_by(match.c.item_id, match.c.distance, match.c.release_id, match.c.entry_key, match.c.algorithm)
            .limit(limit)
        )
        return [dict(row) for row in rows.mappings()]

    def finding_counts(self, submission_ids: Sequence[int], thumbnail_disagrees_above: int) -> dict[str, int]:
        """Items by what their metadata states, and those whose embedded thumbnail shows another picture."""
        held = held_by(submission_ids)
        rows = self.connection.execute(
            select(finding.c.kind, func.count()).where(finding.c.item_id.in_(held)).group_by(finding.c.kind)
        )
        counts = {row[0]: int(row[1]) for row in rows}
        disagreeing = self.connection.execute(
            select(func.count())
            .select_from(raster)
            .where(raster.c.item_id.in_(held), raster.c.thumbnail_distance > thumbnail_disagrees_above)
        ).scalar_one()
        return dict(sorted(counts.items())) | ({"thumbnail-disagrees": disagreeing} if disagreeing else {})

    def look_alike_groups(self, submission_ids: Sequence[int], limit: int) -> list[dict[str, Any]]:
        """Look-alike groups of two or more among these submissions' items, largest first."""
        members = func.count(look_alike.c.item_id.distinct())
        rows = self.connection.execute(
            select(
                look_alike.c.centre_id.label("centre"),
                members.label("members"),
                func.max(func.coalesce(link.c.distance, 0)).label("farthest"),
            )
            .select_from(look_alike)
            .outerjoin(
                link,
                and_(
                    link.c.kind == "near-fingerprint",
                    link.c.from_item == look_alike.c.item_id,
                    link.c.to_item == look_alike.c.centre_id,
                ),
            )
            .where(look_alike.c.item_id.in_(held_by(submission_ids)))
            .group_by(look_alike.c.centre_id)
            .having(members > 1)
            .order_by(members.desc(), look_alike.c.centre_id)
            .limit(limit)
        )
        return [dict(row) for row in rows.mappings()]

    def links(self, submission_ids: Sequence[int], limit: int) -> list[dict[str, Any]]:
        """Pairwise links from these submissions' items, with their because."""
        rows = self.connection.execute(
            select(link)
            .where(link.c.from_item.in_(held_by(submission_ids)))
            .order_by(link.c.kind, link.c.from_item, link.c.to_item)
            .limit(limit)
        )
        return [dict(row) for row in rows.mappings()]

    def shared_traits(self, submission_ids: Sequence[int], limit: int) -> list[dict[str, Any]]:
        """Traits held by two or more items, most members first; `members` counts all items, `here` these ones."""
        here = func.count(trait_member.c.item_id.distinct())
        rows = self.connection.execute(
            select(
                trait.c.id,
                trait.c.kind,
                trait.c.strength,
                trait.c.because,
                trait.c.members,
                here.label("here"),
            )
            .join(trait_member, trait_member.c.trait_id == trait.c.id)
            .where(trait.c.members > 1, trait_member.c.item_id.in_(held_by(submission_ids)))
            .group_by(trait.c.id, trait.c.kind, trait.c.strength, trait.c.because, trait.c.members)
            .order_by(here.desc(), trait.c.id)
            .limit(limit)
        )
        return [dict(row) for row in rows.mappings()]


def _row(row: Row[Any], submissions: list[int]) -> ReferralRow:
    return ReferralRow(
        id=row.id,
        state=row.state,
        merged_into=row.merged_into,
        danger=row.danger,
        solvability=row.solvability,
        network=row.network,
        clock=row.clock,
        reasons=row.reasons,
        submissions=submissions,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
