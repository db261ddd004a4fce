"""The updates of a delta on disk: checked as they come, of each key the last, values in spools as in an import."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from pathlib import Path

from hashsets.entry_store import OPINION_SCHEMA, OpinionRows, content_of, unjournalled
from hashsets.formats.records import OPAQUE_MAX, TEXT_MAX, Reject, RejectCode, Values, bounded_text
from hashsets.index.exact import EMPTY_FILE
from hashsets.release_builder import BATCH, FIRST_REJECTS
from hashsets.spools import Spools
from hashsets.vocabulary import Entry, FingerprintAlgorithm, Opinion
from hashsets.watched_input import Progress

Update = tuple[str, Entry | None]
"""A key, and its record from now on; None retracts the key."""

FILE = "delta.sqlite"

SCHEMA = f"""
{OPINION_SCHEMA}
CREATE TABLE change (
  key TEXT PRIMARY KEY, position INTEGER NOT NULL, content BLOB, opinion INTEGER, number INTEGER
) WITHOUT ROWID;
CREATE TABLE opaque (position INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL);
"""  # a change without content retracts; `number` is the entry's place in the new release


class UpdateReject(StrEnum):
    """Why an update was not taken, beside the codes of readers."""

    KEY_UNUSABLE = "key-unusable"  # empty, too long, or with control characters
    KEY_DISAGREES = "key-disagrees"  # the record calls itself by another key
    SUPERSEDED = "superseded"  # a later update of the delta concerns the same key
    RETRACTS_UNKNOWN = "retracts-unknown-key"


class Staging:
    """Takes a delta's updates into `folder`. Positions count updates from 1."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.spools = Spools(folder)
        self.taken = 0
        self.input_bytes = 0
        self.rejects: Counter[str] = Counter()
        self.first_rejects: list[tuple[int, str]] = []
        self._digest = hashlib.sha256()
        self.connection = unjournalled(self.path)
        self.connection.executescript(SCHEMA)
        self.connection.execute("BEGIN")
        self._opinions = OpinionRows(self.connection)

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
        """Let the disk have everything that others will read."""
        self.connection.execute("COMMIT")
        self.spools.close()

    def close(self) -> None:
        """Let go of all files; the folder is thrown away by whoever made it."""
        self.connection.close()
        self.spools.close()

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
        for (position,) in self.connection.execute(earlier, list(staged)):
            self.reject(position, UpdateReject.SUPERSEDED)
        rows: list[tuple[str, int, bytes | None, int | None]] = []
        opaque: list[tuple[int, str, str]] = []
        for key, update in staged.items():
            entry = update.entry
            if entry is None:
                rows.append((key, update.position, None, None))
                continue
            rows.append((key, update.position, update.content, self._opinions.number(entry.opinion)))
            for digest in entry.digests:
                self.spools.write(digest.algorithm.value, update.position, digest.value)
            for value in entry.fingerprints:
                self.spools.write(FingerprintAlgorithm.PDQ.value, update.position, value)
            opaque += [(update.position, kind, value) for kind, value in entry.opaque]
        self.connection.executemany("INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?, NULL)", rows)
        self.connection.executemany("INSERT INTO opaque VALUES (?, ?, ?)", opaque)

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
