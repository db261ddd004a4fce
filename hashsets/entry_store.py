"""The entries of one release in one SQLite file: written once, row after row, then only read."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hashsets.errors import Damaged
from hashsets.vocabulary import SECOND_ALGORITHMS, Entry, FingerprintAlgorithm, Opinion

OPINION_SCHEMA = """
CREATE TABLE opinion (
  id INTEGER PRIMARY KEY, category TEXT, series TEXT,
  victim_identified INTEGER, offender_identified INTEGER, distributed INTEGER, tags TEXT NOT NULL
);
"""
CONTINUATION_SCHEMA = "CREATE TABLE IF NOT EXISTS continuation (entry INTEGER PRIMARY KEY, key TEXT NOT NULL);"
"""Entries whose source gave another entry the same key first: the key as the source wrote it."""

SECOND_VALUES = f"kind IN ({', '.join(repr(algorithm.value) for algorithm in SECOND_ALGORITHMS)})"
"""Word for word in the index and in the query, or SQLite does not see that one serves the other."""

SCHEMA = f"""
{OPINION_SCHEMA}
{CONTINUATION_SCHEMA}
CREATE TABLE entry (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, opinion INTEGER NOT NULL, content BLOB NOT NULL
);
CREATE TABLE opaque (entry INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX second_values ON opaque (entry) WHERE {SECOND_VALUES};
"""

OPINIONS_REMEMBERED = 100_000
ASKED_AT_ONCE = 10_000


def unjournalled(path: Path) -> sqlite3.Connection:
    """A database that is of no use until it is whole and sealed, so nothing is journalled on the way."""
    connection = sqlite3.connect(path.absolute().as_uri(), isolation_level=None, uri=True)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def read_only(path: Path) -> str:
    """How a sealed file of entries is named to SQLite."""
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"


class OpinionRows:
    """Writes each opinion once, as long as it is remembered, and numbers it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[Opinion, int] = {}
        self._count = 0

    def number(self, opinion: Opinion) -> int:
        """The number of an opinion's row in the table `opinion`."""
        known = self._known.get(opinion)
        if known is not None:
            return known
        if len(self._known) >= OPINIONS_REMEMBERED:
            self._known.clear()
        number = self._count
        self._count += 1
        self._known[opinion] = number
        self._connection.execute(
            "INSERT INTO opinion VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                opinion.category,
                opinion.series,
                opinion.victim_identified,
                opinion.offender_identified,
                opinion.distributed,
                json.dumps(opinion.tags, ensure_ascii=False),
            ),
        )
        return number


