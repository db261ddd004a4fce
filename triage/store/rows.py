"""Small moves that every aggregate needs: rows in bulk, questions for many at once, slices that fit a statement."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Insert,
    LargeBinary,
    Row,
    String,
    Table,
    any_,
    bindparam,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import UserDefinedType

T = TypeVar("T")

SLICE = 500
"""Values in one question: under SQLite's limit for lists, and enough for one plan to pay."""


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, leaving those whose key exists as they are: a repeated stage writes nothing twice."""
    if rows:
        _write(connection, table, rows, " ON CONFLICT DO NOTHING", insert_or_ignore(connection, table))


def insert_telling(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *told: Column[Any]
) -> list[Row[Any]]:
    """As `insert_new`; columns of the rows that it wrote. Of two units that insert the same at once one wrote it."""
    if not rows:
        return []
    if connection.dialect.name == "sqlite":
        return list(connection.execute(insert_or_ignore(connection, table).returning(*told), list(rows)))
    statement, arrays = _by_columns(connection, table, rows)
    named = ", ".join(connection.dialect.identifier_preparer.quote(column.name) for column in told)
    return list(connection.exec_driver_sql(f"{statement} ON CONFLICT DO NOTHING RETURNING {named}", arrays))


def insert_all(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that nobody can have written before. Raises IntegrityError."""
    if rows:
        _write(connection, table, rows, "", insert(table))


def insert_or_ignore(connection: Connection, table: Table) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING` in the dialect at hand."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing()


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column` is one of `values`, which travel as one value: the same statement and plan for any number of them."""
    if connection.dialect.name == "postgresql":
        kind = _Numbers() if isinstance(column.type, BigInteger) else ARRAY(column.type)
        return column == any_(bindparam(None, list(values), kind, unique=True))
    if isinstance(column.type, LargeBinary | String):
        return column.in_(values)  # JSON has no bytes, and words are few
    return column.in_(select(listed(connection, values).c.value))


def listed(connection: Connection, ids: Sequence[int]) -> FromClause:
    """A table of these ids, one column `value`, which travel as one value."""
    if connection.dialect.name == "postgresql":
        made = func.unnest(bindparam(None, list(ids), _Numbers(), unique=True))
        return made.table_valued(column("value", BigInteger)).render_derived()
    made = func.json_each(bindparam(None, json.dumps(list(ids)), String(), unique=True))
    return made.table_valued(column("value", BigInteger))


class _Numbers(UserDefinedType[Sequence[int]]):
    """PostgreSQL's array of numbers as it is written: the driver takes a list apart one by one, in Python."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: object) -> str:
        return "BIGINT[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[int] | None], str | None]:  # noqa: ARG002
        return lambda ids: None if ids is None else "{" + ",".join([f"{one:d}" for one in ids]) + "}"


def sliced(values: Sequence[T], size: int = SLICE) -> Iterator[Sequence[T]]:
    """`values` in runs of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _write(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], tail: str, plain: Insert) -> None:
    """All rows have the same columns. SQLite takes them one by one, in its own process.

    PostgreSQL takes them as one array for each column, binary: a third of what rows one by one cost both sides, and
    less than COPY into a table aside, which a batch of a hundred rows never repays.
    """
    if connection.dialect.name == "sqlite" or len(rows) == 1:
        connection.execute(plain, list(rows))
        return
    statement, arrays = _by_columns(connection, table, rows)
    connection.exec_driver_sql(statement + tail, arrays)


def _by_columns(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]]
) -> tuple[str, tuple[list[Any], ...]]:
    """`INSERT … SELECT … FROM unnest(…)`, and its arrays."""
    statement, columns = _prepared(table, tuple(rows[0]), connection.dialect)
    return statement, tuple([convert(row[name]) for row in rows] for name, convert in columns)


_Convert = Callable[[Any], Any]


@lru_cache(maxsize=256)
def _prepared(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, list[tuple[str, _Convert]]]:
    """The statement, and how each column's values are made ready for the driver."""
    quote = dialect.identifier_preparer.quote
    columns = [table.c[name] for name in names]
    listed = ", ".join(map(quote, names))
    arrays = ", ".join(f"%b::{_carried(column, dialect)}[]" for column in columns)
    statement = f"INSERT INTO {quote(table.name)} ({listed}) SELECT * FROM unnest({arrays}) AS given ({listed})"  # noqa: S608 - our schema's own names
    return statement, [(column.name, _converting(column, dialect)) for column in columns]


def _carried(column: Column[Any], dialect: Dialect) -> str:
    """Texts travel without their length: a cast to it would cut them, where the insert refuses them."""
    return "TEXT" if isinstance(column.type, String) else column.type.dialect_impl(dialect).compile(dialect)


def _converting(column: Column[Any], dialect: Dialect) -> _Convert:
    if isinstance(column.type, String):
        return _plain_text  # the driver would take an enumeration's member by its name
    return column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _plain_text(value: str | None) -> str | None:
    return None if value is None else str(value)


def _as_it_is(value: Any) -> Any:
    return value
