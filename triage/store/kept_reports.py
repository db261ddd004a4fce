"""Reports and their files as values: before they have an id, and as recorded."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from hashsets.algorithms.digests import Digests
from triage.domain.findings import Examination
from triage.domain.items import ItemKind, Outcome
from triage.domain.reports import Door, FileFacts, ReportFacts, ReportState, expires_at

from .report_documents import Written, file_facts, report_facts
from .sighted_documents import sighted_of


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


def noted(document: Written, notes: Sequence[str]) -> Written:
    """What a report says, with codes of what was odd in it."""
    return {**document, "notes": list(notes)} if notes else document


def with_measured(document: Written, measured: Measured | None) -> Written:
    """What is said of a file, with what we measured of its bytes."""
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


def kept_report_of(row: Row[Any]) -> KeptReport:
    """A row of `report`."""
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


def kept_file_of(row: Row[Any]) -> KeptFile:
    """A row of `reported_file`, with its upload's columns where it has one."""
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
