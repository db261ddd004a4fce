"""Appends to the custody log, whole path, and its audit: `python -m bench.custody [--quick] [--json]`.

One batch is 64 events: canonical form, salted commitment, leaf, frontier, one signed checkpoint, rows and checkpoint
in one SQLite transaction (WAL, synchronous=FULL, SQLAlchemy Core as in the store), then the witness's two files.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
)

from bench.figures import Figure, arguments, report
from triage.domain.audit_log import LogUnderAudit, audit_log
from triage.domain.checkpoints import Checkpoint, LogSigner, sign
from triage.domain.custody import CustodyAction, CustodyEvent, canonical, commitment, custody_leaf
from triage.domain.log_records import StoredRecord
from triage.domain.merkle import Frontier
from triage.vault.witness import LogMirror

BATCH = 64
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
METADATA = MetaData()
RECORDS = Table(
    "record",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("salt", LargeBinary),
    Column("text", String),
    Column("commitment", LargeBinary),
    Column("leaf_hash", LargeBinary),
)
CHECKPOINTS = Table("checkpoint", METADATA, Column("size", Integer, primary_key=True), Column("note", String))


class BenchLog:
    """A custody log as short as it can be written, for measuring."""

    def __init__(self, folder: Path, *, witnessed: bool = True, stored: bool = True) -> None:
        self.signer = LogSigner("bench.example/custody", Ed25519PrivateKey.generate())
        self.engine = _engine(folder / "log.sqlite") if stored else None
        self.witness = LogMirror.create(folder / "witness") if witnessed else None
        self.frontier = Frontier()

    def append(self, events: list[CustodyEvent]) -> None:
        """One batch, from events to durable files."""
        start = self.frontier.size
        rows = []
        for number, happened in enumerate(events, start):
            salt = secrets.token_bytes(32)
            committed = commitment(happened, salt)
            leaf = custody_leaf(committed)
            text = canonical(happened).decode()
            rows.append({"number": number, "salt": salt, "text": text, "commitment": committed, "leaf_hash": leaf})
        leaves = [row["leaf_hash"] for row in rows]
        self.frontier = self.frontier.extended(leaves)  # type: ignore[arg-type]  # a column of bytes in a mixed row
        note = sign(Checkpoint(self.signer.name, self.frontier.size, self.frontier.root), self.signer)
        if self.engine:
            with self.engine.begin() as connection:
                connection.execute(insert(RECORDS), rows)
                connection.execute(insert(CHECKPOINTS), {"size": self.frontier.size, "note": note})
        if self.witness:
            self.witness.extend(start, leaves, note)  # type: ignore[arg-type]  # as above


def measured(folder: Path, *, quick: bool) -> list[Figure]:
    """All figures; takes about 15 seconds, or 2 when quick."""
    batches = 8 if quick else 160
    events = [_event(number) for number in range(BATCH * batches)]

    def rate(name: str, size: int, count: int, *, witnessed: bool, stored: bool) -> tuple[float, BenchLog]:
        (folder / name).mkdir()
        log = BenchLog(folder / name, witnessed=witnessed, stored=stored)
        began = time.perf_counter()
        for start in range(0, count, size):
            log.append(events[start : start + size])
        return count / (time.perf_counter() - began), log

    computed, _ = rate("computed", BATCH, len(events), witnessed=False, stored=False)
    committed, _ = rate("committed", BATCH, len(events), witnessed=False, stored=True)
    whole, log = rate("whole", BATCH, len(events), witnessed=True, stored=True)
    wide, _ = rate("wide", 4 * BATCH, len(events), witnessed=True, stored=True)
    single, _ = rate("single", 1, BATCH * max(1, batches // 20), witnessed=True, stored=True)
    audited = len(events) / _seconds_to_audit(log, events)
    each = "the same per event"
    return [
        Figure("append, computing only", computed, "events/s"),
        Figure(f"append, SQLite commit per {BATCH}", committed, "events/s", each, single, "at least 5,000"),
        Figure(f"append, commit and witness per {BATCH}", whole, "events/s", each, single),
        Figure(f"append, commit and witness per {4 * BATCH}", wide, "events/s", each, single, "at least 5,000"),
        Figure("audit of database, witness and checkpoints", audited, "records/s"),
    ]


def _seconds_to_audit(log: BenchLog, events: list[CustodyEvent]) -> float:
    assert log.engine is not None
    assert log.witness is not None
    began = time.perf_counter()
    view = log.witness.view()
    with log.engine.connect() as connection:
        notes = connection.execute(select(CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.size)).scalars().all()
        under = LogUnderAudit(
            _records(connection, events), notes, view.leaf_hashes, view.checkpoints, log.signer.verifier
        )
        assert not list(audit_log(under))
    return time.perf_counter() - began


def _records(connection: Connection, events: list[CustodyEvent]) -> Iterator[StoredRecord]:
    rows = connection.execution_options(yield_per=1000).execute(select(RECORDS).order_by(RECORDS.c.number))
    for number, salt, _, committed, leaf in rows:
        yield StoredRecord(number, salt, events[number], committed, leaf)


def _event(number: int) -> CustodyEvent:
    return CustodyEvent(
        at=EPOCH + timedelta(milliseconds=number),
        actor="worker-1",
        action=CustodyAction.EXAMINED,
        subject=f"item:{number}",
        purpose="examine",
        details={"job": number // BATCH, "fingerprints": 3, "notes": 0},
    )


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _settings(connection: object, _: object) -> None:
        for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
            connection.execute(line)  # type: ignore[attr-defined]  # SQLAlchemy hands over the driver's connection

    METADATA.create_all(engine)
    return engine


def main() -> None:
    """Measure and print."""
    parser = arguments("Appends to the custody log, and its audit.")
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        report("custody", measured(Path(folder), quick=options.quick), as_json=options.json)


if __name__ == "__main__":
    main()
