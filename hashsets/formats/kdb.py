"""Autopsy and The Sleuth Kit hash databases (`.kdb`): SQLite with raw digests in the table `hashes`.

File names and comments belong to other people's cases and are not read. Row numbers change when a database is made
anew, so an entry's key comes from its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hashsets.formats.records import Read, Reject, RejectCode, Values
from hashsets.formats.sqlite_guard import rows_of
from hashsets.vocabulary import Entry

TABLE, PROPERTIES = "hashes", "db_properties"
COLUMNS = ("md5", "sha1", "sha2_256")
KINDS = ("md5", "sha1", "sha256")


def read_kdb(path: Path) -> Iterator[Read | Reject]:
    """Read a database; positions count its rows. Raises HashSetError when it is broken or holds no such table."""
    for position, row in enumerate(rows_of(path, (TABLE,), COLUMNS), start=1):
        values = Values(position)
        for kind, value in zip(KINDS, row, strict=True):
            if isinstance(value, bytes | str):
                values.add(kind, value.hex() if isinstance(value, bytes) else value)
            elif value is not None:
                values.reject(RejectCode.NOT_HEX)
        if values.is_empty and not values.rejects:
            values.reject(RejectCode.NO_USABLE_VALUE)
        yield from values.rejects
        if not values.is_empty:
            yield Read(position, Entry(values.derived_key(), tuple(values.digests)))
