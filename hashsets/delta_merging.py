"""From a base release and staged updates to the files of a new one.

Only what the delta touches is written anew among the entries; indexes are made from the base's arrays, one at a time.
Entries stay numbered from 0 without gaps: added ones take the numbers of retracted ones, and where more are retracted
than added the last entries move into the gaps.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.delta_staging import Staging, UpdateReject
from hashsets.entry_store import CONTINUATION_SCHEMA, EntryWriter, read_only, unjournalled
from hashsets.index.exact import ExactSegment
from hashsets.index.hits import Values
from hashsets.manifests import Counts
from hashsets.release_builder import (
    ENTRIES,
    FINGERPRINTS,
    OWNERS,
    entries_without_values,
    exact_folder,
    test_class_entries,
    write_fingerprints,
)
from hashsets.releases import Release
from hashsets.vocabulary import DigestAlgorithm, FingerprintAlgorithm

NOTHING = Counts(0, {}, {}, {}, {}, {})

EFFECT = (
    "CREATE TABLE gone (number INTEGER PRIMARY KEY)",
    """INSERT INTO gone SELECT entry.id FROM change CROSS JOIN base.entry ON entry.key = change.key
       WHERE change.content IS NULL""",
    # what else the source listed under a key of the delta goes, unless the delta concerns it by its own key
    """INSERT OR IGNORE INTO gone SELECT entry.id FROM continued CROSS JOIN change ON change.key = continued.key
       CROSS JOIN base.entry ON entry.id = continued.entry
       WHERE entry.key NOT IN (SELECT key FROM change WHERE content IS NOT NULL)""",
    "DELETE FROM change WHERE content IS NULL",
)
UNCHANGED = "DELETE FROM change WHERE content = (SELECT content FROM base.entry WHERE entry.key = change.key)"
PLACES = "UPDATE change SET number = (SELECT id FROM base.entry WHERE entry.key = change.key)"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a delta changes of its base, in entries."""

    added: int
    changed: int
    retracted: int
    unchanged: int

    @property
    def is_nothing(self) -> bool:
        """Whether the release would stay as it is."""
        return not (self.added or self.changed or self.retracted)


def base_entries(base: Release | None, folder: Path) -> Path:
    """The base's file of entries, or an empty one in `folder` where there is no base."""
    if base:
        return base.folder / ENTRIES
    path = folder / "no-entries.sqlite"
    EntryWriter(path).close()
    return path


def resolve(staging: Staging, entries: Path, count: int) -> Effect:
    """Compare the updates with the base's `count` entries; what changes nothing is dropped, the rest is numbered."""
    connection = staging.connection
    connection.execute("ATTACH ? AS base", (read_only(entries),))
    connection.execute("BEGIN")
    continued = connection.execute("SELECT 1 FROM base.sqlite_master WHERE name = 'continuation'").fetchone()
    source = "base.continuation" if continued else "(SELECT NULL AS entry, NULL AS key WHERE FALSE)"
    connection.execute(f"CREATE TEMP VIEW continued AS SELECT entry, key FROM {source}")  # noqa: S608  # one of two words
    unknown = (
        "FROM change WHERE content IS NULL AND NOT EXISTS (SELECT 1 FROM base.entry WHERE entry.key = change.key)"
    )
    for (position,) in connection.execute(f"SELECT position {unknown} ORDER BY position"):
        staging.reject(position, UpdateReject.RETRACTS_UNKNOWN)
    connection.execute(f"DELETE {unknown}")
    for statement in EFFECT:
        connection.execute(statement)
    unchanged = connection.execute(UNCHANGED).rowcount
    connection.execute(PLACES)
    added, changed = connection.execute("SELECT COUNT(*) - COUNT(number), COUNT(number) FROM change").fetchone()
    (retracted,) = connection.execute("SELECT COUNT(*) FROM gone").fetchone()
    _number(staging, count, added)
    connection.execute("COMMIT")
    return Effect(added, changed, retracted, unchanged)


