"""Connections: SQLite in WAL with `BEGIN IMMEDIATE` for writers, PostgreSQL through psycopg."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Float, cast, create_engine, event, func, literal_column
from sqlalchemy.engine import make_url

WRITER = "triage_writer"


def open_engine(url: str) -> Engine:
    """An engine for `url`. Create it after any fork. A reader and a writer may be open at once on SQLite."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 60})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred: 80 % "locked" failures under load
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # custody records survive a power cut
        "foreign_keys=ON",
        "busy_timeout=60000",
        "cache_size=-8192",  # KiB, and for each connection
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writer = connection.get_execution_options().get(WRITER, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def as_reader(connection: Connection) -> None:
    """One moment for the whole transaction, so that a page's counts add up. SQLite gives its readers that anyway."""
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def database_now(connection: Connection) -> ColumnElement[float]:
    """Seconds since 1970 by the database's clock, so that leases never depend on a worker's."""
    if connection.dialect.name == "sqlite":
        return literal_column("((julianday('now') - 2440587.5) * 86400.0)", Float)
    return cast(func.extract("epoch", func.clock_timestamp()), Float)
