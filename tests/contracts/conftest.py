"""The databases of the integration tests, for contracts that every kind of database must keep; an S3 server."""

from tests.integration.conftest import database_url, postgres_database, postgres_server, sqlite_template, store
from tests.servers.s3 import s3_proxy, s3_server

__all__ = [
    "database_url",
    "postgres_database",
    "postgres_server",
    "s3_proxy",
    "s3_server",
    "sqlite_template",
    "store",
]
