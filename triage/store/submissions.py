"""Submissions, the occurrences that they brought, and what could not be read at their source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from triage.domain.errors import NotFound
from triage.domain.findings import ProcessingNote
from triage.domain.legal import Handling, Origin
from triage.domain.submissions import Delivery, Found, Submission, SubmissionState

from .rows import among, insert_new, insert_telling, sliced
from .tables import item, occurrence, source_note, submission


def path_key(path: bytes) -> bytes:
    """Sixteen bytes that stand for a path in unique keys."""
    return hashlib.sha256(path).digest()[:16]


@dataclass(frozen=True, slots=True)
class Submissions:
    """Access to submissions within one unit of work."""

    connection: Connection

    def open(self, delivery: Delivery, now: datetime) -> Submission:
        """The submission of this delivery: a new one, or the one that an interrupted run began."""
        insert_new(self.connection, submission, [_row(delivery, now)])
        found = self.connection.execute(
            select(submission).where(
                submission.c.case_ref == delivery.case_ref,
                submission.c.exhibit_ref == delivery.exhibit_ref,
                submission.c.source == delivery.source,
            )
        ).one()
        return _submission(found)

    def add_received(self, deliveries: Sequence[Delivery], now: datetime) -> dict[bytes, int]:
        """New submissions that are here whole, such as finished reports; their ids by source.

        Nothing is written for a source that is there already.
        """
        rows = [{**_row(one, now), "state": SubmissionState.RECEIVED, "received_at": now} for one in deliveries]
        written = insert_telling(self.connection, submission, rows, submission.c.id, submission.c.source)
        return {row.source: row.id for row in written}

    def get(self, submission_id: int) -> Submission:
        """One submission. Raises NotFound."""
        row = self.connection.execute(select(submission).where(submission.c.id == submission_id)).one_or_none()
        if row is None:
            raise NotFound("no-submission", f"There is no submission S-{submission_id}.")
        return _submission(row)

    def many(self, submission_ids: Sequence[int]) -> list[Submission]:
        """The submissions named, by id."""
        named = among(self.connection, submission.c.id, submission_ids)
        rows = self.connection.execute(select(submission).where(named).order_by(submission.c.id))
        return [_submission(row) for row in rows]

    def all_ids(self) -> list[int]:
        """Every submission, oldest first."""
        return list(self.connection.execute(select(submission.c.id).order_by(submission.c.id)).scalars())

    def set_state(self, submission_id: int, state: SubmissionState, received_at: datetime | None) -> None:
        """Record that the walk of the source has begun or is complete."""
        self.connection.execute(
            update(submission)
            .where(submission.c.id == submission_id)
            .values(state=state, **({"received_at": received_at} if received_at else {}))
        )

    def set_urgent(self, submission_id: int) -> None:
        """From now on its jobs go before all others; see `Jobs.promote` for those that wait already."""
        self.connection.execute(update(submission).where(submission.c.id == submission_id).values(urgent=True))

    def already_found(
        self, submission_id: int, parent_item_id: int, found: Sequence[tuple[bytes, int, int]]
    ) -> set[int]:
        """Positions in `found` (path, size, mtime in ns) whose occurrence is recorded unchanged."""
        keys = {path_key(path): position for position, (path, _, _) in enumerate(found)}
        rows = self.connection.execute(
            select(occurrence.c.path_key, occurrence.c.size, occurrence.c.mtime_ns).where(
                occurrence.c.submission_id == submission_id,
                occurrence.c.parent_item_id == parent_item_id,
                among(self.connection, occurrence.c.path_key, list(keys)),
            )
        )
        known = set()
        for row in rows:
            position = keys[row.path_key]
            if found[position][1:] == (row.size, row.mtime_ns):
                known.add(position)
        return known

    def not_found_yet(self, submission_id: int, item_ids: Iterable[int]) -> set[int]:
        """Those of the items that do not occur in this submission so far."""
        absent = set(item_ids)
        for part in sliced(sorted(absent)):
            rows = self.connection.execute(
                select(occurrence.c.item_id).where(
                    occurrence.c.submission_id == submission_id, among(self.connection, occurrence.c.item_id, part)
                )
            )
            absent.difference_update(rows.scalars())
        return absent

    def add_occurrences(self, submission_id: int, found: Sequence[tuple[int, Found]]) -> None:
        """Record (item id, place) pairs; a pair that is there already stays as it is."""
        self.add_occurrences_of({submission_id: found})

    def add_occurrences_of(self, found: Mapping[int, Sequence[tuple[int, Found]]]) -> None:
        """The same for several submissions at once."""
        insert_new(
            self.connection,
            occurrence,
            [
                {
                    "submission_id": submission_id,
                    "item_id": item_id,
                    "parent_item_id": place.parent_item_id,
                    "path": place.path,
                    "path_key": path_key(place.path),
                    "size": place.size,
                    "mtime_ns": place.mtime_ns,
                    "linked": False,
                    "viewed": place.viewed,
                }
                for submission_id, places in found.items()
                for item_id, place in places
            ],
        )

    def add_source_notes(
        self, submission_id: int, notes: Sequence[tuple[bytes, ProcessingNote]], now: datetime
    ) -> None:
        """Record what could not be read at the source, by path."""
        insert_new(
            self.connection,
            source_note,
            [
                {
                    "submission_id": submission_id,
                    "path": path,
                    "path_key": path_key(path),
                    "code": note.code,
                    "detail": note.detail,
                    "at": now,
                }
                for path, note in notes
            ],
        )

    def forget_source_notes(self, submission_id: int, paths: Sequence[bytes]) -> None:
        """Drop notes on paths that could be read this time."""
        keys = [path_key(path) for path in paths]
        if keys:
            self.connection.execute(
                source_note.delete().where(
                    source_note.c.submission_id == submission_id, among(self.connection, source_note.c.path_key, keys)
                )
            )

    def has_pending_items(self, submission_id: int) -> bool:
        """Whether any item of this submission still waits for its answer."""
        pending = (
            select(occurrence.c.id)
            .join(item, item.c.id == occurrence.c.item_id)
            .where(occurrence.c.submission_id == submission_id, item.c.outcome == "pending")
            .limit(1)
        )
        return self.connection.execute(pending).first() is not None

    def unlinked_items(self, submission_id: int) -> Iterator[int]:
        """Items not yet through linking, by content address: an order that no timing can change."""
        query = (
            select(item.c.id)
            .join(occurrence, occurrence.c.item_id == item.c.id)
            .where(occurrence.c.submission_id == submission_id, occurrence.c.linked.is_(False))
            .group_by(item.c.id)
            .order_by(func.coalesce(item.c.sha256, item.c.sha1, item.c.md5))
        )
        yield from self.connection.execute(query).scalars()

    def mark_linked(self, submission_id: int, item_ids: Sequence[int]) -> None:
        """These items' occurrences in this submission are through linking."""
        self.connection.execute(
            update(occurrence)
            .where(
                occurrence.c.submission_id == submission_id, among(self.connection, occurrence.c.item_id, item_ids)
            )
            .values(linked=True)
        )

    def mark_unlinked(self, item_ids: Sequence[int]) -> None:
        """These items are to go through linking again, wherever they occur."""
        for part in sliced(item_ids):
            named = among(self.connection, occurrence.c.item_id, part)
            self.connection.execute(update(occurrence).where(named).values(linked=False))


def _row(delivery: Delivery, now: datetime) -> dict[str, Any]:
    return {
        "case_ref": delivery.case_ref,
        "exhibit_ref": delivery.exhibit_ref,
        "basis": delivery.basis,
        "source": delivery.source,
        "in_place": delivery.in_place,
        "state": SubmissionState.RECEIVING,
        "preserve_until": delivery.preserve_until,
        "created_at": now,
        "urgent": False,
        "origin": delivery.origin,
        "may_share_with": list(delivery.may_share_with),
        "handling": [code.value for code in delivery.handling],
    }


def _submission(row: Row[Any]) -> Submission:
    return Submission(
        id=row.id,
        delivery=Delivery(
            case_ref=row.case_ref,
            exhibit_ref=row.exhibit_ref,
            basis=row.basis,
            source=row.source,
            in_place=row.in_place,
            preserve_until=row.preserve_until,
            origin=Origin(row.origin),
            may_share_with=tuple(row.may_share_with),
            handling=tuple(map(Handling, row.handling)),
        ),
        state=SubmissionState(row.state),
        created_at=row.created_at,
        received_at=row.received_at,
        urgent=row.urgent,
    )
