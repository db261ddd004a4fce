"""NSRL RDS version 2 (`NSRLFile.txt`), in both orders of its columns. ISO 8859-1; one line a file and package.

`SpecialCode` becomes a tag, for it matters: NSRL lists what is known, and `M` marks malicious software.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from hashsets.formats.csv_columns import read_csv
from hashsets.formats.records import Read, Reject

COLUMNS: Mapping[str, str] = {"SHA-1": "sha1", "MD5": "md5", "SpecialCode": "tags"}


def read_nsrl_text(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """Read the table; positions are line numbers. `columns` concerns other formats. Raises as `read_csv`."""
    del columns
    for record in read_csv(stream, COLUMNS):
        if isinstance(record, Read) and record.entry.opinion.tags:
            tags = tuple(f"nsrl-special:{tag}" for tag in record.entry.opinion.tags)
            opinion = replace(record.entry.opinion, tags=tags)
            yield Read(record.position, replace(record.entry, opinion=opinion))
        else:
            yield record


def has_nsrl_headers(headers: Sequence[str]) -> bool:
    """Whether a table's headers are NSRL's."""
    return {"SHA-1", "MD5", "CRC32", "ProductCode", "SpecialCode"} <= set(headers)
