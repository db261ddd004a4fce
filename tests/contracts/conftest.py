"""The databases of the integration tests, for contracts that every kind of database must keep; an S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts import decided
from tests.contracts.queues import another, received
from tests.integration.conftest import database_url, postgres_database, postgres_server, sqlite_template, store
from tests.reported import Desk
from tests.reviewing import person
from tests.servers.s3 import s3_proxy, s3_server
from tests.vaults import keys
from triage.domain.people import Principal
from triage.services.admitting import Admitted
from triage.services.deciding import Deciding
from triage.store.unit_of_work import Store

__all__ = [
    "database_url",
    "keys",
    "postgres_database",
    "postgres_server",
    "s3_proxy",
    "s3_server",
    "sqlite_template",
    "store",
]


@pytest.fixture
def submission(store: Store) -> int:
    """A submission, received whole, without items."""
    return received(store, "EXH-1")


@pytest.fixture
def others(store: Store) -> Iterator[list[Store]]:
    """The same database, as four other processes see it."""
    opened = [another(store) for _ in range(4)]
    yield opened
    for one in opened:
        one.engine.dispose()


@pytest.fixture
def ann(store: Store) -> Principal:
    return person(store, "ann")


@pytest.fixture
def ben(store: Store) -> Principal:
    return person(store, "ben")


@pytest.fixture
def deciding(store: Store) -> Deciding:
    return decided.over(store)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    """Services around reports over an empty database."""
    return Desk.over(store, tmp_path)


@pytest.fixture
def provider(desk: Desk) -> Admitted:
    """A provider that may report and be told what is known."""
    return desk.sender()
