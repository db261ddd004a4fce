"""Digests in sorted, memory-mapped arrays, which answer which entries list a value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.errors import Damaged
from hashsets.index.hits import Values
from hashsets.index.segment_files import open_segment, verify_segment, write_segment
from hashsets.vocabulary import Digest, DigestAlgorithm

KIND = "exact"
PROBE_MEMBERS = 64

EMPTY_FILE: frozenset[Digest] = frozenset(
    Digest(algorithm, hashlib.new(algorithm.value, b"", usedforsecurity=False).digest())
    for algorithm in DigestAlgorithm
)
"""Sets in the wild hold these. They say nothing about a picture and never match: not imported, not looked up."""


@dataclass(frozen=True, slots=True, eq=False)
class ExactHits:
    """Pairs as two arrays of one length, ascending by query and then by entry."""

    query: npt.NDArray[np.int64]
    entry: npt.NDArray[np.int64]


class ExactSegment:
    """An immutable set of digests of one algorithm, each with its entry. Safe for many threads at once."""

    def __init__(self, algorithm: DigestAlgorithm, values: Values, entries: npt.NDArray[np.uint32]) -> None:
        self._algorithm = algorithm
        self._values = values
        self._entries = entries
        self._sorted = _strings(values)

    @classmethod
    def build(cls, algorithm: DigestAlgorithm, values: Values, entries: npt.NDArray[np.uint32]) -> ExactSegment:
        """Sort `values` (uint8, shape (n, algorithm.size)) with their `entries` (n numbers).

        Raises ValueError on another shape, or when the empty file's digest is among them.
        """
        if values.dtype != np.uint8 or values.shape != (len(entries), algorithm.size):
            raise ValueError(f"{algorithm} values are uint8 of shape (n, {algorithm.size}), one entry each")
        if (_strings(values) == _empty(algorithm)).any():
            raise ValueError("the empty file's digest belongs into no set")
        order = np.lexsort((entries, _strings(values)))
        return cls(algorithm, np.ascontiguousarray(values[order]), np.ascontiguousarray(entries[order]))

    @classmethod
    def open(cls, folder: Path) -> ExactSegment:
        """Map a saved segment and let it find known members of its own. Raises Damaged when anything is amiss."""
        segment = open_segment(folder, KIND)
        try:
            algorithm = DigestAlgorithm(segment.facts["algorithm"])
            values, entries = segment.arrays["values"], segment.arrays["entries"]
        except (KeyError, ValueError) as error:
            raise Damaged("segment-header-unreadable", "a segment's header lacks a fact") from error
        if values.dtype != np.uint8 or values.shape != (*entries.shape, algorithm.size) or entries.dtype != np.uint32:
            raise Damaged("segment-shape-wrong", "a segment's arrays are not of the stated shape")
        opened = cls(algorithm, values, entries)
        opened.probe_itself()
        return opened

    def save(self, folder: Path) -> None:
        """Write to a new folder. Raises FileExistsError."""
        facts = {"algorithm": self._algorithm.value, "count": len(self)}
        write_segment(folder, KIND, facts, {"values": self._values, "entries": self._entries})

    @staticmethod
    def verify(folder: Path) -> None:
        """Read every byte of a saved segment. Raises Damaged."""
        verify_segment(folder, KIND)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def values(self) -> Values:
        """All digests in order, uint8 of shape (n, algorithm.size)."""
        return self._values

    @property
    def entries(self) -> npt.NDArray[np.uint32]:
        """The entry of each of `values`."""
        return self._entries

    def renumbered(self, more: int) -> ExactSegment:
        """The same digests, each entry's number larger by `more`."""
        return ExactSegment(self._algorithm, self._values, self._entries + np.uint32(more))

    def merged(self, stays: npt.NDArray[np.bool_], added: ExactSegment | None) -> ExactSegment:
        """The rows that stay and those of `added`, whose entries have larger numbers. Faster than sorting anew."""
        values, numbers = self._values[stays], self._entries[stays]
        if added:
            places = np.searchsorted(_strings(values), _strings(added.values), side="right")
            values = np.insert(values, places, added.values, axis=0)
            numbers = np.insert(numbers, places, added.entries)
        return ExactSegment(self._algorithm, values, numbers)

    def lookup(self, values: Sequence[bytes]) -> ExactHits:
        """All entries that list one of `values`, each of the algorithm's length. Raises ValueError on another."""
        if any(len(value) != self._algorithm.size for value in values):
            raise ValueError(f"{self._algorithm} values have {self._algorithm.size} bytes")
        asked = np.frombuffer(b"".join(values), f"S{self._algorithm.size}")
        first = np.searchsorted(self._sorted, asked, side="left")
        after = np.searchsorted(self._sorted, asked, side="right")
        after = np.where(asked == _empty(self._algorithm), first, after)
        count = after - first
        query = np.repeat(np.arange(len(asked)), count)
        within = np.arange(len(query)) - np.repeat(np.cumsum(count) - count, count)
        return ExactHits(query, self._entries[np.repeat(first, count) + within].astype(np.int64))

    def probe_itself(self) -> None:
        """Look for known members, and for order among neighbours. Raises Damaged when one is not found."""
        if not len(self):
            return
        rows = np.unique(np.linspace(0, len(self) - 1, PROBE_MEMBERS).astype(np.int64))
        hits = self.lookup([self._values[row].tobytes() for row in rows])
        found = set(zip(hits.query.tolist(), hits.entry.tolist(), strict=True))
        if any((position, int(self._entries[row])) not in found for position, row in enumerate(rows)):
            raise Damaged("segment-misses-member", "a segment does not find a member of its own")


def _strings(values: Values) -> npt.NDArray[np.bytes_]:
    """Rows as fixed-length byte strings, which numpy sorts and searches as memcmp would."""
    flat = np.ascontiguousarray(values)
    return flat.view(f"S{values.shape[1]}").reshape(-1)


def _empty(algorithm: DigestAlgorithm) -> np.bytes_:
    return next(np.bytes_(digest.value) for digest in EMPTY_FILE if digest.algorithm is algorithm)
