"""The databases of the integration tests, for contracts that every kind of database must keep; an S3 server."""

import pytest

from tests.contracts.queues import received
from tests.integration.conftest import database_url, postgres_database, postgres_server, sqlite_template, store
from tests.servers.s3 import s3_proxy, s3_server
from tests.vaults import keys
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
