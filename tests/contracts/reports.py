"""What tests of reports ask: rows, records, answers and refusals."""

from __future__ import annotations

import hashlib

from sqlalchemy import Table, select

from hashsets.vocabulary import Digest, DigestAlgorithm
from tests.reported import Desk
from triage.services.report_answers import ReportStatus

PICTURE = b"\xff\xd8\xff" + b"made-up noise " * 50


def rows(desk: Desk, table: Table) -> list[dict[str, object]]:
    """A table's rows, in the order of their keys."""
    with desk.store.reading() as unit:
        found = unit.connection.execute(select(table).order_by(*table.primary_key)).mappings()
        return [dict(row) for row in found]


def events(desk: Desk) -> list[tuple[str, str, str]]:
    """Action, kind of subject and step of each record of reports."""
    with desk.store.reading() as unit:
        found = [record.event for record in unit.custody.records() if record.event]
    return [
        (one.action.value, one.subject.split(":")[0], str(one.details.get("step", "")))
        for one in found
        if one.purpose == "report"
    ]


def one(desk: Desk, given: object) -> ReportStatus:
    """The status of one report that is taken."""
    [answer] = desk.taking.take([given])  # type: ignore[list-item]
    assert isinstance(answer, ReportStatus), answer
    return answer


def sha256(data: bytes) -> Digest:
    """The SHA-256 of some bytes."""
    return Digest(DigestAlgorithm.SHA256, hashlib.sha256(data).digest())
