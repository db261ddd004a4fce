"""The updates of a delta on disk: checked as they come, of each key the last."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from hashsets.entry_store import content_of, unjournalled
from hashsets.formats.records import OPAQUE_MAX, TEXT_MAX, Read, Reject, RejectCode, Values, bounded_text
from hashsets.index.exact import EMPTY_FILE
from hashsets.release_builder import BATCH, FIRST_REJECTS
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, FingerprintAlgorithm, Opinion
from hashsets.watched_input import Progress

Update = tuple[str, Entry | None]
"""A key, and its record from now on; None retracts the key."""

FILE = "delta.sqlite"

SCHEMA = """
CREATE TABLE change (
  key TEXT PRIMARY KEY, position INTEGER NOT NULL, content BLOB, record TEXT
) WITHOUT ROWID;
"""  # a change without content retracts


class UpdateReject(StrEnum):
    """Why an update was not taken, beside the codes of readers."""

    KEY_UNUSABLE = "key-unusable"  # empty, too long, or with control characters
    KEY_DISAGREES = "key-disagrees"  # the record calls itself by another key
    SUPERSEDED = "superseded"  # a later update of the delta concerns the same key
    RETRACTS_UNKNOWN = "retracts-unknown-key"


class Staging:
    """Takes a delta's updates into `folder`. Positions count updates from 1."""

    def __init__(self, folder: Path) -> None:
        self.taken = 0
        self.input_bytes = 0
        self.rejects: Counter[str] = Counter()
        self.first_rejects: list[tuple[int, str]] = []
        self._digest = hashlib.sha256()
        self._connection = unjournalled(folder / FILE)
        self._connection.executescript(SCHEMA)
        self._connection.execute("BEGIN")

    @property
    def input_sha256(self) -> str:
        """Over each update that was taken: key, a zero byte, `content_of` the record or, to retract it, nothing."""
        return self._digest.hexdigest()

    def take(self, updates: Iterable[Update | Reject], progress: Progress | None) -> None:
        """Take all updates; of several for one key the last counts."""
        remaining = iter(updates)
        while batch := list(islice(remaining, BATCH)):
            self._take(batch)
            if progress:
                progress(self.taken, 0)

    def finish(self) -> None:
        """Make everything that was taken readable in order. To be called once, after the last update."""
        self._connection.execute("CREATE INDEX change_position ON change (position)")
        self._connection.execute("COMMIT")

    def changes(self) -> Iterator[list[Change]]:
        """What was taken, in batches, by position."""
        rows = self._connection.execute("SELECT key, position, content FROM change ORDER BY position")
        while batch := rows.fetchmany(BATCH):
            yield [Change(*row) for row in batch]

    def replaces(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` for which a record was taken."""
        marks = ",".join("?" * len(keys))
        query = f"SELECT key FROM change WHERE content IS NOT NULL AND key IN ({marks})"  # noqa: S608  # question marks only
        return {key for (key,) in self._connection.execute(query, list(keys))}

    def drop(self, keys: Sequence[str]) -> None:
        """Forget the records of changes that change nothing; that they were there still counts for `replaces`."""
        self._connection.executemany("UPDATE change SET record = NULL WHERE key = ?", ((key,) for key in keys))

    def records(self) -> Iterator[Read]:
        """The records that were taken and not dropped, by position."""
        query = "SELECT position, key, record FROM change WHERE record IS NOT NULL ORDER BY position"
        for position, key, record in self._connection.execute(query):
            yield Read(position, _entry(key, json.loads(record)))

    def close(self) -> None:
        """Let go of the file; the folder is thrown away by whoever made it."""
        self._connection.close()

    def reject(self, position: int, code: str) -> None:
        """Count one thing that was not taken."""
        self.rejects[code] += 1
        if len(self.first_rejects) < FIRST_REJECTS:
            self.first_rejects.append((position, code))

    def _take(self, batch: Sequence[Update | Reject]) -> None:
        staged: dict[str, _Staged] = {}
        for update in batch:
            if isinstance(update, Reject):
                self.taken = max(self.taken, update.position)
                self.reject(update.position, update.code)
                continue
            key, entry = update
            self.taken += 1
            usable = self._checked(key, entry)
            if usable is None:
                continue
            if key in staged:
                self.reject(staged[key].position, UpdateReject.SUPERSEDED)
            staged[key] = usable
            told = key.encode() + b"\0" + (usable.content or b"")
            self._digest.update(told)
            self.input_bytes += len(told)
        self._write(staged)

    def _write(self, staged: Mapping[str, _Staged]) -> None:
        marks = ",".join("?" * len(staged))
        earlier = f"SELECT position FROM change WHERE key IN ({marks}) ORDER BY position"  # noqa: S608  # question marks only
        for (position,) in self._connection.execute(earlier, list(staged)):
            self.reject(position, UpdateReject.SUPERSEDED)
        rows = [
            (key, update.position, update.content, _record(update.entry) if update.entry else None)
            for key, update in staged.items()
        ]
        self._connection.executemany("INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?)", rows)

    def _checked(self, key: str, entry: Entry | None) -> _Staged | None:
        """The update as it is taken, or None. What is wrong is counted, as in an import."""
        if not 1 <= len(key) <= TEXT_MAX or not key.isprintable():
            self.reject(self.taken, UpdateReject.KEY_UNUSABLE)
            return None
        if entry is None:
            return _Staged(self.taken, None, None)
        if entry.key != key:
            self.reject(self.taken, UpdateReject.KEY_DISAGREES)
            return None
        usable, codes = _usable(entry)
        for code in codes:
            self.reject(self.taken, code)
        return _Staged(self.taken, usable, content_of(usable)) if usable else None


@dataclass(frozen=True, slots=True)
class Change:
    """One staged update: its key, its position, and `content_of` its record; None retracts the key."""

    key: str
    position: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class _Staged:
    position: int
    entry: Entry | None
    content: bytes | None


def _usable(entry: Entry) -> tuple[Entry | None, list[RejectCode]]:
    """The entry as a reader of a file would have given it, or None when nothing of it can be used; what was wrong."""
    listed = tuple(dict.fromkeys(entry.digests))
    values = tuple(dict.fromkeys(entry.fingerprints))
    kept = tuple(dict.fromkeys(entry.opaque))
    digests = tuple(digest for digest in listed if digest not in EMPTY_FILE)
    fingerprints = tuple(value for value in values if len(value) == FingerprintAlgorithm.PDQ.size)
    opaque = tuple(pair for pair in kept if len(pair[1]) <= OPAQUE_MAX)
    opinion, cut = _bounded(entry.opinion)
    codes = [RejectCode.EMPTY_FILE_DIGEST] * (len(listed) - len(digests))
    codes += [RejectCode.WRONG_LENGTH] * (len(values) - len(fingerprints) + len(kept) - len(opaque))
    codes += [RejectCode.TEXT_CUT] * cut
    if not (digests or fingerprints or opaque):
        return None, [*codes, RejectCode.NO_USABLE_VALUE]
    return Entry(entry.key, digests, fingerprints, opinion, opaque), codes


@lru_cache(maxsize=10_000)
def _bounded(opinion: Opinion) -> tuple[Opinion, int]:
    """The opinion in short printable texts, and how many had to be cut."""
    values = Values(0)
    tags = [bounded_text(tag, values) for tag in opinion.tags]
    bounded = replace(
        opinion,
        category=bounded_text(opinion.category, values),
        series=bounded_text(opinion.series, values),
        tags=tuple(tag for tag in tags if tag),
    )
    return bounded, len(values.rejects)


def _record(entry: Entry) -> str:
    return json.dumps(
        {
            "digests": [(digest.algorithm.value, digest.value.hex()) for digest in entry.digests],
            "fingerprints": [value.hex() for value in entry.fingerprints],
            "opinion": asdict(entry.opinion),
            "opaque": entry.opaque,
        }
    )


def _entry(key: str, record: dict[str, Any]) -> Entry:
    opinion = Opinion(**{**record["opinion"], "tags": tuple(record["opinion"]["tags"])})
    return Entry(
        key,
        tuple(Digest(DigestAlgorithm(name), bytes.fromhex(value)) for name, value in record["digests"]),
        tuple(bytes.fromhex(value) for value in record["fingerprints"]),
        opinion,
        tuple((kind, value) for kind, value in record["opaque"]),
    )
