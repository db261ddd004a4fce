"""What a report on one submission counts. Reads only.

Every answer is an aggregate of at most `MOST_ROWS` rows, largest first in a fixed order. A million items took SQLite
26 s and 150 MiB, most of it to count distinct items; they never come here one by one. Values inside JSON are taken
out in a subquery and grouped outside of it: PostgreSQL does not see that two equal expressions with parameters are
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Float, Select, Subquery, and_, case, cast, func, or_, select, union

from hashsets.vocabulary import TRANSFORMS, Basis, SetKind, Transform
from triage.domain.items import ItemKind
from triage.domain.links import LinkKind
from triage.domain.matches import COUNTING
from triage.domain.networks import Join
from triage.domain.priority import Assessment, Axis, Reason

from .dossier_lines import CameraLine, CommonTrait, GroupLine, MatchLine, PlaceLine, ReferralLine
from .tables import (
    comparison,
    finding,
    fingerprint,
    item,
    link,
    look_alike,
    match,
    network_join,
    occurrence,
    provenance,
    raster,
    referral,
    referral_member,
    submission,
    trait,
    trait_member,
)

MOST_ROWS = 1_000
"""Rows of one answer: more than a report shows, few enough to draw every place as a dot."""

_CELLS_PER_DEGREE = 1_000
"""A thousandth of a degree is 111 m north-south, and less east-west."""


@dataclass(frozen=True, slots=True)
class DossierFacts:
    """Counts within one unit of work. Items are distinct contents; a submission that does not exist has none."""

    connection: Connection

    def files(self, submission_id: int) -> int:
        """Files that were read at the source. One that changed and was read again is one file."""
        return self.connection.execute(
            select(func.count(occurrence.c.path_key.distinct())).where(
                occurrence.c.submission_id == submission_id, occurrence.c.parent_item_id == 0
            )
        ).scalar_one()

    def matches(self, submission_id: int) -> list[MatchLine]:
        """Items by set, release, category and series. One that several entries list counts once in each line."""
        said = (
            select(
                match.c.item_id,
                match.c.set_name,
                match.c.release_id,
                match.c.set_kind,
                case((match.c.standing.in_(COUNTING), match.c.basis)).label("basis"),
                match.c.opinion["category"].as_string().label("category"),
                match.c.opinion["series"].as_string().label("series"),
            )
            .where(match.c.item_id.in_(_held(submission_id)), match.c.ended_at.is_(None))
            .subquery()
        )
        line = (said.c.set_name, said.c.release_id, said.c.set_kind, said.c.category, said.c.series)
        rows = self.connection.execute(
            select(
                *line,
                func.count(case((said.c.basis == Basis.EXACT, said.c.item_id)).distinct()).label("exact"),
                func.count(case((said.c.basis == Basis.NEAR, said.c.item_id)).distinct()).label("near"),
                func.count(case((said.c.basis.is_(None), said.c.item_id)).distinct()).label("without_effect"),
            )
            .group_by(*line)
            .order_by(func.count(said.c.item_id.distinct()).desc(), *line)
            .limit(MOST_ROWS)
        )
        return [
            MatchLine(
                row.set_name,
                row.release_id,
                SetKind(row.set_kind),
                row.category,
                row.series,
                row.exact,
                row.near,
                row.without_effect,
            )
            for row in rows
        ]

    def nearness(self, submission_id: int) -> dict[tuple[int, Transform], int]:
        """How near the near matches are: (bits, transform) → items, from the best match of each item in each set.

        Of equally near transforms the simplest counts, as everywhere.
        """
        turned = case({transform.value: place for place, transform in enumerate(TRANSFORMS)}, value=match.c.transform)
        best = (
            select(func.min(match.c.distance * len(TRANSFORMS) + turned).label("rank"))
            .where(
                match.c.basis == Basis.NEAR,
                match.c.standing.in_(COUNTING),
                match.c.ended_at.is_(None),
                match.c.item_id.in_(_held(submission_id)),
            )
            .group_by(match.c.item_id, match.c.set_name)
            .subquery()
        )
        rows = self.connection.execute(select(best.c.rank, func.count()).group_by(best.c.rank).order_by(best.c.rank))
        return {(rank // len(TRANSFORMS), TRANSFORMS[rank % len(TRANSFORMS)]): count for rank, count in rows}

    def look_alikes(self, submission_id: int) -> list[GroupLine]:
        """Groups of which two items or more are here. The centre may have come with another submission."""
        to_centre = and_(
            link.c.kind == LinkKind.NEAR_FINGERPRINT,
            link.c.from_item == look_alike.c.item_id,
            link.c.to_item == look_alike.c.centre_id,
        )
        items = func.count(look_alike.c.item_id)
        rows = self.connection.execute(
            select(look_alike.c.centre_id, items, func.coalesce(func.max(link.c.distance), 0))
            .select_from(look_alike.outerjoin(link, to_centre))
            .where(look_alike.c.item_id.in_(_held(submission_id)))
            .group_by(look_alike.c.centre_id)
            .having(items > 1)
            .order_by(items.desc(), look_alike.c.centre_id)
            .limit(MOST_ROWS)
        )
        return [GroupLine(*row) for row in rows]

    def cameras(self, submission_id: int) -> list[CameraLine]:
        """Cameras by what the files claim, word for word."""
        stated = _with_times(submission_id, "camera", "make", "model", "serial")
        line = (stated.c.make, stated.c.model, stated.c.serial)
        return [
            CameraLine(row.make, row.model, row.serial, row.items, _moment(row.first), _moment(row.last))
            for row in self.connection.execute(_uses(stated, *line))
        ]

    def places(self, submission_id: int) -> list[PlaceLine]:
        """Positions that the files state, gathered in cells of about 100 m."""
        stated = _with_times(submission_id, "place", "latitude", "longitude")
        cells = select(
            *(
                func.round(cast(column, Float) * _CELLS_PER_DEGREE).label(column.name)
                for column in (stated.c.latitude, stated.c.longitude)
            ),
            stated.c.local,
        ).subquery()
        return [
            PlaceLine(
                _degrees(row.latitude), _degrees(row.longitude), row.items, _moment(row.first), _moment(row.last)
            )
            for row in self.connection.execute(_uses(cells, cells.c.latitude, cells.c.longitude))
        ]

    def captured(self, submission_id: int) -> dict[date, int]:
        """Items by the first day of the month in which they were taken, by the cameras' clocks."""
        local = finding.c.value["local"].as_string()
        months = (
            select(func.substr(local, 1, len("2026-11")).label("month"))
            .where(finding.c.kind == "captured", finding.c.item_id.in_(_held(submission_id)))
            .subquery()
        )
        rows = self.connection.execute(
            select(months.c.month, func.count()).group_by(months.c.month).order_by(months.c.month)
        )
        return {date.fromisoformat(f"{month}-01"): count for month, count in rows}

    def archives(self, submission_id: int) -> dict[int, int]:
        """Archive → distinct items that came out of it, through archives inside it too; 0 where nothing did.

        What is in an archive follows from its bytes, so its members count wherever it was unfolded. Archives inside
        archives are followed as pairs of archives, never of archive and member: few rows in any submission.
        """
        outer = (
            select(item.c.id.label("archive"), item.c.id.label("container"))
            .where(item.c.kind == ItemKind.CONTAINER, item.c.id.in_(_held(submission_id)))
            .cte("within", recursive=True)
        )
        within = outer.union(
            select(outer.c.archive, item.c.id)
            .join(occurrence, occurrence.c.parent_item_id == outer.c.container)
            .join(item, item.c.id == occurrence.c.item_id)
            .where(item.c.kind == ItemKind.CONTAINER)
        )
        members = func.count(occurrence.c.item_id.distinct())
        rows = self.connection.execute(
            select(within.c.archive, members)
            .select_from(within.outerjoin(occurrence, occurrence.c.parent_item_id == within.c.container))
            .group_by(within.c.archive)
            .order_by(members.desc(), within.c.archive)
            .limit(MOST_ROWS)
        )
        return {archive: count for archive, count in rows}  # noqa: C416  # a row is no pair to the type checker

    def releases_asked(self, submission_ids: Sequence[int]) -> set[str]:
        """Ids of the releases that the items of these submissions were compared with."""
        query = (
            select(comparison.c.releases)
            .join(item, item.c.comparison_id == comparison.c.id)
            .where(item.c.id.in_(select(occurrence.c.item_id).where(occurrence.c.submission_id.in_(submission_ids))))
            .distinct()
        )
        return {release for asked in self.connection.execute(query).scalars() for release in asked.split("+")}

    def tools(self, submission_id: int) -> list[str]:
        """Programs and versions that any stored value of these items came from."""
        used = union(
            *(
                select(table.c.provenance_id).where(table.c.item_id.in_(_held(submission_id)))
                for table in (raster, fingerprint, finding)
            )
        )
        query = select(provenance.c.tool).where(provenance.c.id.in_(used)).order_by(provenance.c.id)
        return list(self.connection.execute(query).scalars())

    def referral_of(self, submission_id: int) -> ReferralLine | None:
        """The referral that holds the submission, as it was last assessed; None before it is referred."""
        row = self.connection.execute(
            select(referral)
            .join(referral_member, referral_member.c.referral_id == referral.c.id)
            .where(referral_member.c.submission_id == submission_id)
        ).one_or_none()
        if row is None:
            return None
        network = _network(row.id)
        items = select(func.count(occurrence.c.item_id.distinct())).where(occurrence.c.submission_id.in_(network))
        expiry = select(func.min(submission.c.preserve_until)).where(submission.c.id.in_(network))
        return ReferralLine(
            id=row.id,
            assessment=_assessment(row),
            submissions=tuple(self.connection.execute(network.order_by(referral_member.c.submission_id)).scalars()),
            items=self.connection.execute(items).scalar_one(),
            earliest_expiry=self.connection.execute(expiry).scalar_one(),
        )

    def joins(self, referral_id: int) -> list[Join]:
        """Why the submissions of a referral belong together: the joins in force."""
        network = _network(referral_id)
        rows = self.connection.execute(
            select(network_join)
            .where(
                network_join.c.low_id.in_(network),
                network_join.c.high_id.in_(network),
                network_join.c.withdrawn_at.is_(None),
            )
            .order_by(network_join.c.low_id, network_join.c.high_id, network_join.c.id)
            .limit(MOST_ROWS)
        )
        return [Join(row.low_id, row.high_id, row.kind, row.because) for row in rows]

    def common_traits(self, referral_id: int, most_members: Mapping[str, int]) -> list[CommonTrait]:
        """Traits of a referral's items with more members than `most_members` of their kind, most members first."""
        held = (
            select(trait_member.c.item_id)
            .join(occurrence, occurrence.c.item_id == trait_member.c.item_id)
            .where(trait_member.c.trait_id == trait.c.id, occurrence.c.submission_id.in_(_network(referral_id)))
        )
        above = or_(
            *(and_(trait.c.kind == kind, trait.c.members > most) for kind, most in sorted(most_members.items()))
        )
        rows = self.connection.execute(
            select(trait.c.kind, trait.c.because, trait.c.members)
            .where(above, held.exists())
            .order_by(trait.c.members.desc(), trait.c.id)
            .limit(MOST_ROWS)
        )
        return [CommonTrait(LinkKind(row.kind), row.because, row.members) for row in rows]


