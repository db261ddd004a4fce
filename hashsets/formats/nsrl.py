"""NSRL RDS version 3: SQLite, full (table METADATA, view FILE) and minimal (table FILE, view DISTINCT_HASH).

What we need lies in a table of either edition, so no view is read. A file that belongs to several packages is
listed once for each: where the table's own index brings such rows together, as in the minimal edition, they are one
record; elsewhere a repeat is counted as `duplicate-entry`. NSRL lists what is *known*, not what is good.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hashsets.formats.records import Read, Reject, RejectCode, Values
from hashsets.formats.sqlite_guard import rows_of
from hashsets.vocabulary import Entry

TABLES = ("metadata", "file", "distinct_hash")
COLUMNS = ("sha256", "sha1", "md5")


def read_nsrl(path: Path) -> Iterator[Read | Reject]:
    """Read a database; positions count its rows. Raises HashSetError when it is broken or holds no such table."""
    before = None
    for position, row in enumerate(rows_of(path, TABLES, COLUMNS), start=1):
        if row != before:
            yield from _read_row(position, row)
        before = row


def _read_row(position: int, row: tuple[object, ...]) -> Iterator[Read | Reject]:
    values = values_of_row(position, row)
    yield from values.rejects
    if not values.is_empty:
        yield Read(position, Entry(values.derived_key(), tuple(values.digests)))


def values_of_row(position: int, row: tuple[object, ...]) -> Values:
    """What a row's `COLUMNS` hold; a row that holds nothing has a reject."""
    values = Values(position)
    for kind, value in zip(COLUMNS, row, strict=True):
        if isinstance(value, str):
            values.add(kind, value)
        elif value is not None:
            values.reject(RejectCode.NOT_HEX)
    if values.is_empty and not values.rejects:
        values.reject(RejectCode.NO_USABLE_VALUE)
    return values
