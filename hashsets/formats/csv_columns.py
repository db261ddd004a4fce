"""Tables with one record a line: CSV with comma, semicolon, tab or bar, such as ICSE's and IPED's.

Columns are recognised by their headers, or named by the caller (header to field; digits count columns from 1 in a
table without headers). A record is one line: a quoted line break spoils the lines that it spans and no others.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from hashsets.errors import HashSetError
from hashsets.formats.lines import read_lines
from hashsets.formats.records import Read, Reject, RejectCode, Values, bounded_text, truth
from hashsets.vocabulary import Entry, Opinion

DELIMITERS = ",;\t|"

FIELDS: Mapping[str, frozenset[str]] = {
    "md5": frozenset({"md5", "md5hash", "hashmd5", "md5sum", "md5digest"}),
    "sha1": frozenset({"sha1", "sha1hash", "hashsha1", "sha1sum"}),
    "sha256": frozenset({"sha256", "sha256hash", "hashsha256", "sha256sum"}),
    "pdq": frozenset({"pdq", "pdqhash", "pdqhex"}),
    "photodna": frozenset({"photodna", "pdna", "photodnahash"}),
    "phash": frozenset({"phash"}),
    "dhash": frozenset({"dhash"}),
    "digest": frozenset({"hash", "digest", "hashvalue", "filehash"}),
    "key": frozenset({"imageid", "mediaid", "hashid", "entryid", "id", "key", "fileid"}),
    "category": frozenset({"category", "classification", "status"}),
    "baseline": frozenset({"baseline"}),
    "series": frozenset({"seriesname", "series"}),
    "victim_identified": frozenset({"victimidentified"}),
    "offender_identified": frozenset({"offenderidentified"}),
    "distributed": frozenset({"isdistributed", "distributed"}),
    "tags": frozenset({"tags", "tag", "set"}),
}
"""Our fields, and the headers that mean them once case, blanks and punctuation are gone."""

VALUE_FIELDS = ("md5", "sha1", "sha256", "pdq", "photodna", "phash", "dhash", "digest")
REPEATABLE = frozenset({*VALUE_FIELDS, "tags"})


def read_csv(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """Read a table; positions are line numbers.

    Raises HashSetError when no column holds values, or `columns` names a field or header that is not there.
    """
    lines = read_lines(stream)
    plan: _Plan | None = None
    for number, line in lines:
        if line is None:
            yield Reject(number, RejectCode.LINE_TOO_LONG)
            continue
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if plan is None:
            plan = _Plan.of_first_line(line, columns)
            if plan.has_header:
                continue
        yield from plan.read(number, line)
    if plan is None:
        raise HashSetError("no-header", "the table has no first line to tell its columns by")


class _Plan:
    """Which column is which field."""

    def __init__(self, delimiter: str, fields: Sequence[tuple[int, str]], has_header: bool) -> None:
        self._delimiter = delimiter
        self._fields = fields
        self.has_header = has_header
        if not any(field in VALUE_FIELDS for _, field in fields):
            raise HashSetError(
                "no-value-column", "no column holds digests or fingerprints; name it with a column map"
            )

    @classmethod
    def of_first_line(cls, line: str, columns: Mapping[str, str] | None) -> _Plan:
        delimiter = delimiter_of(line)
        unknown = sorted(set((columns or {}).values()) - FIELDS.keys())
        if unknown:
            raise HashSetError("unknown-field", f"a column map names fields from: {', '.join(sorted(FIELDS))}")
        if columns and all(header.isdigit() for header in columns):
            return cls(delimiter, [(int(header) - 1, field) for header, field in columns.items()], has_header=False)
        try:
            headers = _split(line, delimiter)
        except csv.Error as error:
            raise HashSetError("no-header", "the table's first line is no header") from error
        if columns:
            places = {header.strip().lower(): place for place, header in reversed(list(enumerate(headers)))}
            missing = [header for header in columns if header.strip().lower() not in places]
            if missing:
                raise HashSetError("unknown-column", f"{len(missing)} of the mapped columns are not in the header")
            return cls(
                delimiter, [(places[h.strip().lower()], field) for h, field in columns.items()], has_header=True
            )
        return cls(delimiter, fields_of(headers), has_header=True)

    def read(self, number: int, line: str) -> Iterator[Read | Reject]:
        values = Values(number)
        try:
            cells = _split(line, self._delimiter)
        except csv.Error:
            yield Reject(number, RejectCode.NOT_A_RECORD)
            return
        texts: dict[str, str] = {}
        tags: list[str] = []
        for place, field in self._fields:
            cell = cells[place].strip() if place < len(cells) else ""
            if field in VALUE_FIELDS:
                values.add(field, cell)
            elif field == "tags":
                tags += [tag for part in cell.split("|") if (tag := bounded_text(part, values))]
            elif cell:
                texts[field] = cell
        if values.is_empty:
            values.rejects = values.rejects or [Reject(number, RejectCode.NO_USABLE_VALUE)]
            yield from values.rejects
            return
        opinion = _opinion(texts, tags, values)
        yield from values.rejects
        key = bounded_text(texts.get("key"), values) or values.derived_key()
        yield Read(
            number, Entry(key, tuple(values.digests), tuple(values.fingerprints), opinion, tuple(values.opaque))
        )


def _opinion(texts: Mapping[str, str], tags: Sequence[str], values: Values) -> Opinion:
    category = bounded_text(texts.get("category"), values)
    if category is None and truth(texts.get("baseline"), values):
        category = "baseline"
    return Opinion(
        category=category,
        series=bounded_text(texts.get("series"), values),
        victim_identified=truth(texts.get("victim_identified"), values),
        offender_identified=truth(texts.get("offender_identified"), values),
        distributed=truth(texts.get("distributed"), values),
        tags=tuple(tags),
    )


def delimiter_of(line: str) -> str:
    """The delimiter that splits a line most often; a comma when none does."""
    return max(DELIMITERS, key=line.count)


def fields_of(headers: Sequence[str]) -> list[tuple[int, str]]:
    """Columns whose header is known; of two for one single-valued field the first counts."""
    found: list[tuple[int, str]] = []
    for place, header in enumerate(headers):
        plain = "".join(character for character in header.lower() if character.isalnum())
        field = next((field for field, names in FIELDS.items() if plain in names), None)
        if field and (field in REPEATABLE or field not in {known for _, known in found}):
            found.append((place, field))
    return found


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])
