"""Words, numbers and dates in the reader's language.

Message ids are the English sentences; `locale/LANGUAGE.po` holds the others and is read as text at the start, so that
nothing has to be compiled. Thai documents count years of the Buddhist era, which Babel does not: ours + 543.
"""

from __future__ import annotations

import datetime as dt
import gettext
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale
from babel.dates import format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

FOLDER = Path(__file__).parent / "locale"
COMPLETE = ("en", "th")
"""Languages whose every sentence is translated; a test counts. Others fall back to English sentence by sentence."""
NAMES = {"en": "English", "th": "ไทย", "km": "ខ្មែរ", "lo": "ລາວ", "vi": "Tiếng Việt"}
_BUDDHIST_ERA = 543
_STEP = 1000


class Sentences(gettext.NullTranslations):
    """The sentences of one language."""

    def __init__(self, found: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._found = found

    def gettext(self, message: str) -> str:
        """The sentence, or the English one where there is none."""
        return self._found.get(message, (message,))[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The sentence for this number; languages of the region have one form for all numbers."""
        forms = self._found.get(msgid1)
        if forms is None:
            return msgid1 if n == 1 else msgid2
        return forms[-1] if n != 1 else forms[0]


@cache
def sentences(language: str) -> Sentences:
    """All sentences of a language; English has none of its own."""
    path = FOLDER / f"{language}.po"
    if not path.is_file():
        return Sentences({})
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        words = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if key and words and all(words) and "fuzzy" not in message.flags:
            found[key] = words
    return Sentences(found)


@dataclass(frozen=True, slots=True)
class Speaking:
    """How one reader is spoken to: language as in `NAMES`, and a zone of the tz database."""

    language: str = "en"
    zone: str = "UTC"

    @property
    def sentences(self) -> Sentences:
        """The reader's sentences."""
        return sentences(self.language)

    @property
    def _zone(self) -> dt.tzinfo:
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return dt.UTC

    def number(self, value: float) -> str:
        """A number with the language's separators."""
        return _number(value, self.language)

    def day(self, value: dt.date | dt.datetime) -> str:
        """A date: `26 Nov 2026`, `26 พ.ย. 2569`."""
        local = value.astimezone(self._zone) if isinstance(value, dt.datetime) and value.tzinfo else value
        return f"{_day_and_month(local.month, local.day, self.language)} {self._year(local.year)}"

    def period(self, label: str) -> str:
        """A month or years of a chart: `2026-11`, `2569-11`. Decades and centuries are not those of another era."""
        year, dash, month = label.partition("-")
        return f"{self._year(int(year))}{dash}{month}" if year.isdecimal() else label

    def moment(self, value: dt.datetime) -> str:
        """A time to the minute in the reader's zone; a naive one is some camera's own clock and stays as it is."""
        local = value.astimezone(self._zone) if value.tzinfo else value
        return f"{self.day(local)} {local:%H:%M}"

    def instant(self, value: dt.datetime) -> str:
        """A time to the second, for records."""
        local = value.astimezone(self._zone)
        return f"{self.day(local)} {local:%H:%M:%S}"

    def size(self, count: int) -> str:
        """Bytes in units of 1,000."""
        value, unit = float(count), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if value < _STEP:
                break
            value, unit = value / _STEP, larger
        return f"{self.number(round(value, 1) if unit != 'B' else count)} {unit}"

    def _year(self, year: int) -> int:
        return year + _BUDDHIST_ERA if self.language == "th" else year


@lru_cache(maxsize=4_096)
def _number(value: float, language: str) -> str:
    """Babel reads a pattern anew for each number, and a page has hundreds, mostly small ones."""
    return str(format_decimal(value, locale=Locale.parse(language)))


@lru_cache(maxsize=2_048)
def _day_and_month(month: int, day: int, language: str) -> str:
    """`26 Nov`, in any year: a leap year has all days."""
    return format_datetime(dt.datetime(2024, month, day), "d MMM", locale=Locale.parse(language))  # noqa: DTZ001 - a date
