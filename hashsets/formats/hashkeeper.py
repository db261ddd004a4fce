"""HashKeeper hash sets (`.hsh`): a table of MD5 with names, folders and dates of the files, which are not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from hashsets.formats.csv_columns import read_csv
from hashsets.formats.records import Read, Reject

COLUMNS: Mapping[str, str] = {"file_id": "key", "hash": "md5"}


def read_hashkeeper(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """Read the table; positions are line numbers. `columns` concerns other formats. Raises as `read_csv`."""
    del columns
    return read_csv(stream, COLUMNS)


def has_hashkeeper_headers(headers: Sequence[str]) -> bool:
    """Whether a table's headers are HashKeeper's."""
    return {"file_id", "hashset_id", "hash"} <= set(headers)