def _number(staging: Staging, count: int, added: int) -> None:
    """Give added entries the numbers of those gone, then new ones; fill what gaps remain from the end."""
    connection = staging.connection
    connection.execute("CREATE TABLE touched (number INTEGER PRIMARY KEY)")
    connection.execute(
        "INSERT INTO touched SELECT number FROM gone UNION SELECT number FROM change WHERE number IS NOT NULL"
    )
    gone = _numbers(connection.execute("SELECT number FROM gone ORDER BY number"))
    places = chain(gone[:added].tolist(), range(count, count + added))
    fresh = connection.execute("SELECT key FROM change WHERE number IS NULL ORDER BY position")
    connection.executemany(
        "UPDATE change SET number = ? WHERE key = ?",
        ((place, key) for place, (key,) in zip(places, fresh, strict=False)),
    )
    gaps = gone[added:]
    end = count - len(gaps)
    last = np.setdiff1d(np.arange(end, count), gaps) if len(gaps) else gaps
    connection.execute("CREATE TABLE moved (source INTEGER PRIMARY KEY, target INTEGER NOT NULL)")
    pairs = zip(last.tolist(), gaps[gaps < end].tolist(), strict=True)
    connection.executemany("INSERT INTO moved VALUES (?, ?)", pairs)
    connection.execute(
        "UPDATE change SET number = (SELECT target FROM moved WHERE source = number)"
        " WHERE number IN (SELECT source FROM moved)"
    )


WITHOUT_TOUCHED = (
    "DELETE FROM opaque WHERE entry IN (SELECT number FROM delta.touched)",
    "DELETE FROM continuation WHERE entry IN (SELECT number FROM delta.touched)",
    "DELETE FROM entry WHERE id IN (SELECT number FROM delta.touched)",
    *(
        f"UPDATE {table} SET {column} = (SELECT target FROM delta.moved WHERE source = {column})"  # noqa: S608  # constants
        f" WHERE {column} IN (SELECT source FROM delta.moved)"
        for table, column in (("opaque", "entry"), ("continuation", "entry"), ("entry", "id"))
    ),
)
WITH_CHANGES = (
    """INSERT INTO opinion SELECT id + :others, category, series, victim_identified, offender_identified, distributed,
       tags FROM delta.opinion WHERE id IN (SELECT opinion FROM delta.change)""",
    "INSERT INTO entry SELECT number, key, opinion + :others, content FROM delta.change ORDER BY number",
    "INSERT INTO opaque SELECT number, kind, value FROM delta.opaque JOIN delta.change USING (position)",
)


def merge(
    base: Release | None, entries: Path, staging: Staging, growing: Path, test_classes: Sequence[str]
) -> Counts:
    """Write the entries and indexes of base and resolved delta to `growing`, and count them."""
    before = base.manifest.counts if base else NOTHING
    shutil.copyfile(entries, growing / ENTRIES)
    categories, opaque, total = _merge_entries(staging, growing / ENTRIES)
    categories.update(before.categories)
    opaque.update(before.opaque)
    numbers = _Numbers.of(staging, before.entries)
    digests = {}
    for algorithm in DigestAlgorithm:
        digests[algorithm.value] = _merge_digests(base, staging, numbers, algorithm, growing)
    fingerprints = {FingerprintAlgorithm.PDQ.value: _merge_fingerprints(base, staging, numbers, growing)}
    return Counts(
        entries=total,
        categories=_present(categories),
        digests=_present(digests),
        fingerprints=_present(fingerprints),
        opaque=_present(opaque),
        rejects=_present(staging.rejects),
        test_class=test_class_entries(categories, test_classes),
        only_opaque=entries_without_values(growing, total),
    )


def _merge_entries(staging: Staging, path: Path) -> tuple[Counter[str], Counter[str], int]:
    """Bring a copy of the base's entries up to date: by how much categories and opaque types grew, and the total."""
    connection = unjournalled(path)
    try:
        connection.execute("ATTACH ? AS delta", (staging.path.absolute().as_uri(),))
        connection.execute("PRAGMA delta.journal_mode=OFF")
        connection.execute("BEGIN")
        connection.execute(CONTINUATION_SCHEMA)
        connection.execute("CREATE INDEX delta.change_position ON change (position)")
        before = _touched(connection, "touched")
        for statement in WITHOUT_TOUCHED:
            connection.execute(statement)
        (others,) = connection.execute("SELECT COALESCE(MAX(id) + 1, 0) FROM opinion").fetchone()
        for statement in WITH_CHANGES:
            connection.execute(statement, {"others": others})
        after = _touched(connection, "change")
        (total,) = connection.execute("SELECT COALESCE(MAX(id) + 1, 0) FROM entry").fetchone()
        connection.execute("COMMIT")
    finally:
        connection.close()
    with path.open("rb") as file:
        os.fsync(file.fileno())
    for one, other in zip(after, before, strict=True):
        one.subtract(other)
    return *after, total


