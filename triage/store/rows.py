"""Small moves that every aggregate needs: insert-or-ignore in bulk, and slices that fit a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

SLICE = 500
"""Values in one IN list: under SQLite's limit, and one plan for all full slices."""


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, leaving those whose key exists as they are: a repeated stage writes nothing twice."""
    if rows:
        connection.execute(insert_or_ignore(connection, table), list(rows))


def insert_or_ignore(connection: Connection, table: Table) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING` in the dialect at hand."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing()


def sliced(values: Sequence[T], size: int = SLICE) -> Iterator[Sequence[T]]:
    """`values` in runs of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
