"""Tables with a header: comma, everything quoted, UTF-8. A second value of one type stands in a row of its own.

PhotoDNA and other values that we cannot compute are not written: a table has no place that is known to be theirs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from hashsets.errors import HashSetError
from hashsets.formats.csv_columns import DELIMITERS
from hashsets.formats.lines import LINE_MAX
from hashsets.vocabulary import Entry, Opinion
from hashsets.writers.seam import Outline, Tally

VALUES = ("md5", "sha1", "sha256", "pdq")
TRUTHS = ("victim_identified", "offender_identified", "distributed")
FIELDS = (*VALUES, "key", "category", "series", *TRUTHS, "tags")
BETWEEN_TAGS = "|"


def write_csv(entries: Iterable[Entry], path: Path, outline: Outline) -> Tally:
    """Write a new file with the columns of `outline`, or all. Raises HashSetError for a map that cannot be."""
    columns = checked_columns(outline.columns)
    tally = Tally()
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns.values())
        for entry in entries:
            rows = list(_rows(entry, columns))
            if not rows:
                tally.lose_entry()
                continue
            said = _said(entry, tally)
            for row in rows:
                writer.writerow({**said, **row}.get(field, "") for field in columns)
            tally.written += 1
            tally.lose_values(entry, columns)
            tally.lose_opinion(entry.opinion, columns)
            if "key" not in columns:
                tally.lose_key(entry.key)
    return tally


def checked_columns(columns: Mapping[str, str] | None) -> Mapping[str, str]:
    """Field to header. Raises HashSetError: unknown field, no column of values, a header nobody could read back."""
    if columns is None:
        return dict(zip(FIELDS, FIELDS, strict=True))
    if not columns.keys() <= set(FIELDS):
        raise HashSetError("unknown-field", f"a column map names fields from: {', '.join(FIELDS)}")
    if not columns.keys() & set(VALUES):
        raise HashSetError("no-value-column", f"a table needs a column of values: {', '.join(VALUES)}")
    headers = [header.strip().lower() for header in columns.values()]
    readable = all(header.isprintable() and not set(header) & set(f'{DELIMITERS}"') for header in headers)
    if not readable or not all(headers) or len(set(headers)) < len(headers):
        raise HashSetError("header-unusable", "headers are different from each other, printable, without delimiters")
    return columns


def _rows(entry: Entry, columns: Mapping[str, str]) -> Iterator[dict[str, str]]:
    listed: dict[str, list[str]] = {kind: [] for kind in VALUES if kind in columns}
    for digest in entry.digests:
        if digest.algorithm.value in listed:
            listed[digest.algorithm.value].append(digest.value.hex())
    if "pdq" in listed:
        listed["pdq"] = [value.hex() for value in entry.fingerprints]
    for row in zip_longest(*listed.values(), fillvalue=""):
        yield dict(zip(listed, row, strict=True))


def _said(entry: Entry, tally: Tally) -> dict[str, str]:
    opinion = entry.opinion
    return {
        "key": entry.key,
        "category": opinion.category or "",
        "series": opinion.series or "",
        **{field: _truth(getattr(opinion, field)) for field in TRUTHS},
        "tags": _tags(opinion, tally),
    }


def _tags(opinion: Opinion, tally: Tally) -> str:
    """Tags in one cell; one with a bar in it comes apart, and too many for any reader's line are left out."""
    text = BETWEEN_TAGS.join(opinion.tags)
    if len(text.encode()) > LINE_MAX // 4:
        tally.lost["tags"] += 1
        return ""
    if any(BETWEEN_TAGS in tag for tag in opinion.tags):
        tally.lost["tags"] += 1
    return text


def _truth(value: bool | None) -> str:
    return "" if value is None else str(value).lower()