def _held(submission_id: int) -> Select[int]:
    return select(occurrence.c.item_id).where(occurrence.c.submission_id == submission_id).distinct()


def _network(referral_id: int) -> Select[int]:
    return select(referral_member.c.submission_id).where(referral_member.c.referral_id == referral_id)


def _with_times(submission_id: int, kind: str, *keys: str) -> Subquery:
    """For each item with a finding of `kind`: its values under `keys` as text, and `local`, its time or NULL."""
    times = finding.alias("times")
    return (
        select(
            *(finding.c.value[key].as_string().label(key) for key in keys),
            times.c.value["local"].as_string().label("local"),
        )
        .select_from(finding.outerjoin(times, and_(times.c.item_id == finding.c.item_id, times.c.kind == "captured")))
        .where(finding.c.kind == kind, finding.c.item_id.in_(_held(submission_id)))
        .subquery()
    )


def _uses(stated: Subquery, *line: Any) -> Select[Any]:
    """Items, first and last time by `line`. Times are ISO 8601 of one width, so text order is time order."""
    return (
        select(
            *line,
            func.count().label("items"),
            func.min(stated.c.local).label("first"),
            func.max(stated.c.local).label("last"),
        )
        .group_by(*line)
        .order_by(func.count().desc(), *line)
        .limit(MOST_ROWS)
    )


def _moment(local: str | None) -> datetime | None:
    return datetime.fromisoformat(local) if local else None


def _degrees(cell: float) -> float:
    return cell / _CELLS_PER_DEGREE + 0.0  # + 0.0: no negative zero


def _assessment(row: Any) -> Assessment:
    return Assessment(
        danger=row.danger,
        solvability=row.solvability,
        network=row.network,
        clock=row.clock,
        reasons=tuple(
            Reason(Axis(reason["axis"]), reason["level"], reason["rule"], reason["sentence"], lowers=reason["lowers"])
            for reason in row.reasons
        ),
        sort_key=row.sort_key,
        edition=row.edition,
    )
