"""The formats that we read, and telling which one a file is in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hashsets.errors import HashSetError
from hashsets.formats import encase, kdb, nsrl, sqlite_guard
from hashsets.formats.csv_columns import VALUE_FIELDS, delimiter_of, fields_of, read_csv
from hashsets.formats.encase import read_encase
from hashsets.formats.hashkeeper import has_hashkeeper_headers, read_hashkeeper
from hashsets.formats.kdb import read_kdb
from hashsets.formats.lines import MARKS
from hashsets.formats.nsrl import read_nsrl
from hashsets.formats.nsrl_text import has_nsrl_headers, read_nsrl_text
from hashsets.formats.plain_list import TYPES, read_list, read_pdq_list
from hashsets.formats.records import PathReader, Read, Reader, Reject
from hashsets.formats.vics import read_vics

HEAD = 64 * 1024
"""Bytes from the beginning of a file that detection looks at."""

DOCUMENT = re.compile(r"\s*\{.*?(odata|projectvic|vicsdatamodel|\"value\"\s*:)", re.IGNORECASE | re.DOTALL)
LISTED = re.compile(rf"\\?[0-9a-f]{{32,288}}\b|({'|'.join(TYPES)})\s*[\s(:,;|=]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Format:
    """One file format: its name on the command line, what a position counts, and its reader, which is one of two.

    `origin` is the distribution and version of the plug-in that a format came with; empty for ours.
    """

    name: str
    positions: str  # "line" or "record"
    read_stream: Reader | None = None
    read_path: PathReader | None = None
    origin: str = ""

    @property
    def provenance(self) -> str:
        """What a manifest says of how its file was read."""
        return f"{self.name} ({self.origin})" if self.origin else self.name

    def read(self, stream: BinaryIO, path: Path, columns: Mapping[str, str] | None) -> Iterator[Read | Reject]:
        """Read a file that is open as `stream` and lies at `path`, by whichever the format needs."""
        if self.read_stream:
            return self.read_stream(stream, columns)
        assert self.read_path
        return self.read_path(path)


FORMATS: tuple[Format, ...] = (
    Format("list", "line", read_list),
    Format("pdq-list", "line", read_pdq_list),
    Format("csv", "line", read_csv),
    Format("vics", "record", read_vics),
    Format("nsrl", "record", read_path=read_nsrl),
    Format("nsrl-text", "line", read_nsrl_text),
    Format("hashkeeper", "line", read_hashkeeper),
    Format("encase", "record", read_encase),
    Format("kdb", "record", read_path=read_kdb),
)


def format_named(name: str, formats: Sequence[Format] = FORMATS) -> Format:
    """A format by name. Raises HashSetError for an unknown one."""
    found = next((known for known in formats if known.name == name), None)
    if found is None:
        raise HashSetError("unknown-format", f"formats are: auto, {', '.join(known.name for known in formats)}")
    return found


def detect(head: bytes, path: Path | None = None) -> Format:
    """The format of a file that begins with `head` (up to `HEAD` bytes) and lies at `path`.

    A database is told by the names of its tables, which may stand anywhere in it, so without a path it is not
    recognised. Bare values of 64 digits are taken for SHA-256: `pdq-list` is never guessed, nor is a plug-in's
    format. Raises HashSetError when none fits, so that nothing is imported by mistake.
    """
    if head.startswith(encase.MAGIC):
        return format_named("encase")
    if head.startswith(sqlite_guard.MAGIC):
        return _detect_database(path)
    mark, encoding = next((found for found in MARKS if head.startswith(found[0])), (b"", "utf-8"))
    text = head[len(mark) :].decode(encoding, errors="replace")
    if DOCUMENT.match(text):
        return format_named("vics")
    lines = [line.strip() for line in text.splitlines() if line.strip() and line.strip()[0] not in "#%"]
    if not lines:
        raise HashSetError("nothing-to-read", "the file holds no record")
    return _detect_text(lines[0])


def _detect_text(line: str) -> Format:
    headers = [header.strip().strip('"') for header in line.split(delimiter_of(line))]
    if has_nsrl_headers(headers):
        return format_named("nsrl-text")
    if has_hashkeeper_headers(headers):
        return format_named("hashkeeper")
    if any(field in VALUE_FIELDS for _, field in fields_of(headers)):
        return format_named("csv")
    if LISTED.match(line):
        return format_named("list")
    raise _unrecognised()


def _detect_database(path: Path | None) -> Format:
    tables = sqlite_guard.tables_of(path) if path else frozenset()
    if {kdb.TABLE, kdb.PROPERTIES} <= tables:
        return format_named("kdb")
    if tables & set(nsrl.TABLES):
        return format_named("nsrl")
    raise _unrecognised()


def _unrecognised() -> HashSetError:
    return HashSetError("format-unknown", "the file is in no format that is recognised; name its format")
