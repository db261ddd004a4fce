"""Asking a JSON document of which nobody promised anything: every answer is a text, a list or nothing.

Values stand bare or as `{"value": …}`; `N/A` says nothing. What no database keeps (NUL, halves of characters) becomes
U+FFFD.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from triage.domain.errors import Unreadable

MOST_BYTES = 8 << 20
"""Of one document. Python's objects for the worst of it take some 200 MB."""
_LONGEST = 1 << 20
_UNKEPT = re.compile("[\0\ud800-\udfff]")
_NOTHING = frozenset({"", "n/a", "none", "null"})
_WRITTEN = ("%m-%d-%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S")


def loaded(document: bytes) -> Mapping[str, Any]:
    """The object that a document holds. Raises Unreadable `json-invalid`."""
    if len(document) > MOST_BYTES:
        raise Unreadable("json-invalid", f"The document is longer than {MOST_BYTES:,} bytes.")
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise Unreadable("json-invalid", "The document is not JSON, or too deep.") from None
    if not isinstance(value, dict):
        raise Unreadable("json-invalid", "The document is no JSON object.")
    return value


def inside(value: object, *keys: str) -> object:
    """What stands at the end of these keys; None where the way breaks off."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: object, *keys: str) -> str:
    """A text without blanks around it, bounded; empty for what is none."""
    found = inside(value, *keys)
    if isinstance(found, dict):
        found = found.get("value")
    if isinstance(found, bool) or not isinstance(found, (str, int, float)):
        return ""
    try:
        words = _UNKEPT.sub("\ufffd", str(found)[:_LONGEST]).strip()
    except ValueError:  # a whole number of thousands of digits
        return ""
    return "" if words.casefold() in _NOTHING else words


def several(value: object, *keys: str) -> Iterator[object]:
    """The elements of a list. A list is often the only entry, of its own name, of an object: both are looked into."""
    found = inside(value, *keys)
    if isinstance(found, dict):
        found = next((one for one in found.values() if isinstance(one, list)), None)
    if isinstance(found, list):
        yield from found


def yes_or_no(value: object, *keys: str) -> bool | None:
    """Yes, no, or nothing said. The text `false` is no: absent is another thing."""
    found = inside(value, *keys)
    if isinstance(found, dict):
        found = found.get("value")
    if isinstance(found, bool):
        return found
    words = str(found).strip().casefold() if isinstance(found, (str, int)) else ""
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(words)


def moment(words: str) -> datetime | None:
    """A time, aware; without a zone it is UTC, as the documents say of themselves. None for what is no time."""
    plain = re.sub(r"\s*(UTC|GMT)$", "", words.strip())
    for read in (datetime.fromisoformat, *(_as(form) for form in _WRITTEN)):
        try:
            found = read(plain)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _as(form: str) -> Callable[[str], datetime]:
    return lambda words: datetime.strptime(words, form)  # noqa: DTZ007 - a zone is given to it where it is called
