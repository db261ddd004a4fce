"""Updates of a set as a file: key to record or tombstone, where to go on, and an end that shows that it is whole.

One JSON object a line, in UTF-8. The first line says what the file is, the last how many updates stand between:

    {"format": "updates 1", "checkpoint": "2026-11-22"}
    {"key": "17", "md5": ["0f…"], "pdq": ["5a…"], "photodna": ["…"], "category": "us:1", "series": "Blue"}
    {"key": "18", "retracted": true}
    {"updates": 2}

The checkpoint is the source's own word, or null. A record has `md5`, `sha1`, `sha256`, `pdq`, `photodna` (a text or a
list of texts), `other` (type name to such), `category`, `series`, `tags` (a list), and the truth values
`victim_identified`, `offender_identified`, `distributed`. What is absent is not said. Positions count updates from 1;
blank lines are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from hashsets.errors import HashSetError
from hashsets.formats.lines import read_lines
from hashsets.formats.records import Read, Reject, RejectCode, Values, bounded_text, truth
from hashsets.vocabulary import Entry, Opinion

FORMAT = "updates 1"
LINE_MAX = 1 << 20
"""Bytes of one update. Honest ones have some hundred."""
CHECKPOINT_MAX = 4096
TYPE_MAX = 100
"""Characters of a checkpoint, and of a type's name."""

VALUES = ("md5", "sha1", "sha256", "pdq", "photodna")
TEXTS = ("category", "series")
TRUTHS = ("victim_identified", "offender_identified", "distributed")
SURROGATE = re.compile("[\ud800-\udfff]")
"""Escapes can spell what is no text, and no database keeps."""

FIELDS = frozenset({"key", "retracted", "other", "tags", *VALUES, *TEXTS, *TRUTHS})


@dataclass(frozen=True, slots=True)
class Retracted:
    """A key that the source retracts, and where it stood."""

    position: int
    key: str


@dataclass(frozen=True, slots=True)
class Updates:
    """An update file whose first line has been read. `records` is to be gone through once.

    What of a record could not be taken follows it; a line that is no update at all is one reject. `records` raises
    HashSetError when the file does not end as it should.
    """

    checkpoint: str | None
    records: Iterator[Read | Retracted | Reject]


def read_updates(stream: BinaryIO) -> Updates:
    """Read the first line of an update file. Raises HashSetError when it is none."""
    lines = _lines(stream)
    head = next(lines, None)
    if head is None:
        raise HashSetError("nothing-to-read", "the file holds no record")
    facts = _object(head) or {}
    if facts.get("format") != FORMAT:
        raise HashSetError("updates-head-missing", f"a file of updates begins with a line of the format “{FORMAT}”")
    checkpoint = facts.get("checkpoint")
    if checkpoint is not None and not (isinstance(checkpoint, str) and 1 <= len(checkpoint) <= CHECKPOINT_MAX):
        raise HashSetError(
            "updates-checkpoint-unusable", f"a checkpoint is null or a text of up to {CHECKPOINT_MAX} characters"
        )
    return Updates(checkpoint, _records(lines))


def _lines(stream: BinaryIO) -> Iterator[str | None]:
    """Lines that are not blank; None for one that is too long."""
    return (line for _, line in read_lines(stream, LINE_MAX) if line is None or line.strip())


def _records(lines: Iterable[str | None]) -> Iterator[Read | Retracted | Reject]:
    position = 0
    ended = False
    for line in lines:
        if ended:
            raise HashSetError("updates-end-wrong", "something follows the line that ends the updates")
        facts = None if line is None else _object(line)
        if facts is not None and facts.keys() == {"updates"}:
            ended = True
            if facts["updates"] != position:
                raise HashSetError("updates-end-wrong", "the last line counts other updates than the file holds")
            continue
        position += 1
        if facts is None:
            yield Reject(position, RejectCode.LINE_TOO_LONG if line is None else RejectCode.NOT_A_RECORD)
        else:
            yield from _update(position, facts)
    if not ended:
        raise HashSetError("updates-broken-off", "the file breaks off: the last line, which counts, is missing")


def _object(line: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(line or "")
    except (ValueError, RecursionError):  # the parser's message quotes the line: not passed on
        return None
    return found if isinstance(found, dict) else None


def _update(position: int, facts: dict[str, Any]) -> Iterator[Read | Retracted | Reject]:
    values = Values(position)
    key = facts.get("key")
    if not isinstance(key, str) or not key:
        yield Reject(position, RejectCode.NOT_A_RECORD)
        return
    if facts.keys() - FIELDS:
        values.reject(RejectCode.UNKNOWN_FIELD)
    if "retracted" in facts:
        # a tombstone with a record is neither
        alone = facts["retracted"] is True and facts.keys() & FIELDS == {"key", "retracted"}
        yield Retracted(position, key) if alone else Reject(position, RejectCode.NOT_A_RECORD)
    else:
        entry = _entry(key, facts, values)
        yield Reject(position, RejectCode.NO_USABLE_VALUE) if values.is_empty else Read(position, entry)
    yield from values.rejects


def _entry(key: str, facts: dict[str, Any], values: Values) -> Entry:
    for kind in VALUES:
        for text in _texts(facts.get(kind), values):
            values.add(kind, text)
    for kind, texts in _types(facts.get("other"), values).items():
        for text in _texts(texts, values):
            values.add(kind, text)
    opinion = Opinion(
        category=_text(facts.get("category"), values),
        series=_text(facts.get("series"), values),
        victim_identified=truth(facts.get("victim_identified"), values),
        offender_identified=truth(facts.get("offender_identified"), values),
        distributed=truth(facts.get("distributed"), values),
        tags=tuple(tag for one in _texts(facts.get("tags"), values) if (tag := bounded_text(one, values))),
    )
    return Entry(key, tuple(values.digests), tuple(values.fingerprints), opinion, tuple(values.opaque))


def _types(value: object, values: Values) -> dict[str, object]:
    """Values by the names of their types."""
    named = value if isinstance(value, dict) else {}
    types = {name: texts for name, texts in named.items() if 1 <= len(name) <= TYPE_MAX and name.isprintable()}
    if len(types) < len(named) or not (value is None or isinstance(value, dict)):
        values.reject(RejectCode.UNREADABLE_FIELD)
    return types


def _text(value: object, values: Values) -> str | None:
    if value is None or isinstance(value, str):
        return bounded_text(value, values)
    values.reject(RejectCode.UNREADABLE_FIELD)
    return None


def _texts(value: object, values: Values) -> list[str]:
    """One text or a list of texts; whatever else stands there is a reject."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    texts = [text for text in listed if isinstance(text, str) and not SURROGATE.search(text)]
    if len(texts) < len(listed):
        values.reject(RejectCode.UNREADABLE_FIELD)
    return texts
