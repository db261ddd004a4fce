"""Matches: measured facts against releases, kept as they were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, select

from hashsets.vocabulary import Basis, Candidate, Opinion, Profile, SetKind, Transform
from triage.domain.matches import Match

from .rows import insert_new
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

    def add(self, found: Sequence[Match], comparison_id: int, now: datetime) -> None:
        """Write matches; the same match measured again is the same row."""
        insert_new(
            self.connection,
            match,
            [
                {
                    "item_id": entry.item_id,
                    "release_id": entry.candidate.release_id,
                    "entry_key": entry.candidate.entry_key,
                    "subject": entry.subject,
                    "algorithm": entry.candidate.algorithm,
                    "profile": entry.candidate.profile or "",
                    "set_name": entry.candidate.set_name,
                    "set_kind": entry.candidate.set_kind,
                    "basis": entry.candidate.basis,
                    "distance": entry.candidate.distance,
                    "transform": entry.candidate.transform,
                    "opinion": asdict(entry.candidate.opinion),
                    "standing": entry.standing,
                    "because": entry.because,
                    "agreement": entry.agreement,
                    "comparison_id": comparison_id,
                    "at": now,
                }
                for entry in found
            ],
        )

    def exact_of_several_releases(self, submission_ids: Sequence[int]) -> Iterator[tuple[int, list[Candidate]]]:
        """Items of these submissions that two releases or more list byte for byte, with what each says of them.

        By item, streaming: where sources can contradict each other.
        """
        held = select(occurrence.c.item_id).where(occurrence.c.submission_id.in_(submission_ids)).distinct()
        exact = (match.c.basis == Basis.EXACT, match.c.item_id.in_(held))
        several = (
            select(match.c.item_id)
            .where(*exact)
            .group_by(match.c.item_id)
            .having(func.count(match.c.release_id.distinct()) > 1)
        )
        rows = self.connection.execute(
            select(match)
            .where(match.c.basis == Basis.EXACT, match.c.item_id.in_(several))
            .order_by(match.c.item_id, match.c.set_name, match.c.release_id, match.c.entry_key, match.c.algorithm)
            .execution_options(yield_per=1000)
        )
        for item_id, found in groupby(rows, key=lambda row: row.item_id):
            yield item_id, [_candidate(row) for row in found]


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
