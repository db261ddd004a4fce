"""Matches: measured facts against releases, kept as they were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select, update

from hashsets.vocabulary import Basis, Candidate, Opinion, Profile, SetKind, Transform
from triage.domain.findings import Subject
from triage.domain.matches import Match, Standing
from triage.domain.rematches import EndedBecause, EndedMatch, StandingMatch

from .rows import among, insert_new, sliced
from .tables import comparison, match, occurrence


@dataclass(frozen=True, slots=True)
class Matches:
    """Access to matches within one unit of work."""

    connection: Connection

    def comparison(self, policy: str, releases: str) -> int:
        """The id of this comparison: a version of the policy against these releases."""
        insert_new(self.connection, comparison, [{"policy": policy, "releases": releases}])
        query = select(comparison.c.id).where(comparison.c.policy == policy, comparison.c.releases == releases)
        comparison_id: int = self.connection.execute(query).scalar_one()
        return comparison_id

    def standing(self, item_ids: Sequence[int]) -> dict[int, list[StandingMatch]]:
        """Matches that have not ended, by item."""
        found: dict[int, list[StandingMatch]] = {}
        for part in sliced(item_ids):
            query = select(match).where(among(self.connection, match.c.item_id, part), match.c.ended_at.is_(None))
            for row in self.connection.execute(query.order_by(match.c.id)):
                found.setdefault(row.item_id, []).append(StandingMatch(row.id, _match(row)))
        return found

    def add(self, found: Sequence[Match], comparison_id: int, now: datetime) -> None:
        """Write matches; one that stands already is the same row."""
        rows = [_row(entry) | {"comparison_id": comparison_id, "at": now} for entry in found]
        insert_new(self.connection, match, rows)

    def end(self, ended: Sequence[tuple[int, EndedBecause]], comparison_id: int, now: datetime) -> None:
        """End matches, by the comparison that did not find them any more. Their rows stay as they were measured."""
        if ended:
            self.connection.execute(
                update(match)
                .where(match.c.id == bindparam("b_id"))
                .values(ended_at=now, ended_because=bindparam("b_because"), ended_by=comparison_id),
                [{"b_id": match_id, "b_because": because} for match_id, because in ended],
            )

    def ended(self, submission_ids: Sequence[int], limit: int) -> list[EndedMatch]:
        """Matches of these submissions' items that are said no more, latest first; not those that were superseded."""
        query = select(match).where(self._said_no_more(submission_ids)).order_by(match.c.ended_at.desc(), match.c.id)
        return [
            EndedMatch(_match(row), row.at, row.ended_at, EndedBecause(row.ended_because))
            for row in self.connection.execute(query.limit(limit))
        ]

    def ended_count(self, submission_ids: Sequence[int]) -> int:
        """How many there are of them."""
        query = select(func.count()).select_from(match).where(self._said_no_more(submission_ids))
        return self.connection.execute(query).scalar_one()

    def exact_of_several_releases(self, submission_ids: Sequence[int]) -> Iterator[tuple[int, list[Candidate]]]:
        """Items of these submissions that two releases or more list byte for byte, with what each says of them.

        By item, streaming: where sources can contradict each other.
        """
        held = select(occurrence.c.item_id).where(occurrence.c.submission_id.in_(submission_ids)).distinct()
        exact = (match.c.basis == Basis.EXACT, match.c.ended_at.is_(None))
        several = (
            select(match.c.item_id)
            .where(*exact, match.c.item_id.in_(held))
            .group_by(match.c.item_id)
            .having(func.count(match.c.release_id.distinct()) > 1)
        )
        rows = self.connection.execute(
            select(match)
            .where(*exact, match.c.item_id.in_(several))
            .order_by(match.c.item_id, match.c.set_name, match.c.release_id, match.c.entry_key, match.c.algorithm)
            .execution_options(yield_per=1000)
        )
        for item_id, found in groupby(rows, key=lambda row: row.item_id):
            yield item_id, [_candidate(row) for row in found]

    def _said_no_more(self, submission_ids: Sequence[int]) -> ColumnElement[bool]:
        held = select(occurrence.c.item_id).where(occurrence.c.submission_id.in_(submission_ids)).distinct()
        return and_(
            match.c.item_id.in_(held),
            match.c.ended_at.is_not(None),
            match.c.ended_because != EndedBecause.SUPERSEDED,
        )


def _row(entry: Match) -> dict[str, Any]:
    candidate = entry.candidate
    return {
        "item_id": entry.item_id,
        "release_id": candidate.release_id,
        "entry_key": candidate.entry_key,
        "subject": entry.subject,
        "algorithm": candidate.algorithm,
        "profile": candidate.profile or "",
        "set_name": candidate.set_name,
        "set_kind": candidate.set_kind,
        "basis": candidate.basis,
        "distance": candidate.distance,
        "transform": candidate.transform,
        "opinion": asdict(candidate.opinion),
        "standing": entry.standing,
        "because": entry.because,
        "agreement": entry.agreement,
    }


def _match(row: Row[Any]) -> Match:
    """The inverse of `_row`."""
    standing = Standing(row.standing)
    return Match(row.item_id, Subject(row.subject), _candidate(row), standing, row.because, row.agreement)


def _candidate(row: Any) -> Candidate:
    return Candidate(
        query=0,
        set_name=row.set_name,
        set_kind=SetKind(row.set_kind),
        release_id=row.release_id,
        entry_key=row.entry_key,
        basis=Basis(row.basis),
        algorithm=row.algorithm,
        profile=Profile(row.profile) if row.profile else None,
        distance=row.distance,
        transform=Transform(row.transform),
        opinion=Opinion(**{**row.opinion, "tags": tuple(row.opinion["tags"])}),
    )