def _touched(connection: sqlite3.Connection, table: str) -> tuple[Counter[str], Counter[str]]:
    """Categories and opaque types of the entries whose numbers stand in a table of ours."""
    categories = connection.execute(
        f"SELECT COALESCE(category, ''), COUNT(*) FROM {table} CROSS JOIN entry ON entry.id = {table}.number"  # noqa: S608  # our tables
        " JOIN opinion ON opinion.id = entry.opinion GROUP BY 1"
    )
    opaque = connection.execute(
        f"SELECT kind, COUNT(*) FROM opaque WHERE entry IN (SELECT number FROM {table}) GROUP BY 1"  # noqa: S608  # our tables
    )
    return Counter(dict(categories)), Counter(dict(opaque))


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """What becomes of entry numbers."""

    places: npt.NDArray[np.int64]  # by position of the update: the entry's number, -1 for updates without effect
    stays: npt.NDArray[np.bool_]  # by number in the base: whether the entry's values do
    renumbered: npt.NDArray[np.uint32]  # by number in the base

    @classmethod
    def of(cls, staging: Staging, count: int) -> _Numbers:
        """Of resolved updates and a base of `count` entries."""
        places = np.full(staging.taken + 1, -1, np.int64)
        stays = np.ones(count, bool)
        renumbered = np.arange(count, dtype=np.uint32)
        with closing(sqlite3.connect(staging.path)) as connection:
            for position, number in connection.execute("SELECT position, number FROM change"):
                places[position] = number
            stays[_numbers(connection.execute("SELECT number FROM touched"))] = False
            for source, target in connection.execute("SELECT source, target FROM moved"):
                renumbered[source] = target
        return cls(places, stays, renumbered)

    def leave(self, entries: npt.NDArray[np.uint32]) -> bool:
        """Whether rows of these entries stay as they are, all of them."""
        return bool((self.stays[entries] & (self.renumbered[entries] == entries)).all())

    def added(self, staging: Staging, name: str, size: int) -> tuple[Values, npt.NDArray[np.uint32]]:
        """The staged values of an algorithm that belong to added and changed entries."""
        values, positions = staging.spools.read(name, size)
        places = self.places[positions]
        return values[places >= 0], places[places >= 0].astype(np.uint32)


def _merge_digests(
    base: Release | None, staging: Staging, numbers: _Numbers, algorithm: DigestAlgorithm, growing: Path
) -> int:
    """Write the new release's digests of one algorithm; how many there are."""
    values, entries = numbers.added(staging, algorithm.value, algorithm.size)
    segment = base.exact_segment(algorithm) if base else None
    folder = exact_folder(algorithm)
    if base and segment and not len(entries) and numbers.leave(segment.entries):
        shutil.copytree(base.folder / folder, growing / folder)
        return len(segment)
    made = ExactSegment.build(algorithm, values, entries)
    if segment:
        made = segment.changed(numbers.renumbered[segment.entries], numbers.stays[segment.entries], made)
    if len(made):
        made.save(growing / folder)
    return len(made)


def _merge_fingerprints(base: Release | None, staging: Staging, numbers: _Numbers, growing: Path) -> int:
    """Write the new release's PDQ values; how many there are."""
    values, entries = numbers.added(staging, FingerprintAlgorithm.PDQ.value, FingerprintAlgorithm.PDQ.size)
    if base:
        known, owners = base.fingerprints()
        if len(owners) and not len(entries) and numbers.leave(owners):
            for folder in (FINGERPRINTS, OWNERS):
                shutil.copytree(base.folder / folder, growing / folder)
            return len(owners)
        stays = numbers.stays[owners]
        values = np.concatenate((known[stays], values))
        entries = np.concatenate((numbers.renumbered[owners[stays]], entries))
    if len(entries):
        write_fingerprints(growing, values, entries)
    return len(entries)


def _numbers(rows: Iterable[tuple[int]]) -> npt.NDArray[np.int64]:
    return np.fromiter((number for (number,) in rows), np.int64)


def _present(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}
