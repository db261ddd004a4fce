"""The simple types of XML Schema that CyberTip uses: whether a text is one, and its value in Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

_SPACES = " \t\r\n"
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?", re.ASCII
)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([eE][+-]?\d{1,4})?", re.ASCII)

SHORT, LONG = 3_000, 1 << 20
"""Characters of a line (the longest that NCMEC's documentation allows one to be) and of a text."""


@dataclass(frozen=True, slots=True)
class Simple:
    """A named type of text. `holds` takes the text as it stands in the document."""

    name: str
    holds: Callable[[str], bool]
    words: frozenset[str] = frozenset()  # of an enumeration
    pattern: str = ""
    longest: int = SHORT


def collapsed(text: str) -> str:
    """A text as XML Schema compares all types but strings: no white space around it, one blank within."""
    return " ".join(text.strip(_SPACES).split())


def date_time(text: str) -> datetime | None:
    """An xs:dateTime of the years 1 to 9999, as it stands: naive where it names no zone. None for anything else."""
    found = _DATE_TIME.fullmatch(text.strip(_SPACES))
    if not found:
        return None
    whole, fraction, zone = found.groups()
    try:
        value = datetime.fromisoformat(whole + "." + (fraction or "0")[:6].ljust(6, "0") + (zone or ""))
        value.astimezone(UTC)  # at the edges of the calendar a zone leads out of it
    except (ValueError, OverflowError):
        return None
    return value


def calendar_date(text: str) -> date | None:
    """An xs:date of the years 1 to 9999, without its zone. None for anything else."""
    found = _DATE.fullmatch(text.strip(_SPACES))
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def boolean(text: str) -> bool | None:
    """An xs:boolean. None for anything else, of which there must be none once a document is validated."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip(_SPACES))


def _whole_within(least: int, most: int) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        stripped = text.strip(_SPACES)
        return _WHOLE.fullmatch(stripped) is not None and least <= int(stripped) <= most

    return holds


def _is_double(text: str) -> bool:
    stripped = text.strip(_SPACES)
    if stripped in {"INF", "-INF", "NaN"}:
        return True
    return _DOUBLE.fullmatch(stripped) is not None and not math.isnan(float(stripped))


def words(name: str, *allowed: str) -> Simple:
    """An enumeration of strings: compared as they stand, blanks and case included."""
    among = frozenset(allowed)
    return Simple(name, among.__contains__, words=among)


def pattern(name: str, expression: str) -> Simple:
    """A string of this form."""
    compiled = re.compile(expression, re.ASCII)
    return Simple(name, lambda text: compiled.fullmatch(text) is not None, pattern=expression)


STRING = Simple("string", lambda text: len(text) <= SHORT)
TEXT = Simple("text", lambda text: len(text) <= LONG, longest=LONG)
TOKEN = Simple("token", lambda text: len(text) <= SHORT)
BOOLEAN = Simple("boolean", lambda text: boolean(text) is not None)
FLAG = Simple("flag", lambda text: text.strip(_SPACES) == "" or boolean(text) is True)
"""`fixed="true"`: an element that is there says yes, empty or not; it cannot say no."""
DATE_TIME = Simple("dateTime", lambda text: date_time(text) is not None)
DATE = Simple("date", lambda text: calendar_date(text) is not None)
INT = Simple("int", _whole_within(-(1 << 31), (1 << 31) - 1))
NUMBER = Simple("long", _whole_within(-(1 << 63), (1 << 63) - 1))
DOUBLE = Simple("double", _is_double)
