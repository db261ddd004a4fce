"""Plain lists, one value a line: md5sum and its kin, BSD style, and `pdq <hex>` as python-threatexchange writes it.

A line is `VALUE`, `VALUE  name` (md5sum; also after a comma, semicolon, bar or tab), `TYPE VALUE` or
`TYPE (name) = VALUE`. Names are not kept. 32, 40 and 64 hexadecimal digits alone are MD5, SHA-1 and SHA-256. A PDQ
value has 64 digits too, so it takes its prefix, or a file that is declared as the format `pdq-list`, in which bare
values of 64 digits are PDQ. Blank lines and lines that begin with `#` or `%` are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from hashsets.formats.lines import read_lines
from hashsets.formats.records import Read, Reject, RejectCode, Values
from hashsets.vocabulary import Entry

TYPES: Mapping[str, str] = {
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "pdq": "pdq",
    "photodna": "photodna",
    "pdna": "photodna",
}

TYPED = re.compile(r"(?P<type>[A-Za-z][A-Za-z0-9-]{2,9})(?:\s*\(.*\)\s*=\s*|\s*[\s,:;|=]\s*)(?P<value>[^\s,;|]+)")
BARE = re.compile(r"\\?(?P<value>[^\s,;|]+)")  # md5sum puts a backslash before a line whose name it escaped
PDQ_DIGITS = 64


def read_list(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """Read a plain list; positions are line numbers. `columns` concerns other formats."""
    del columns
    return _read(stream, bare_64="sha256")


def read_pdq_list(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """As `read_list`, with bare values of 64 digits read as PDQ."""
    del columns
    return _read(stream, bare_64="pdq")


def _read(stream: BinaryIO, bare_64: str) -> Iterator[Read | Reject]:
    for number, line in read_lines(stream):
        if line is None:
            yield Reject(number, RejectCode.LINE_TOO_LONG)
        elif line.strip() and line.lstrip()[0] not in "#%":
            yield from _read_line(number, line.strip(), bare_64)


def _read_line(number: int, line: str, bare_64: str) -> Iterator[Read | Reject]:
    values = Values(number)
    typed = TYPED.match(line)
    if typed and typed["type"].lower() in TYPES:
        values.add(TYPES[typed["type"].lower()], typed["value"])
    elif bare := BARE.match(line):
        value = bare["value"]
        values.add(bare_64 if len(value) == PDQ_DIGITS else "digest", value)
    if values.is_empty and not values.rejects:
        values.reject(RejectCode.NOT_A_RECORD)
    yield from values.rejects
    if not values.is_empty:
        yield Read(
            number,
            Entry(
                values.derived_key(), tuple(values.digests), tuple(values.fingerprints), opaque=tuple(values.opaque)
            ),
        )