class EntryWriter:
    """Takes entries, gives them numbers from 0, and keeps keys unique. Used by one import, then closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = unjournalled(path)
        self._connection.executescript(SCHEMA)
        self._connection.execute("BEGIN")
        self._opinions = OpinionRows(self._connection)
        self.count = 0

    def add(self, entries: Sequence[Entry]) -> list[tuple[int | None, str]]:
        """Number and key of each entry; None for one that is here already, key and content.

        A key that stands for other content already is continued: `7`, `7#2`, `7#3`…
        """
        known = self._contents([entry.key for entry in entries])
        placed: list[tuple[int | None, str]] = []
        rows = []
        continued = []
        for entry in entries:
            content = content_of(entry)
            key = entry.key
            if key in known:
                key = self._free_key(entry.key, content, known)
            if known.get(key) == content:
                placed.append((None, key))
                continue
            known[key] = content
            rows.append((self.count, key, self._opinions.number(entry.opinion), content))
            if key != entry.key:
                continued.append((self.count, entry.key))
            placed.append((self.count, key))
            self.count += 1
        self._connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
        self._connection.executemany("INSERT INTO continuation VALUES (?, ?)", continued)
        opaque = [
            (row, kind, value)
            for entry, (row, _) in zip(entries, placed, strict=True)
            if row is not None
            for kind, value in entry.opaque
        ]
        self._connection.executemany("INSERT INTO opaque VALUES (?, ?, ?)", opaque)
        return placed

    def close(self) -> None:
        """Return once the disk has everything."""
        self._connection.execute("COMMIT")
        self._connection.close()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def abandon(self) -> None:
        """Let go of a file that nobody will read."""
        self._connection.close()

    def _contents(self, keys: Sequence[str]) -> dict[str, bytes]:
        marks = ",".join("?" * len(keys))
        found = self._connection.execute(f"SELECT key, content FROM entry WHERE key IN ({marks})", keys)  # noqa: S608  # question marks only
        return dict(found.fetchall())

    def _free_key(self, key: str, content: bytes, known: dict[str, bytes]) -> str:
        """The key itself or the first continuation that holds this content or nothing yet."""
        number = 1
        name = key
        while name in known and known[name] != content:
            number += 1
            name = f"{key}#{number}"
            known.update(self._contents([name]))
        return name


class EntryReader:
    """Keys and opinions by entry number. Safe for many threads at once."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(read_only(path), uri=True, check_same_thread=False)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def has(self, key: str) -> bool:
        """Whether there is an entry of this key. Raises Damaged."""
        try:
            with self._lock:
                found = self._connection.execute("SELECT 1 FROM entry WHERE key = ?", (key,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error
        return found is not None

    def count(self) -> int:
        """How many entries there are. Raises Damaged."""
        try:
            with self._lock:
                return int(self._connection.execute("SELECT COALESCE(MAX(id) + 1, 0) FROM entry").fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error

    def many(self, numbers: Iterable[int]) -> Mapping[int, tuple[str, Opinion]]:
        """Key and opinion by entry number. Raises Damaged when one is missing."""
        asked = sorted(set(numbers))
        found: dict[int, tuple[str, Opinion]] = {}
        try:
            for first in range(0, len(asked), ASKED_AT_ONCE):
                found.update(self._some(asked[first : first + ASKED_AT_ONCE]))
        except (sqlite3.DatabaseError, ValueError) as error:
            raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error
        if len(found) != len(asked):
            raise Damaged("release-entries-missing", "a release lacks entries that its index names")
        return found

    def second_values(self, numbers: Iterable[int]) -> Mapping[int, tuple[tuple[FingerprintAlgorithm, bytes], ...]]:
        """What entries list of `SECOND_ALGORITHMS`, by entry number; what is no value of theirs is passed over.

        Raises Damaged.
        """
        asked = sorted(set(numbers))
        found: dict[int, tuple[tuple[FingerprintAlgorithm, bytes], ...]] = {}
        try:
            for first in range(0, len(asked), ASKED_AT_ONCE):
                part = asked[first : first + ASKED_AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT entry, kind, value FROM opaque WHERE {SECOND_VALUES} AND entry IN ({marks})"  # noqa: S608  # question marks only
                with self._lock:
                    rows = self._connection.execute(query, part).fetchall()
                for number, kind, text in rows:
                    if value := _value(FingerprintAlgorithm(kind), text):
                        found[number] = (*found.get(number, ()), (FingerprintAlgorithm(kind), value))
        except sqlite3.DatabaseError as error:
            raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error
        return found

    def _some(self, numbers: Sequence[int]) -> dict[int, tuple[str, Opinion]]:
        marks = ",".join("?" * len(numbers))
        query = (
            "SELECT entry.id, key, category, series, victim_identified, offender_identified, distributed, tags"  # noqa: S608  # question marks only
            f" FROM entry JOIN opinion ON opinion.id = entry.opinion WHERE entry.id IN ({marks})"
        )
        with self._lock:
            rows = self._connection.execute(query, numbers).fetchall()
        return {
            number: (
                key,
                Opinion(category, series, _truth(victim), _truth(offender), _truth(spread), tuple(json.loads(tags))),
            )
            for number, key, category, series, victim, offender, spread, tags in rows
        }


def content_of(entry: Entry) -> bytes:
    """Eight bytes that differ when anything but the key of two entries differs: for repeats, and for later diffs."""
    opinion = entry.opinion
    parts = (
        sorted(digest.value for digest in entry.digests),  # a length belongs to one algorithm
        sorted(entry.fingerprints),
        sorted(entry.opaque),
        (opinion.category, opinion.series, opinion.tags),
        (opinion.victim_identified, opinion.offender_identified, opinion.distributed),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()


def _value(algorithm: FingerprintAlgorithm, text: str) -> bytes | None:
    """A value as `imagehash` and most tools print it, or None."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        return None
    return value if len(value) == algorithm.size else None


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
