"""The formats that we read, and telling which one a file is in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hashsets.errors import HashSetError
from hashsets.formats.csv_columns import VALUE_FIELDS, delimiter_of, fields_of, read_csv
from hashsets.formats.lines import MARKS
from hashsets.formats.plain_list import TYPES, read_list, read_pdq_list
from hashsets.formats.records import Reader
from hashsets.formats.vics import read_vics

HEAD = 64 * 1024
"""Bytes from the beginning of a file that detection looks at."""

DOCUMENT = re.compile(r"\s*\{.*?(odata|projectvic|vicsdatamodel|\"value\"\s*:)", re.IGNORECASE | re.DOTALL)
LISTED = re.compile(rf"\\?[0-9a-f]{{32,288}}\b|({'|'.join(TYPES)})\s*[\s(:,;|=]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Format:
    """One file format: its name on the command line, what a position counts, and its reader."""

    name: str
    positions: str  # "line" or "record"
    read: Reader


FORMATS: tuple[Format, ...] = (
    Format("list", "line", read_list),
    Format("pdq-list", "line", read_pdq_list),
    Format("csv", "line", read_csv),
    Format("vics", "record", read_vics),
)


def format_named(name: str) -> Format:
    """A format by name. Raises HashSetError for an unknown one."""
    found = next((known for known in FORMATS if known.name == name), None)
    if found is None:
        raise HashSetError("unknown-format", f"formats are: auto, {', '.join(known.name for known in FORMATS)}")
    return found


def detect(head: bytes) -> Format:
    """The format of a file that begins with `head` (up to `HEAD` bytes).

    Bare values of 64 digits are taken for SHA-256: `pdq-list` is never guessed. Raises HashSetError when no format
    fits, so that nothing is imported by mistake.
    """
    mark, encoding = next((found for found in MARKS if head.startswith(found[0])), (b"", "utf-8"))
    text = head[len(mark) :].decode(encoding, errors="replace")
    if DOCUMENT.match(text):
        return format_named("vics")
    lines = [line.strip() for line in text.splitlines() if line.strip() and line.strip()[0] not in "#%"]
    if not lines:
        raise HashSetError("nothing-to-read", "the file holds no record")
    if _names_columns(lines[0]):
        return format_named("csv")
    if LISTED.match(lines[0]):
        return format_named("list")
    raise HashSetError("format-unknown", "the file is in no format that is recognised; name its format")


def _names_columns(line: str) -> bool:
    headers = [header.strip().strip('"') for header in line.split(delimiter_of(line))]
    return any(field in VALUE_FIELDS for _, field in fields_of(headers))
