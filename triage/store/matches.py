"""Matches: measured facts against releases, kept as they were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from triage.domain.matches import Match

from .rows import insert_new
from .tables import comparison, match


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
                    "comparison_id": comparison_id,
                    "at": now,
                }
                for entry in found
            ],
        )
