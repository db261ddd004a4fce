"""Matches: measured facts against releases, kept as they were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from triage.domain.matches import Match

from .rows import insert_new
from .tables import match


@dataclass(frozen=True, slots=True)
class Matches:
    """Access to matches within one unit of work."""

    connection: Connection

    def add(self, found: Sequence[Match], policy: str, now: datetime) -> None:
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
                    "policy": policy,
                    "at": now,
                }
                for entry in found
            ],
        )
