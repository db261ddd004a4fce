"""Connections: SQLite in WAL with `BEGIN IMMEDIATE` for writers, PostgreSQL through psycopg."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Float, cast, create_engine, event, func, literal_column
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, DisconnectionError, IntegrityError

from triage.domain.errors import Tampered, Unavailable

WRITER = "triage_writer"
CONTENDED = "database-contended"
"""The code of a unit that another's locks undid: nothing is wrong, and it may be tried again at once."""

_CONTENDED_STATES = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available
_KEPT, _MORE = 15, 5
"""Connections that stay open once they were needed, and more for a moment: one that is opened anew for a page costs
more than the page, and knows no prepared statement."""
_POSTGRESQL: dict[str, Any] = {
    # Either side notices within half a minute that the other has vanished. A lock whose holder's machine lost its
    # power would hold up everybody for hours otherwise.
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # ms
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=25000 -c idle_in_transaction_session_timeout=120000"
    # Plans for what a value usually means, not for this one. A submission that came since the statistics were made is
    # in none of them: planned for, it counts as a row or two, and each of its batches reads all of it.
    " -c plan_cache_mode=force_generic_plan"
    # Such plans say little of how many rows there will be, so the server compiles statements that take a few
    # milliseconds, for tens of them, each time anew.
    " -c jit=off",
}


def open_engine(url: str) -> Engine:
    """An engine for `url`. Create it after any fork. A reader and a writer may be open at once on SQLite.

    Its errors never quote the values of a statement: they would be names and digests of evidence.
    """
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_engine(
            url, pool_size=_KEPT, max_overflow=_MORE, hide_parameters=True, connect_args=_POSTGRESQL
        )
        event.listen(engine, "checkout", _require_open)
        return engine
    engine = create_engine(url, connect_args={"timeout": 60}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _require_open(connection: Any, _record: object, _proxy: object) -> None:
    """Let no unit begin on a connection that the server closed. Raises DisconnectionError: the pool opens another.

    What was closed, or has failed its keepalives, has something to read. Only then is the server asked: asking it
    each time is a round trip for each unit.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return
    from psycopg import OperationalError  # noqa: PLC0415 - where there is such a server alone

    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except OperationalError as error:
        raise DisconnectionError from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred: 80 % "locked" failures under load
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # custody records survive a power cut
        "foreign_keys=ON",
        "secure_delete=ON",  # what is deleted is written over: keys to evidence are
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


@contextmanager
def telling_refusals() -> Iterator[None]:
    """Turn what the database refuses into what a door can say. Raises Unavailable, Tampered.

    A statement that it cannot run at all says nothing of the items in it: the line stops and none is given up. What
    it refuses for the values in it comes through as it is.
    """
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except DBAPIError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise Tampered("database-damaged", "The database file is damaged: put it back from a backup.") from error
        if getattr(error.orig, "sqlstate", None) in _CONTENDED_STATES:
            raise Unavailable(CONTENDED, "Another transaction got in the way: try it again.") from error
        raise Unavailable("database-unavailable", _reason(error)) from error


def _reason(error: DBAPIError) -> str:
    detail = str(error.orig).lower()
    if "disk is full" in detail or "no space" in detail:
        return "The disk that holds the database is full."
    if "locked" in detail:
        return "The database is held by another process for too long."
    if "readonly" in detail:
        return "The database cannot be written."
    if "i/o error" in detail:
        return "The disk that holds the database fails, or is full."
    if "no such" in detail or "does not exist" in detail:
        return "The database does not have the schema of this program."
    return "The database does not answer."
