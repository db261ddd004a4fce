"""What changed between two releases, entry by entry: by key, and by the content hash that stands beside each key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hashsets.entry_store import read_only
from hashsets.errors import Damaged
from hashsets.release_builder import ENTRIES
from hashsets.releases import Release

ABSENT = "FROM entry WHERE NOT EXISTS (SELECT 1 FROM other.entry AS there WHERE there.key = entry.key)"
CHANGED = "FROM entry CROSS JOIN other.entry AS there ON there.key = entry.key WHERE there.content != entry.content"


@dataclass(frozen=True, slots=True)
class Difference:
    """Numbers of entries by what became of them, and their keys, read from the releases each time they are asked for.

    Keys come in no promised order, in bounded memory however large the releases are. An entry has changed when
    anything of it but its key has: values, opinion, or what is kept for its owner.
    """

    old: str
    new: str
    added: int
    retracted: int
    changed: int
    _old: Path
    _new: Path

    def added_keys(self) -> Iterator[str]:
        """Keys that only the new release lists. Raises Damaged."""
        return _keys(self._new, self._old, ABSENT)

    def retracted_keys(self) -> Iterator[str]:
        """Keys that only the old release lists. Raises Damaged."""
        return _keys(self._old, self._new, ABSENT)

    def changed_keys(self) -> Iterator[str]:
        """Keys that both list, with other content. Raises Damaged."""
        return _keys(self._new, self._old, CHANGED)


def diff(old: Release, new: Release) -> Difference:
    """Compare two releases, of one set or of two. Raises Damaged."""
    before, after = old.folder / ENTRIES, new.folder / ENTRIES
    retracted = _count(before, after, ABSENT)
    return Difference(
        old=old.release_id,
        new=new.release_id,
        added=new.manifest.counts.entries - old.manifest.counts.entries + retracted,
        retracted=retracted,
        changed=_count(after, before, CHANGED),
        _old=before,
        _new=after,
    )


def _count(path: Path, other: Path, chosen: str) -> int:
    return int(next(_rows(path, other, f"SELECT COUNT(*) {chosen}")))


def _keys(path: Path, other: Path, chosen: str) -> Iterator[str]:
    return _rows(path, other, f"SELECT entry.key {chosen}")


def _rows(path: Path, other: Path, query: str) -> Iterator[Any]:
    try:
        with closing(sqlite3.connect(read_only(path), uri=True)) as connection:
            connection.execute("ATTACH ? AS other", (read_only(other),))
            for (value,) in connection.execute(query):
                yield value
    except sqlite3.DatabaseError as error:
        raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error
