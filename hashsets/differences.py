"""What changed between two releases, entry by entry: by key, and by the content hash that stands beside each key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from hashsets.entry_store import read_only
from hashsets.errors import Damaged
from hashsets.releases import Release
from hashsets.volumes import ENTRIES

NOTHING = "(SELECT NULL AS id, NULL AS key, NULL AS content WHERE FALSE)"

HERE = (
    "SELECT key, content FROM {side}_below.entry WHERE id NOT IN (SELECT number FROM {side}_gone)"
    " UNION ALL SELECT key, content FROM {side}_above"
)
"""Keys and contents of one side."""

HERE_ON_THE_SAME_GROUND = (
    "SELECT key, content FROM {other}_gone CROSS JOIN {side}_below.entry ON id = number"
    " WHERE number NOT IN (SELECT number FROM {side}_gone) UNION ALL SELECT key, content FROM {side}_above"
)
"""The same where both sides lie on one volume: of what is below only the other's gone entries can differ."""

THERE = (
    "SELECT content FROM {other}_below.entry WHERE key = here.key AND id NOT IN (SELECT number FROM {other}_gone)"
    " UNION ALL SELECT content FROM {other}_above WHERE key = here.key"
)
"""The content of one key on the other side, if it is there."""

ABSENT = "FROM ({here}) AS here WHERE NOT EXISTS ({there})"
CHANGED = "FROM ({here}) AS here WHERE here.content != ({there})"


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
    _old: Release
    _new: Release

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
    retracted = _count(old, new, ABSENT)
    return Difference(
        old=old.release_id,
        new=new.release_id,
        added=new.manifest.counts.entries - old.manifest.counts.entries + retracted,
        retracted=retracted,
        changed=_count(new, old, CHANGED),
        _old=old,
        _new=new,
    )


def _count(one: Release, other: Release, chosen: str) -> int:
    return int(next(_rows(one, other, f"SELECT COUNT(*) {chosen}")))


def _keys(one: Release, other: Release, chosen: str) -> Iterator[str]:
    return _rows(one, other, f"SELECT here.key {chosen}")


def _rows(one: Release, other: Release, query: str) -> Iterator[Any]:
    """Run a query over two releases: `a` is the one whose keys are gone through, `b` the other."""
    here = HERE_ON_THE_SAME_GROUND if one.ground == other.ground else HERE
    there = THERE.format(other="b")
    try:
        with closing(sqlite3.connect(":memory:", uri=True)) as connection:
            _attach(connection, "a", one)
            _attach(connection, "b", other)
            for (value,) in connection.execute(query.format(here=here.format(side="a", other="b"), there=there)):
                yield value
    except sqlite3.DatabaseError as error:
        raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error


def _attach(connection: sqlite3.Connection, side: str, release: Release) -> None:
    """Name a release's two volumes and the numbers of the entries that are gone below."""
    connection.execute(f"ATTACH ? AS {side}_below", (read_only(release.below.folder / ENTRIES),))
    above = NOTHING
    if release.above:
        connection.execute(f"ATTACH ? AS {side}_layer", (read_only(release.above.folder / ENTRIES),))
        above = f"{side}_layer.entry"
    connection.execute(f"CREATE TEMP VIEW {side}_above AS SELECT id, key, content FROM {above}")  # noqa: S608  # our names
    connection.execute(f"CREATE TEMP TABLE {side}_gone (number INTEGER PRIMARY KEY)")
    gone = ((number,) for number in release.gone.tolist())
    connection.executemany(f"INSERT INTO {side}_gone VALUES (?)", gone)  # noqa: S608  # our names
