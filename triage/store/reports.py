"""Reports on their way in: their states, their files, and the bytes that wait for a report to be finished."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, null, select, text, update

from triage.domain.errors import NotFound
from triage.domain.items import Outcome
from triage.domain.reports import FileFacts, ReportState

from .engine import database_now
from .intake_tables import report, reported_file, upload
from .kept_reports import (
    FileOutcome,
    KeptFile,
    KeptReport,
    Measured,
    NewReport,
    NewReportedFile,
    kept_file_of,
    kept_report_of,
    noted,
    with_measured,
)
from .report_documents import file_document, report_document
from .rows import among, insert_all, insert_telling
from .sighted_documents import sighted_document
from .tables import item

_OPEN = text("state = 'open'")  # word for word as in the index
ARRIVED, TAKEN, DROPPED = "arrived", "taken", "dropped"
"""States of an upload, here of bytes that came with a request."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Access to reports within one unit of work."""

    connection: Connection

    def add(self, new: Sequence[NewReport]) -> dict[str, int]:
        """Public id → id of those that were written: not where a reference or idempotency key is taken."""
        rows = [
            {
                "public_id": one.public_id,
                "sender_id": one.sender_id,
                "sandbox": one.sandbox,
                "door": one.door,
                "reference": one.reference,
                "idempotency_key": one.idempotency_key,
                "asked_sha256": one.asked,
                "state": one.state,
                "facts": noted(report_document(one.facts), one.notes),
                "opened_at": one.at,
                "changed_at": one.at,
                "ended_at": None if one.state is ReportState.OPEN else one.at,
                "submission_id": one.submission_id,
            }
            for one in new
        ]
        written = insert_telling(self.connection, report, rows, report.c.id, report.c.public_id)
        return {row.public_id: row.id for row in written}

    def add_files(self, new: Sequence[tuple[int, NewReportedFile]]) -> None:
        """Files by the id of their report."""
        insert_all(
            self.connection,
            reported_file,
            [
                {
                    "public_id": one.public_id,
                    "report_id": report_id,
                    "position": one.position,
                    "facts": with_measured(file_document(one.facts), one.measured),
                    "viewed": one.facts.viewed,
                    "known": one.known,
                    "upload_id": one.upload_id,
                    "item_id": one.item_id,
                    "sighted": one.sighted and sighted_document(one.sighted),
                }
                for report_id, one in new
            ],
        )

    def add_arrived(
        self,
        public_id: str,
        sender_id: int,
        key_id: int,
        report_id: int,
        measured: Measured,
        sealed: Mapping[str, Any],
        until: datetime,
    ) -> int:
        """Bytes that came with a request and wait, sealed, for their report to be finished; the id of their row."""
        row = {
            "public_id": public_id,
            "sender_id": sender_id,
            "key_id": key_id,
            "sandbox": False,
            "report_id": report_id,
            "path": b"",
            "mtime_ns": 0,
            "length": measured.size,
            "received": measured.size,
            "state": ARRIVED,
            "stated": {},
            "machine": "",
            "spool_key": b"",
            "spool_key_id": "",
            "made_at": database_now(self.connection),
            "expires_at": until.timestamp(),
            "md5": measured.digests.md5,
            "sha1": measured.digests.sha1,
            "sha256": measured.digests.sha256,
            "kind": measured.kind,
            "sealed": {**sealed, "wrapped_key": base64.b64encode(sealed["wrapped_key"]).decode()},
        }
        upload_id: int = self.connection.execute(insert(upload).values(row).returning(upload.c.id)).scalar_one()
        return upload_id

    def named(self, public_id: str, sender_id: int, *, sandbox: bool, hold: bool = False) -> KeptReport:
        """A report of this sender; with `hold` nobody else changes it until the unit ends. Raises NotFound."""
        query = select(report).where(
            report.c.public_id == public_id, report.c.sender_id == sender_id, report.c.sandbox.is_(sandbox)
        )
        row = self.connection.execute(query.with_for_update() if hold else query).one_or_none()
        if row is None:
            raise NotFound("no-report", "There is no such report of this sender.")
        return kept_report_of(row)

    def of_anybody(self, public_id: str, *, sandbox: bool) -> KeptReport:
        """As `named`, whoever sent it: for the unit, never for a sender. Raises NotFound."""
        query = select(report).where(report.c.public_id == public_id, report.c.sandbox.is_(sandbox))
        row = self.connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("no-report", "There is no such report.")
        return kept_report_of(row)

    def numbered(self, report_id: int, sender_id: int, *, sandbox: bool) -> KeptReport:
        """As `named`, by the report's number. Raises NotFound."""
        query = select(report).where(
            report.c.id == report_id, report.c.sender_id == sender_id, report.c.sandbox.is_(sandbox)
        )
        row = self.connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("no-report", "There is no such report of this sender.")
        return kept_report_of(row)

    def claimed(self, sender_ids: Sequence[int], references: Sequence[str], keys: Sequence[str]) -> list[KeptReport]:
        """Reports of these senders that have one of these references or idempotency keys."""
        of_senders = select(report).where(among(self.connection, report.c.sender_id, sender_ids))
        queries: list[Select[Any]] = []
        if references:
            queries.append(of_senders.where(among(self.connection, report.c.reference, references)))
        if keys:
            queries.append(of_senders.where(among(self.connection, report.c.idempotency_key, keys)))
        return [kept_report_of(row) for query in queries for row in self.connection.execute(query)]

    def files(self, report_id: int) -> list[KeptFile]:
        """Its files, in their order."""
        query = (
            select(
                reported_file,
                upload.c.state.label("upload_state"),
                upload.c.public_id.label("upload_public_id"),
                upload.c.sealed,
                upload.c.md5,
                upload.c.sha1,
                upload.c.sha256,
                upload.c.length,
                upload.c.kind,
            )
            .outerjoin(upload, upload.c.id == reported_file.c.upload_id)
            .where(reported_file.c.report_id == report_id)
            .order_by(reported_file.c.position)
        )
        return [kept_file_of(row) for row in self.connection.execute(query)]

    def next_position(self, report_id: int) -> int:
        """The place of the next file, from 0."""
        query = select(func.count()).select_from(reported_file).where(reported_file.c.report_id == report_id)
        return int(self.connection.execute(query).scalar_one())

    def describe(self, file: KeptFile, facts: FileFacts) -> None:
        """Replace what is said of a file; what we measured stays."""
        document = with_measured(file_document(facts), file.measured)
        self.connection.execute(
            update(reported_file).where(reported_file.c.id == file.id).values(facts=document, viewed=facts.viewed)
        )

    def known_now(self, report_id: int, upload_id: int, known: str) -> None:
        """What is known of the file of a report whose bytes this upload brought."""
        its = (reported_file.c.report_id == report_id, reported_file.c.upload_id == upload_id)
        self.connection.execute(update(reported_file).where(*its).values(known=known))

    def taken(self, items: Mapping[int, int]) -> None:
        """File id → item id, once the report is finished."""
        for file_id, item_id in items.items():
            self.connection.execute(
                update(reported_file).where(reported_file.c.id == file_id).values(item_id=item_id)
            )

    def change(self, report_id: int, now: datetime) -> None:
        """Something was added: an idle report lives an hour longer."""
        self.connection.execute(update(report).where(report.c.id == report_id).values(changed_at=now))

    def end(self, report_id: int, state: ReportState, now: datetime, submission_id: int | None = None) -> None:
        """Finished, retracted or expired."""
        self.connection.execute(
            update(report)
            .where(report.c.id == report_id)
            .values(state=state, ended_at=now, changed_at=now, submission_id=submission_id)
        )

    def let_go(self, report_id: int, state: str) -> int:
        """Forget where a report's waiting bytes lie, and what was found in those that are not kept; how many of both.

        The only wrapped key of dropped bytes goes with the locator, so nobody can read them again.
        """
        waiting = update(upload).where(upload.c.report_id == report_id, text("state IN ('open', 'arrived')"))
        ended = self.connection.execute(waiting.values(state=state, sealed=None, spool_key=b""))
        of_report = update(reported_file).where(reported_file.c.report_id == report_id)
        sighted = self.connection.execute(
            of_report.where(reported_file.c.sighted.is_not(None)).values(sighted=null())
        )
        return ended.rowcount + sighted.rowcount

    def overdue(self, opened_before: datetime, changed_before: datetime, limit: int) -> list[KeptReport]:
        """Open reports older than both times, oldest first."""
        query = (
            select(report)
            .where(_OPEN, report.c.changed_at <= changed_before, report.c.opened_at <= opened_before)
            .order_by(report.c.changed_at)
            .limit(limit)
        )
        return [kept_report_of(row) for row in self.connection.execute(query)]

    def latest(self, limit: int, *, sandbox: bool) -> list[tuple[KeptReport, int]]:
        """The newest reports with how many files each has."""
        files = (
            select(func.count())
            .where(reported_file.c.report_id == report.c.id)
            .correlate(report)
            .scalar_subquery()
            .label("files")
        )
        query = select(report, files).where(report.c.sandbox.is_(sandbox)).order_by(report.c.id.desc()).limit(limit)
        return [(kept_report_of(row), row.files) for row in self.connection.execute(query)]

    def outcomes(self, report_id: int) -> list[FileOutcome]:
        """What became of each file, in order; without an item, nothing yet."""
        query = (
            select(reported_file.c.public_id, item.c.outcome)
            .outerjoin(item, item.c.id == reported_file.c.item_id)
            .where(reported_file.c.report_id == report_id)
            .order_by(reported_file.c.position)
        )
        return [
            FileOutcome(row.public_id, Outcome(row.outcome) if row.outcome else None)
            for row in self.connection.execute(query)
        ]
