"""The databases of the integration tests, for contracts that every kind of database must keep."""

from tests.integration.conftest import database_url, postgres_database, postgres_server, sqlite_template, store

__all__ = ["database_url", "postgres_database", "postgres_server", "sqlite_template", "store"]
