"""Real SQLite databases with the current schema: migrated once for a test run, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event

from tests.unit.triage.stored import Scene
from triage.domain.checkpoints import LogSigner
from triage.store.engine import open_engine
from triage.store.schema import upgrade_schema
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with the current schema. For copying only."""
    path = tmp_path_factory.mktemp("migrated") / "triage.sqlite3"
    upgrade_schema(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(tmp_path: Path, migrated: Path) -> Path:
    """An empty database file of this test's own."""
    path = tmp_path / "triage.sqlite3"
    shutil.copyfile(migrated, path)
    return path


@pytest.fixture
def signer() -> LogSigner:
    """The key of the custody log."""
    return LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def witness(tmp_path: Path) -> LogMirror:
    """The custody log's copy outside the database."""
    return LogMirror.create(tmp_path / "witness")


@pytest.fixture
def store(database: Path, signer: LogSigner, witness: LogMirror) -> Iterator[Store]:
    """An empty store."""
    opened = Store(open_engine(f"sqlite:///{database}"), signer, witness)
    # These tests kill no machine: no commit needs to wait for the disk.
    event.listen(opened.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def scene(store: Store) -> Scene:
    """Facts to be written into that store."""
    return Scene(store)
