"""What is told to the receiver of evidence beside the bytes: where items were found, and the records about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import Connection, select

from .deployment_tables import custody_event
from .rows import among, sliced
from .tables import occurrence

_PAGE = 2_000
_TAIL = '","v":1}'
_SUBJECT = '"subject":"'


@dataclass(frozen=True, slots=True)
class FoundAt:
    """One occurrence of an item."""

    item_id: int
    submission_id: int
    parent_item_id: int
    path: bytes
    viewed: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record of the custody log: its canonical text with the salt under which the log holds it."""

    index: int
    event: str
    salt: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Disclosures:
    """Reads within one unit of work."""

    connection: Connection

    def places(self, item_ids: Sequence[int], submission_ids: Sequence[int]) -> list[FoundAt]:
        """Where these items were found in these submissions, by item and submission."""
        found: list[FoundAt] = []
        for part in sliced(item_ids):
            query = (
                select(occurrence)
                .where(
                    among(self.connection, occurrence.c.item_id, part),
                    among(self.connection, occurrence.c.submission_id, submission_ids),
                )
                .order_by(occurrence.c.item_id, occurrence.c.submission_id, occurrence.c.id)
            )
            found += [
                FoundAt(row.item_id, row.submission_id, row.parent_item_id, bytes(row.path), row.viewed)
                for row in self.connection.execute(query)
            ]
        return found

    def records(self, subjects: AbstractSet[str]) -> Iterator[Recorded]:
        """The custody log's records about these things, in their order: one pass over the log.

        A canonical text ends with its subject, so most of them need no parsing.
        """
        columns = (custody_event.c.seq, custody_event.c.event, custody_event.c.salt, custody_event.c.commitment)
        rows = self.connection.execute(
            select(*columns).where(custody_event.c.event.is_not(None)).order_by(custody_event.c.seq)
        )
        for row in rows.yield_per(_PAGE):
            subject = row.event.removesuffix(_TAIL).rpartition(_SUBJECT)[2]
            if subject in subjects:
                yield Recorded(row.seq, row.event, bytes(row.salt), bytes(row.commitment))
