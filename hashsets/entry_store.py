"""The entries of one release in one SQLite file: written once, row after row, then only read."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from hashsets.errors import Damaged
from hashsets.vocabulary import SECOND_ALGORITHMS, Entry, FingerprintAlgorithm, Opinion

SCHEMA = """
CREATE TABLE opinion (
  id INTEGER PRIMARY KEY, category TEXT, series TEXT,
  victim_identified INTEGER, offender_identified INTEGER, distributed INTEGER, tags TEXT NOT NULL
);
CREATE TABLE continuation (entry INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE entry (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, opinion INTEGER NOT NULL, content BLOB NOT NULL
);
CREATE TABLE opaque (
  entry INTEGER NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (entry, place)
) WITHOUT ROWID;
"""
"""`continuation`: entries whose source gave another entry the same key first, with the key as the source wrote it."""

TEXTS = (
    "entry.id, entry.key, category, series, victim_identified, offender_identified, distributed, tags"
    " FROM entry CROSS JOIN opinion ON opinion.id = entry.opinion"
)

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
            (row, place, kind, value)
            for entry, (row, _) in zip(entries, placed, strict=True)
            if row is not None
            for place, (kind, value) in enumerate(entry.opaque)
        ]
        self._connection.executemany("INSERT INTO opaque VALUES (?, ?, ?, ?)", opaque)
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


Text = tuple[int, str, Opinion, tuple[tuple[str, str], ...]]
"""Of an entry: number, key, opinion, and types and values that are kept for its owner."""


class EntryReader:
    """What is said of entries, by their numbers and keys. Safe for many threads at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(read_only(path), uri=True, check_same_thread=False)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def span(self) -> int:
        """One more than the largest number. Raises Damaged."""
        return int(self._rows("SELECT COALESCE(MAX(id) + 1, 0) FROM entry", ())[0][0])

    def find(self, keys: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Number and content hash by key, of the entries that there are. Raises Damaged."""
        found = self._of_many("SELECT key, id, content FROM entry WHERE key IN ({marks})", keys)
        return {key: (number, content) for key, number, content in found}

    def continued(self, keys: Sequence[str]) -> list[tuple[int, str]]:
        """Number and own key of the entries whose source gave them one of `keys`, which was taken. Raises Damaged."""
        return self._of_many(
            "SELECT entry.id, entry.key FROM continuation JOIN entry ON entry.id = continuation.entry"
            " WHERE continuation.key IN ({marks})",
            keys,
        )

    def many(self, numbers: Iterable[int]) -> Mapping[int, tuple[str, Opinion]]:
        """Key and opinion by entry number. Raises Damaged when one is missing."""
        asked = sorted(set(numbers))
        rows = self._of_many(f"SELECT {TEXTS} WHERE entry.id IN ({{marks}})", asked)
        if len(rows) != len(asked):
            raise Damaged("release-entries-missing", "a release lacks entries that its index names")
        return {number: (key, _opinion(said)) for number, key, *said in rows}

    def opaque_of(self, numbers: Iterable[int]) -> Mapping[int, tuple[tuple[str, str], ...]]:
        """Types and values that are kept for their owner, by entry number. Raises Damaged."""
        kept: dict[int, tuple[tuple[str, str], ...]] = {}
        query = "SELECT entry, kind, value FROM opaque WHERE entry IN ({marks}) ORDER BY entry, place"
        for number, kind, value in self._of_many(query, sorted(set(numbers))):
            kept[number] = (*kept.get(number, ()), (kind, value))
        return kept

    def every(self) -> Iterator[Text]:
        """Every entry, by number. Raises Damaged."""
        try:
            with closing(sqlite3.connect(read_only(self._path), uri=True)) as connection:
                opaque = iter(connection.execute("SELECT entry, kind, value FROM opaque ORDER BY entry, place"))
                ahead = next(opaque, None)
                for number, key, *said in connection.execute(f"SELECT {TEXTS} ORDER BY entry.id"):
                    own: list[tuple[str, str]] = []
                    while ahead and ahead[0] == number:
                        own.append((ahead[1], ahead[2]))
                        ahead = next(opaque, None)
                    yield number, key, _opinion(said), tuple(own)
        except (sqlite3.DatabaseError, ValueError) as error:
            raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error

    def second_values(self, numbers: Iterable[int]) -> Mapping[int, tuple[tuple[FingerprintAlgorithm, bytes], ...]]:
        """What entries list of `SECOND_ALGORITHMS`, by entry number; what is no value of theirs is passed over.

        Raises Damaged.
        """
        return {
            number: tuple(
                (FingerprintAlgorithm(kind), value)
                for kind, text in opaque
                if kind in SECOND_ALGORITHMS and (value := _value(FingerprintAlgorithm(kind), text))
            )
            for number, opaque in self.opaque_of(numbers).items()
        }

    def _of_many(self, query: str, asked: Sequence[int] | Sequence[str]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for first in range(0, len(asked), ASKED_AT_ONCE):
            some = asked[first : first + ASKED_AT_ONCE]
            rows += self._rows(query.format(marks=",".join("?" * len(some))), some)
        return rows

    def _rows(self, query: str, values: Sequence[int] | Sequence[str]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error


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


def _opinion(said: Sequence[Any]) -> Opinion:
    category, series, victim, offender, spread, tags = said
    try:
        named = tuple(json.loads(tags))
    except ValueError as error:
        raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error
    return Opinion(category, series, _truth(victim), _truth(offender), _truth(spread), named)


def _value(algorithm: FingerprintAlgorithm, text: str) -> bytes | None:
    """A value as `imagehash` and most tools print it, or None."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        return None
    return value if len(value) == algorithm.size else None


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
