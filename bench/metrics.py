"""What one count of all metrics costs, by number of items, on SQLite and on PostgreSQL.

Rows are written as the pipeline would leave them (every item with an outcome, a sealed object, half of them with a
note; jobs of 64 items), values from a seed. The peer is the plainest question there is: how many items.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, create_engine, func, insert, make_url, select, text

from bench.figures import Figure, arguments, report
from triage.domain.checkpoints import LogSigner
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.store.engine import open_engine
from triage.store.job_tables import job
from triage.store.schema import upgrade_schema
from triage.store.tables import item, processing_note, sealed_object, submission
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

QUICK, FULL = 20_000, 200_000
POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
_BATCH = 64
_REPEATS = 5


def main() -> None:
    """Measure."""
    options = arguments(__doc__ or "").parse_args()
    count = QUICK if options.quick else FULL
    figures: list[Figure] = []
    with TemporaryDirectory() as folder:
        for name, opened in (("SQLite", _sqlite(Path(folder))), ("PostgreSQL", _postgresql())):
            with opened as url:
                figures += _measured(name, url, Path(folder) / name, count)
    report("metrics", figures, as_json=options.json)


def _measured(name: str, url: str, witness: Path, count: int) -> Iterator[Figure]:
    upgrade_schema(url)
    signer = LogSigner("bench.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    store = Store(open_engine(url), signer, LogMirror.create(witness))
    with store.writing() as unit:
        _fill(unit.connection, count)
        unit.commit()
    try:
        ours, peer = [], []
        for _ in range(_REPEATS):
            with store.reading() as unit:
                started = time.perf_counter()
                unit.figures.figures()
                middle = time.perf_counter()
                unit.connection.execute(select(func.count()).select_from(item)).scalar_one()
                ours.append(middle - started)
                peer.append(time.perf_counter() - middle)
        yield Figure(f"all figures, {count:,} items, {name}", min(ours) * 1e3, "ms", "count(item)", min(peer) * 1e3)
    finally:
        store.close()


def _fill(connection: Connection, count: int) -> None:
    now = func.now() if connection.dialect.name == "postgresql" else text("'2026-01-01 00:00:00'")
    connection.execute(
        insert(submission).values(
            case_ref="C", exhibit_ref="E", basis="b", source=b"/", in_place=False, state="received", created_at=now
        )
    )
    outcomes = [outcome.value for outcome in Outcome]
    for start in range(1, count + 1, 5_000):
        ids = range(start, min(start + 5_000, count + 1))
        connection.execute(
            insert(item).values(first_seen=now),
            [
                {
                    "id": one,
                    "sha256": one.to_bytes(32, "big"),
                    "sha1": one.to_bytes(20, "big"),
                    "md5": one.to_bytes(16, "big"),
                    "size": 2_000_000,
                    "kind": "raster",
                    "depth": 0,
                    "outcome": outcomes[one * one % len(outcomes)],
                }
                for one in ids
            ],
        )
        connection.execute(
            insert(sealed_object),
            [
                {
                    "item_id": one,
                    "object_id": f"{one:032x}",
                    "segment": f"{one // 128:032x}.pack",
                    "offset": one % 128 * 2_000_000,
                    "stored_length": 2_000_100,
                    "size": 2_000_000,
                    "wrapped_key": bytes(60),
                    "key_id": "file-0123456789abcdef",
                }
                for one in ids
            ],
        )
        note = {"code": "metadata-unreadable", "detail": "", "stage": "examine"}
        connection.execute(insert(processing_note), [{"item_id": one, **note} for one in ids if one % 2])
    jobs = [
        {
            "stage": stage.value,
            "submission_id": 1,
            "item_ids": list(range(start, start + _BATCH)),
            "state": "ready" if start > count * 0.8 else "done",
            "priority": 100,
            "attempts": 0,
            "fence": 1,
            "owner": "",
            "lease_until": 0.0,
            "not_before": 0.0,
            "rang_at": 0.0,
            "made_at": float(start),
        }
        for start in range(1, count, _BATCH)
        for stage in (Stage.EXAMINE, Stage.MATCH)
    ]
    connection.execute(insert(job), jobs)


@contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'metrics.sqlite3'}"


@contextmanager
def _postgresql() -> Iterator[str]:
    server, name = make_url(os.environ.get("TRIAGE_TEST_POSTGRES", POSTGRES)), f"triage_bench_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


if __name__ == "__main__":
    main()
