"""Rows of SQLite files that strangers made, read without running anything that such a file contains.

A file is opened read-only and as immutable, with its schema untrusted, small limits, and an authorizer under which
one statement of ours can do nothing but read columns of the named table. Only ordinary tables with plainly stored
columns are read: never a view, a virtual table or a generated column, whose contents are whatever SQL their maker
wrote. A file that was not closed properly (its newest rows stand beside it) is refused: it would miss in silence.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hashsets.errors import HashSetError

MAGIC = b"SQLite format 3\x00"

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1 << 20,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1 << 16,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 20,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 2,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 10_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 4,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
PRAGMAS = ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0", "cache_size=-16384")

ROW_MIN = 4
"""Bytes that the smallest row takes. A file that seems to hold more rows than it has room for goes in circles."""

MASTER = "sqlite_master"
PLAIN_NAME = re.compile("[a-z0-9_]+")


def tables_of(path: Path) -> frozenset[str]:
    """Names of the ordinary tables, in lower case. Raises HashSetError when the file is broken."""
    with _opened(path) as connection:
        return frozenset(_tables(connection))


def columns_of(path: Path, tables: Sequence[str], columns: Sequence[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The first of `tables` that stores any of `columns`, and all that it stores: plain names, declared types.

    Raises HashSetError when no table serves or the file is broken.
    """
    with _opened(path) as connection:
        table, stored = _serving(connection, tables, columns)
        return table, tuple((name, kind) for name, kind in stored.items() if PLAIN_NAME.fullmatch(name))


def rows_of(path: Path, tables: Sequence[str], columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Values of `columns` from the first of `tables` that stores any of them; None for a column that it lacks.

    In the order of `columns`, where an index gives that order for nothing, otherwise as they are stored. Names of
    tables and columns are ours, or such as `columns_of` gives. Raises HashSetError when no table serves or the file
    is broken.
    """
    with _opened(path) as connection:
        most = path.stat().st_size // ROW_MIN
        table, stored = _serving(connection, tables, columns)
        chosen = [name for name in columns if name in stored]
        listed = ", ".join(f'"{name}"' for name in chosen)
        query = f"SELECT {listed} FROM {table}"  # noqa: S608  # names from our own constants
        connection.set_authorizer(_reads_only(table))
        if not _would_sort(connection, f"{query} ORDER BY {listed}"):
            query = f"{query} ORDER BY {listed}"
        places = [chosen.index(name) if name in chosen else None for name in columns]
        for number, row in enumerate(connection.execute(query), start=1):
            if number > most:
                raise _broken()
            yield tuple(None if place is None else row[place] for place in places)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.exists() and beside.stat().st_size:
            raise HashSetError(
                "sqlite-not-closed", "the file was not closed properly: let its own tool open and close it"
            )
    connection = None
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        connection.text_factory = _decoded
        for limit, most in LIMITS.items():
            connection.setlimit(limit, most)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        yield connection
    except (sqlite3.Error, OverflowError, OSError, UnicodeDecodeError):
        # SQLite's own messages quote the file, in whatever bytes it names things: not passed on.
        raise _broken() from None
    finally:
        if connection is not None:
            connection.close()


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Ordinary tables by name in lower case. What has no page of its own is a view or a virtual table."""
    found = connection.execute(f"SELECT name FROM {MASTER} WHERE type = 'table' AND rootpage > 0")  # noqa: S608  # a constant
    return {name.lower(): name for (name,) in found if isinstance(name, str)}


def _serving(
    connection: sqlite3.Connection, tables: Sequence[str], columns: Sequence[str]
) -> tuple[str, dict[str, str]]:
    present = _tables(connection)
    for table in tables:
        stored = _stored_columns(connection, present.get(table, ""))
        if stored.keys() & set(columns):
            return table, stored
    raise HashSetError("sqlite-table-missing", "no ordinary table of the file stores the columns that are read")


def _stored_columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Names in lower case and types of columns that hold what was written into them, not hidden or generated ones."""
    if not PLAIN_NAME.fullmatch(table.lower()):
        return {}
    found = connection.execute(f"PRAGMA table_xinfo({table})")
    return {row[1].lower(): row[2] for row in found if row[6] == 0}


def _would_sort(connection: sqlite3.Connection, query: str) -> bool:
    return any("TEMP B-TREE" in row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))


def _reads_only(table: str) -> Any:
    def allow(action: int, first: str | None, second: str | None, database: str | None, inner: str | None) -> int:
        del second, database
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        reads = action == sqlite3.SQLITE_READ and first is not None and first.lower() == table and inner is None
        return sqlite3.SQLITE_OK if reads else sqlite3.SQLITE_DENY

    return allow


def _decoded(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _broken() -> HashSetError:
    return HashSetError("sqlite-broken", "the file is damaged, cut short or no SQLite file that can be read safely")
