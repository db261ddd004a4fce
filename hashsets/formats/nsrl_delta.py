"""NSRL RDS version 3 deltas: a script of INSERT, UPDATE and DELETE that leads from one full database to the next.

Our entries are a file's values, and one file stands in many rows (one for each package, one for each path). So a
statement that names a row by its number or package says nothing of an entry by itself, and a deleted row retracts an
entry only when no other row still holds its values. That needs the database that the script was made for, which is
read and never changed; what its rows become is worked out beside it. Every key whose rows are concerned is yielded
with its state at the end, so that the updates may be applied to the release of that database or of any delta since.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from hashsets.formats.nsrl import COLUMNS, TABLES, values_of_row
from hashsets.formats.records import Reject, RejectCode, Values
from hashsets.formats.row_changes import Course, Row, RowChanges, UnsupportedStatementError
from hashsets.formats.sql_statements import Change, Insertion, Removal, Silent, Statement, Unread, read_statements
from hashsets.formats.sqlite_guard import columns_of, rows_of
from hashsets.vocabulary import Entry


def read_nsrl_delta(scripts: Sequence[BinaryIO], base: Path) -> Iterator[tuple[str, Entry | None] | Reject]:
    """Updates of entries: key and record, or None where no row holds its values any more. Each key once.

    `scripts` are all deltas since the full database `base`, oldest first; positions count statements through all of
    them. What a statement of another kind would do is not done, and counted. Costs up to two readings of the base.
    Raises HashSetError when a script breaks off or its meaning cannot be told, and as `read_nsrl` for the base.
    """
    table, columns = columns_of(base, TABLES, COLUMNS)
    names = [name for name, _ in columns]
    with closing(RowChanges(columns)) as changes, closing(_Touched()) as touched:
        yield from _take_all(scripts, table, changes)
        digests = _Digests(names)
        for row in rows_of(base, (table,), names) if changes.may_concern_stored_rows else ():
            if (course := changes.course(row)).before:
                touched.follow(digests.of_course(0, course))
        for statement, course in changes.born():
            *before, last = digests.of_course(statement, course)
            yield from last.rejects if last else ()
            touched.follow([*before, last])
        for row in rows_of(base, (table,), names) if touched.some_fell() else ():
            values = digests.of(0, row)
            if touched.fell(values) and not changes.course(row).before:
                touched.note(values, stands=True)
        for statement in changes.without_effect():
            yield Reject(statement, RejectCode.STATEMENT_WITHOUT_EFFECT)
        yield from touched.updates()


def _take_all(scripts: Sequence[BinaryIO], table: str, changes: RowChanges) -> Iterator[Reject]:
    number = refused = 0
    for script in scripts:
        for statement in read_statements(script, number):
            number = statement.statement
            if number != refused and not _take(statement, table, changes):
                refused = number
                changes.take_back(number)
                yield Reject(number, RejectCode.STATEMENT_NOT_READ)


def _take(statement: Statement, table: str, changes: RowChanges) -> bool:
    """Whether the statement was taken, or concerns tables that say nothing of files."""
    if isinstance(statement, Unread | Silent):
        return isinstance(statement, Silent)
    if statement.table != table:
        return statement.table not in TABLES  # else it was made for the other edition
    try:
        match statement:
            case Insertion():
                changes.insert(statement)
            case Removal():
                changes.remove(statement)
            case Change():
                changes.change(statement)
    except UnsupportedStatementError:
        return False
    return True


class _Digests:
    """Reads the digests of a row; of a row like the one before, once."""

    def __init__(self, names: Sequence[str]) -> None:
        self._places = [names.index(name) if name in names else None for name in COLUMNS]
        self._before: tuple[object, Values] | None = None

    def of(self, position: int, row: Row) -> Values:
        """What `read_nsrl` would make of the row."""
        cells = tuple(None if place is None else row[place] for place in self._places)
        if self._before is None or self._before[0] != (position, cells):
            self._before = (position, cells), values_of_row(position, cells)
        return self._before[1]

    def of_course(self, position: int, course: Course) -> list[Values | None]:
        """Of each state of a row, the last of them at the end."""
        return [self.of(position, row) if row else None for row in (*course.before, course.last)]


class _Touched:
    """Entries whose rows are concerned, on disk: their values, and whether any row still holds them."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=OFF")
        digests = ", ".join(f"{name} TEXT" for name in COLUMNS)
        self._connection.execute(
            f"CREATE TABLE entry (key TEXT PRIMARY KEY, stands INTEGER, {digests}) WITHOUT ROWID"
        )
        self._connection.execute("BEGIN")

    def close(self) -> None:
        self._connection.close()

    def note(self, values: Values, *, stands: bool) -> None:
        """Note an entry; it stands once any row of it does."""
        if values.is_empty:
            return
        found = {digest.algorithm.value: digest.value.hex() for digest in values.digests}
        self._connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET stands = max(stands, excluded.stands)",
            (values.derived_key(), stands, *(found.get(name) for name in COLUMNS)),
        )

    def follow(self, states: Sequence[Values | None]) -> None:
        """Note all that a row was; it is the last of them, if anything."""
        for values in states[:-1]:
            if values:
                self.note(values, stands=False)
        if states[-1]:
            self.note(states[-1], stands=True)

    def some_fell(self) -> bool:
        """Whether of any entry no row is known that holds it."""
        return self._connection.execute("SELECT 1 FROM entry WHERE NOT stands LIMIT 1").fetchone() is not None

    def fell(self, values: Values) -> bool:
        """Whether this is such an entry."""
        if values.is_empty:
            return False
        asked = "SELECT 1 FROM entry WHERE key = ? AND NOT stands"
        return self._connection.execute(asked, (values.derived_key(),)).fetchone() is not None

    def updates(self) -> Iterator[tuple[str, Entry | None]]:
        """All of them, by key."""
        for key, stands, *digests in self._connection.execute("SELECT * FROM entry ORDER BY key"):
            yield key, Entry(key, tuple(values_of_row(0, tuple(digests)).digests)) if stands else None
