"""VICS 1.1 to 1.3 and 2.0, hash sets and cases, as Project VIC, CAID and NIST write them. Read with tolerance.

The standard is closed; every leniency here answers something seen in the wild. Only `Category` is a verdict
(`IsPrecategorized` is not). Names, paths, dates, sizes and EXIF of a record belong to other people's cases and are
not read: a record's position must never end up on a seized file. PhotoDNA values are kept for their owner, counted.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import NoneType
from typing import Any, BinaryIO

import ijson

from hashsets.errors import HashSetError
from hashsets.formats.json_guard import GuardedJson
from hashsets.formats.records import TEXT_MAX, Read, Reject, RejectCode, Values, bounded_text, truth
from hashsets.vocabulary import Entry, Opinion

HEAD = 1 << 20
"""Bytes within which the first record shows whether the document is a hash set or a case."""

SET_RECORDS, CASE_RECORDS = "value.item", "value.item.Media.item"
SET_DEPTH, CASE_DEPTH = 3, 5

REGION = re.compile(rb"DataModels/2\.0\.xml/([A-Za-z]{2,10})/")
CATEGORY_MAX = 999

HASH_NAMES: Mapping[str, str] = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "pdq": "pdq"}

NOT_TEXT = (bool, list, dict)
PLAIN = frozenset({int, bool, NoneType})
SAID = ("category", "series", "victimidentified", "offenderidentified", "isdistributed", "tags")
OPINIONS_REMEMBERED = 4096


def read_vics(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """Read a document; positions count media records. `columns` concerns other formats.

    Categories become `us:1`, `uk:8`… after the region that the document declares, `vics:1` when it declares none.
    Raises HashSetError when the document breaks off or is no JSON: half a set would miss in silence.
    """
    del columns
    guarded = GuardedJson(stream)
    head = guarded.peek(HEAD)
    prefix = SET_RECORDS
    if _is_case(head):
        prefix = CASE_RECORDS
        guarded.record_depth = CASE_DEPTH
    scheme = _scheme_of(head)
    position = 0
    try:
        for position, record in enumerate(ijson.items(guarded, prefix), start=1):
            yield from _read_record(position, record, scheme)
    except (ijson.JSONError, ValueError):  # the parser's own message quotes the document: not passed on
        raise HashSetError("json-broken", f"the document breaks off or is no JSON after record {position}") from None


def _is_case(head: bytes) -> bool:
    """Whether the first thing listed has media of its own."""
    try:
        for prefix, event, _ in ijson.parse(GuardedJson(io.BytesIO(head))):
            if prefix == "value.item.Media":
                return True
            if prefix == SET_RECORDS and event == "end_map":
                return False
    except ijson.JSONError:
        pass  # the head ends in the middle of things
    return False


def _scheme_of(head: bytes) -> str:
    found = REGION.search(head[:8192])
    region = found[1].decode().lower() if found else ""
    return region if region and region not in {"default", "custom"} else "vics"


def _read_record(position: int, record: Any, scheme: str) -> Iterator[Read | Reject]:
    if not isinstance(record, dict):
        yield Reject(position, RejectCode.NOT_A_RECORD)
        return
    media = {name.lower(): value for name, value in record.items()}
    values = Values(position)
    for name in ("md5", "sha1", "sha256", "pdq", "photodna"):
        if name in media:
            values.add(name, _text(media[name]))
    for other in _list(media.get("alternativehashes")):
        if isinstance(other, dict):
            name = "".join(c for c in _text(other.get("HashName")).lower() if c.isalnum())[:32]
            values.add(HASH_NAMES.get(name, name or "unnamed"), _text(other.get("HashValue")))
    if values.is_empty:
        yield from values.rejects or [Reject(position, RejectCode.NO_USABLE_VALUE)]
        return
    opinion = _opinion(scheme, tuple(media.get(name) for name in SAID), values)
    key = bounded_text(media.get("mediaid"), values) or values.derived_key()
    yield from values.rejects
    yield Read(position, Entry(key, tuple(values.digests), tuple(values.fingerprints), opinion, tuple(values.opaque)))


def _opinion(scheme: str, said: tuple[Any, ...], values: Values) -> Opinion:
    """What the fields `SAID` mean. Most records repeat what others said, so short answers are remembered."""
    opinion, codes = (_remembered if _is_short(said) else _understood)(scheme, *said)
    for code in codes:
        values.reject(code)
    return opinion


def _is_short(said: tuple[Any, ...]) -> bool:
    for value in said:
        kind = type(value)
        if kind is str:
            if len(value) > TEXT_MAX:
                return False
        elif kind not in PLAIN:
            return False
    return True


def _understood(
    scheme: str, category: Any, series: Any, victim: Any, offender: Any, distributed: Any, tags: Any
) -> tuple[Opinion, tuple[RejectCode, ...]]:
    values = Values(0)
    opinion = Opinion(
        category=_category(category, scheme, values),
        series=_joined(series, values),
        victim_identified=truth(victim, values),
        offender_identified=truth(offender, values),
        distributed=truth(distributed, values),
        tags=_parts(tags, values),
    )
    return opinion, tuple(reject.code for reject in values.rejects)


_remembered = lru_cache(OPINIONS_REMEMBERED, typed=True)(_understood)  # typed: 1 and true are not the same category


def _category(value: Any, scheme: str, values: Values) -> str | None:
    text = _text(value).strip()
    if text.isascii() and text.isdigit() and int(text[:9]) <= CATEGORY_MAX:
        return f"{scheme}:{int(text)}"
    if text and text.lower() != "null":
        values.reject(RejectCode.UNREADABLE_CATEGORY)
    return None


def _parts(value: Any, values: Values) -> tuple[str, ...]:
    """Tags come as one string with commas, as a list, or as objects with a name."""
    listed = value.split(",") if isinstance(value, str) else _list(value)
    names = [part.get("Name") if isinstance(part, dict) else part for part in listed]
    return tuple(text for name in names if (text := bounded_text(name, values)))


def _joined(value: Any, values: Values) -> str | None:
    return bounded_text(value, values) if isinstance(value, str) else ", ".join(_parts(value, values)) or None


def _list(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, NOT_TEXT) else str(value)
