"""Reports on their way in: their states, their files, and the bytes that wait for a report to be finished."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, null, select, text, update

from hashsets.algorithms.digests import Digests
from triage.domain.errors import NotFound
from triage.domain.findings import Examination
from triage.domain.items import ItemKind, Outcome
from triage.domain.reports import Door, FileFacts, ReportFacts, ReportState, expires_at

from .engine import database_now
from .intake_tables import report, reported_file, upload
from .report_documents import Written, file_document, file_facts, report_document, report_facts
from .rows import among, insert_all, insert_telling
from .sighted_documents import sighted_document, sighted_of
from .tables import item

_OPEN = text("state = 'open'")  # word for word as in the index
ARRIVED, TAKEN, DROPPED = "arrived", "taken", "dropped"
"""States of an upload, here of bytes that came with a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What we measured of bytes that arrived."""

    digests: Digests
    size: int
    kind: ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A report before it has an id. `notes` are codes of what was odd in it."""

    public_id: str
    sender_id: int
    sandbox: bool
    door: Door
    facts: ReportFacts
    reference: str | None
    idempotency_key: str | None
    asked: bytes | None
    state: ReportState
    at: datetime
    notes: tuple[str, ...] = ()
    submission_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReportedFile:
    """A file of a report before it has an id; `item_id` where the report is finished at once.

    `sighted` is what was found in bytes that are not kept, until the report is finished.
    """

    public_id: str
    position: int
    facts: FileFacts
    known: str
    measured: Measured | None = None
    upload_id: int | None = None
    item_id: int | None = None
    sighted: Examination | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReport:
    """A report as recorded."""

    id: int
    public_id: str
    sender_id: int
    sandbox: bool
    door: Door
    reference: str | None
    idempotency_key: str | None
    asked: bytes | None
    state: ReportState
    document: Mapping[str, Any]
    opened_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    submission_id: int | None

    @property
    def facts(self) -> ReportFacts:
        """What it says beside its files."""
        return report_facts(self.document)

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of what was odd in it."""
        return tuple(self.document.get("notes", ()))

    @property
    def expires_at(self) -> datetime:
        """When it is dropped unless it is finished."""
        return expires_at(self.opened_at, self.changed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of a report as recorded. `sealed` is the locator of bytes that wait, `upload_state` None without any."""

    id: int
    public_id: str
    position: int
    facts: FileFacts
    known: str
    measured: Measured | None
    upload_id: int | None
    upload: str | None  # what its sender calls the upload
    upload_state: str | None
    sealed: Mapping[str, Any] | None
    sighted: Examination | None
    item_id: int | None


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: the answer for its item."""

    public_id: str
    outcome: Outcome | None


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
                "facts": _noted(report_document(one.facts), one.notes),
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
                    "facts": _measured(file_document(one.facts), one.measured),
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
        return _kept(row)

    def of_anybody(self, public_id: str, *, sandbox: bool) -> KeptReport:
        """As `named`, whoever sent it: for the unit, never for a sender. Raises NotFound."""
        query = select(report).where(report.c.public_id == public_id, report.c.sandbox.is_(sandbox))
        row = self.connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("no-report", "There is no such report.")
        return _kept(row)

    def numbered(self, report_id: int, sender_id: int, *, sandbox: bool) -> KeptReport:
        """As `named`, by the report's number. Raises NotFound."""
        query = select(report).where(
            report.c.id == report_id, report.c.sender_id == sender_id, report.c.sandbox.is_(sandbox)
        )
        row = self.connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("no-report", "There is no such report of this sender.")
        return _kept(row)

    def claimed(self, sender_ids: Sequence[int], references: Sequence[str], keys: Sequence[str]) -> list[KeptReport]:
        """Reports of these senders that have one of these references or idempotency keys."""
        of_senders = select(report).where(among(self.connection, report.c.sender_id, sender_ids))
        queries: list[Select[Any]] = []
        if references:
            queries.append(of_senders.where(among(self.connection, report.c.reference, references)))
        if keys:
            queries.append(of_senders.where(among(self.connection, report.c.idempotency_key, keys)))
        return [_kept(row) for query in queries for row in self.connection.execute(query)]

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
        return [_file(row) for row in self.connection.execute(query)]

    def next_position(self, report_id: int) -> int:
        """The place of the next file, from 0."""
        query = select(func.count()).select_from(reported_file).where(reported_file.c.report_id == report_id)
        return int(self.connection.execute(query).scalar_one())

    def describe(self, file: KeptFile, facts: FileFacts) -> None:
        """Replace what is said of a file; what we measured stays."""
        document = _measured(file_document(facts), file.measured)
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
        return [_kept(row) for row in self.connection.execute(query)]

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
        return [(_kept(row), row.files) for row in self.connection.execute(query)]

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


def _noted(document: Written, notes: Sequence[str]) -> Written:
    return {**document, "notes": list(notes)} if notes else document


def _measured(document: Written, measured: Measured | None) -> Written:
    if measured is None:
        return document
    digests = measured.digests
    found = [digests.md5.hex(), digests.sha1.hex(), digests.sha256.hex(), measured.size, measured.kind.value]
    return {**document, "measured": found}


def _measured_of(document: Mapping[str, Any]) -> Measured | None:
    found = document.get("measured")
    if not found:
        return None
    md5, sha1, sha256, size, kind = found
    digests = Digests(bytes.fromhex(md5), bytes.fromhex(sha1), bytes.fromhex(sha256))
    return Measured(digests=digests, size=size, kind=ItemKind(kind))


def _measured_of_upload(row: Row[Any]) -> Measured | None:
    """Of what came by an upload of its own."""
    if row.sha256 is None:
        return None
    return Measured(digests=Digests(row.md5, row.sha1, row.sha256), size=row.length, kind=ItemKind(row.kind))


def _kept(row: Row[Any]) -> KeptReport:
    return KeptReport(
        id=row.id,
        public_id=row.public_id,
        sender_id=row.sender_id,
        sandbox=row.sandbox,
        door=Door(row.door),
        reference=row.reference,
        idempotency_key=row.idempotency_key,
        asked=row.asked_sha256,
        state=ReportState(row.state),
        document=row.facts,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        ended_at=row.ended_at,
        submission_id=row.submission_id,
    )


def _file(row: Row[Any]) -> KeptFile:
    sealed = row.sealed and {**row.sealed, "wrapped_key": base64.b64decode(row.sealed["wrapped_key"])}
    return KeptFile(
        id=row.id,
        public_id=row.public_id,
        position=row.position,
        facts=file_facts(row.facts),
        known=row.known,
        measured=_measured_of(row.facts) or _measured_of_upload(row),
        upload_id=row.upload_id,
        upload=row.upload_public_id,
        upload_state=row.upload_state,
        sealed=sealed,
        sighted=row.sighted and sighted_of(row.sighted),
        item_id=row.item_id,
    )
