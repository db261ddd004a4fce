"""What a script of statements makes of the rows of one table, asked row by row. The table is only ever read.

The statements are kept in a private database on disk that SQLite removes by itself. A row of the table, or one that
the script inserts, is carried through the statements that concern it, in their order: each finds the next by the
row's own values. So a script of any length costs the same memory, and one front-to-back reading of the table tells
what became of all of it. Comparing follows SQLite's own rules, since SQLite does it: the columns of the private
tables have the affinity of those that they stand for. (Text is compared by its bytes, whatever the collation.)
"""

from __future__ import annotations

import itertools
import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hashsets.formats.sql_statements import Change, Condition, Insertion, Removal

Row = tuple[Any, ...]
"""Values of the columns, in the order in which `RowChanges` was given them."""

SHAPES_MAX = 16
"""Different lists of columns in conditions. Deltas made by a tool have one or two; each costs a look-up a row."""

ALTERNATIVES_MAX = 1000
BEFORE = 0  # the time before the first statement


class UnsupportedStatementError(Exception):
    """The statement names a column that is not stored, gives another number of values, or asks for too much."""


@dataclass(frozen=True, slots=True)
class Course:
    """All that a row was before each statement that concerned it, and what it is in the end: None when removed."""

    before: Sequence[Row]
    last: Row | None


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which columns a condition compares, and which it wants to be NULL; with its table of what they may equal."""

    compared: tuple[int, ...]
    null: tuple[int, ...]
    insert: str
    next_time: str


class RowChanges:
    """Takes statements about one table, then answers. `columns` are names in lower case and declared types."""

    def __init__(self, columns: Sequence[tuple[str, str]]) -> None:
        self._places = {name: place for place, (name, _) in enumerate(columns)}
        self._types = [affinity(declared) for _, declared in columns]
        self._shapes: dict[tuple[tuple[int, ...], tuple[int, ...]], _Shape] = {}
        self._time = BEFORE
        self._inserting = self._began = 0
        self._connection = sqlite3.connect("", isolation_level=None)
        cells = ", ".join(f"c{place} {kind}" for place, kind in enumerate(self._types))
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute("PRAGMA cache_size=-65536")
        self._connection.execute(f"CREATE TABLE born (time INTEGER PRIMARY KEY, statement INTEGER, {cells})")
        self._connection.execute(
            f"CREATE TABLE taken (time INTEGER PRIMARY KEY, statement INTEGER, met INTEGER, places TEXT, {cells})"
        )
        self._connection.execute("BEGIN")

    def close(self) -> None:
        """Let go of the private database."""
        self._connection.close()

    @property
    def may_concern_stored_rows(self) -> bool:
        """Whether anything but insertions was taken."""
        return bool(self._shapes)

    def insert(self, row: Insertion) -> None:
        """Take a row. Raises UnsupportedStatementError."""
        places = self._placed(row.columns) if row.columns else list(range(len(self._types)))
        if len(places) != len(row.values):
            raise UnsupportedStatementError
        if row.statement != self._inserting:
            self._inserting, self._began = row.statement, self._time
        self._time += 1
        names = "".join(f", c{place}" for place in places)
        marks = ", ?" * len(places)
        self._connection.execute(
            f"INSERT INTO born (time, statement{names}) VALUES (?, ?{marks})",  # noqa: S608  # our own names
            (self._time, row.statement, *row.values),
        )

    def take_back(self, statement: int) -> None:
        """Forget the rows that the statement taken last has inserted so far."""
        if statement == self._inserting:
            self._connection.execute("DELETE FROM born WHERE time > ?", (self._began,))

    def remove(self, removal: Removal) -> None:
        """Take a removal. Raises UnsupportedStatementError."""
        self._when(removal.conditions)
        self._connection.execute(
            "INSERT INTO taken (time, statement, met) VALUES (?, ?, 0)", (self._time, removal.statement)
        )

    def change(self, change: Change) -> None:
        """Take a change. Raises UnsupportedStatementError."""
        places = self._placed([name for name, _ in change.assigned])
        self._when(change.conditions)
        names = "".join(f", c{place}" for place in places)
        marks = ", ?" * len(places)
        listed = ",".join(map(str, places))
        self._connection.execute(
            f"INSERT INTO taken (time, statement, met, places{names}) VALUES (?, ?, 0, ?{marks})",  # noqa: S608  # our own names
            (self._time, change.statement, listed, *(value for _, value in change.assigned)),
        )

    def course(self, row: Row, since: int = BEFORE) -> Course:
        """What becomes of a row that is there `since` a time."""
        before: list[Row] = []
        time = since
        while (then := self._next_time(row, time)) is not None:
            time = then
            before.append(row)
            (taken,) = self._connection.execute("SELECT * FROM taken WHERE time = ?", (time,))
            _, _, met, places, *values = taken
            if not met:
                self._connection.execute("UPDATE taken SET met = 1 WHERE time = ?", (time,))
            if places is None:
                return Course(before, None)
            assigned = {int(place) for place in places.split(",")}
            row = tuple(values[place] if place in assigned else value for place, value in enumerate(row))
        return Course(before, row)

    def born(self) -> Iterator[tuple[int, Course]]:
        """Statement and course of each inserted row."""
        for time, statement, *row in self._connection.execute("SELECT * FROM born ORDER BY time"):
            yield statement, self.course(tuple(row), time)

    def without_effect(self) -> Iterator[int]:
        """Statements that have met none of the rows asked about: removals and changes, in order."""
        for (statement,) in self._connection.execute("SELECT statement FROM taken WHERE NOT met ORDER BY time"):
            yield statement

    def _placed(self, names: Sequence[str]) -> list[int]:
        if not self._places.keys() >= set(names) or len(set(names)) != len(names):
            raise UnsupportedStatementError
        return [self._places[name] for name in names]

    def _when(self, conditions: Sequence[Condition]) -> None:
        places = self._placed([name for name, _ in conditions])
        wanted = {place: values for place, (_, values) in zip(places, conditions, strict=True)}
        places.sort()
        null = tuple(place for place in places if wanted[place] == (None,))
        compared = tuple(place for place in places if place not in null)
        if math.prod(len(wanted[place]) for place in compared) > ALTERNATIVES_MAX:
            raise UnsupportedStatementError
        shape = self._shape(compared, null)
        self._time += 1
        alternatives = itertools.product(*(wanted[place] for place in compared))
        self._connection.executemany(shape.insert, [(*values, self._time) for values in alternatives])

    def _shape(self, compared: tuple[int, ...], null: tuple[int, ...]) -> _Shape:
        known = self._shapes.get((compared, null))
        if known:
            return known
        if len(self._shapes) == SHAPES_MAX:
            raise UnsupportedStatementError
        table = f"shape{len(self._shapes)}"
        cells = "".join(f"c{place} {self._types[place]}, " for place in compared)
        keys = "".join(f"c{place}, " for place in compared)
        self._connection.execute(
            f"CREATE TABLE {table} ({cells}time INTEGER, PRIMARY KEY ({keys}time)) WITHOUT ROWID"
        )
        conditions = "".join(f"c{place} = ? AND " for place in compared)
        shape = _Shape(
            compared,
            null,
            f"INSERT OR IGNORE INTO {table} VALUES ({'?, ' * len(compared)}?)",  # noqa: S608  # our own names
            f"SELECT min(time) FROM {table} WHERE {conditions}time > ?",  # noqa: S608  # our own names
        )
        self._shapes[compared, null] = shape
        return shape

    def _next_time(self, row: Row, after: int) -> int | None:
        """When the next statement concerns a row with these values."""
        earliest: int | None = None
        for shape in self._shapes.values():
            if any(row[place] is not None for place in shape.null):
                continue
            asked = (*(row[place] for place in shape.compared), after)
            (time,) = self._connection.execute(shape.next_time, asked).fetchone()
            if time is not None and (earliest is None or time < earliest):
                earliest = time
        return earliest


def affinity(declared: str) -> str:
    """The affinity of a column by its declared type (https://www.sqlite.org/datatype3.html, 3.1)."""
    upper = declared.upper()
    if "INT" in upper:
        return "INTEGER"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not upper or "BLOB" in upper:
        return "BLOB"
    return "REAL" if any(word in upper for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"
