"""What a writer of hash-set files is given, and how it says what its format could not carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from hashsets.vocabulary import Entry, Opinion

DERIVED = "v-"
"""Keys that begin so were made from an entry's values: no source knows them, and losing one loses nothing."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a writer may know before the first entry.

    `categories` counts entries as a manifest does. `columns` names a table's columns: field to header, in order.
    """

    categories: Mapping[str, int]
    columns: Mapping[str, str] | None = None


class Tally:
    """Counts the entries of which anything was written, and what had no place.

    `lost` counts by what it was: `entry` (nothing of it was written), a type of value (`pdq`, `sha1`, `photodna`…),
    a field of the opinion, or `key`.
    """

    def __init__(self) -> None:
        self.written = 0
        self.lost: Counter[str] = Counter()

    def lose_values(self, entry: Entry, carried: Iterable[str]) -> None:
        """Note an entry's values of all types but those carried."""
        kept = frozenset(carried)
        self.lost.update(kind for kind, _ in entry.opaque if kind not in kept)
        self.lost.update(digest.algorithm.value for digest in entry.digests if digest.algorithm.value not in kept)
        if "pdq" not in kept and entry.fingerprints:
            self.lost["pdq"] += len(entry.fingerprints)

    def lose_opinion(self, opinion: Opinion, carried: Iterable[str] = ()) -> None:
        """Note what an opinion says in fields other than those carried."""
        kept = frozenset(carried)
        self.lost.update(
            field.name
            for field in fields(opinion)
            if field.name not in kept and getattr(opinion, field.name) not in (None, ())
        )

    def lose_key(self, key: str) -> None:
        """Note a key, unless it was derived from the values."""
        if not key.startswith(DERIVED):
            self.lost["key"] += 1

    def lose_entry(self) -> None:
        """Note an entry of which nothing can be written, and nothing else of it."""
        self.lost["entry"] += 1


Writer = Callable[[Iterable[Entry], Path, Outline], Tally]
"""Writes a new file in one pass over the entries, in bounded memory. Raises HashSetError for columns that cannot be,
OSError or sqlite3.Error when the disk does not take the file."""
