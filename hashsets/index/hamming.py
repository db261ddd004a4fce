"""Exact radius search over 256-bit values: every value within reach is found, by construction.

Multi-index hashing (Norouzi, Punjani, Fleet, 2012), in the general form of its pigeonhole: cut the value into
chunks and give chunk c a radius r(c), such that the sum of r(c) + 1 exceeds the reach. A value that differs from the
query in more than r(c) bits of *every* chunk then differs in more than `reach` bits altogether; so whoever is within
reach agrees with the query to within r(c) in some chunk, and lies in a bucket that is looked up. Chunks need not be
equally wide, and radii are handed out one step at a time where the next step costs least, given how crowded the
chunk's buckets really are. Small sets are scanned, and so is a query that meets overfull buckets: bounded, and exact.
Equal values are kept and compared once (see `repeats.py`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.errors import Damaged
from hashsets.index.hamming_kernels import (
    DAMAGED,
    QUERY_SHIFT,
    ROW_SHIFT,
    Ints,
    Rows,
    Words,
    fill_table,
    probe,
    scan,
)
from hashsets.index.hits import Hits, Values
from hashsets.index.repeats import Repeats
from hashsets.index.segment_files import Segment, open_segment, verify_segment, write_segment

KIND = "hamming-256"
REACH = 31
"""Bits; where PDQ's authors draw the line between one picture and another."""
MAX_REACH = 41
"""Bits that can be searched: 31, and ten more for values that are estimates (`algorithms/pdq_luma.py`)."""
BYTES = 32

Layouts = tuple[tuple[int, tuple[int, ...]], ...]

LAYOUTS: Layouts = (
    (32_768, (16,) * 16),
    (300_000, (19,) * 4 + (18,) * 10),
    (3_000_000, (22,) * 8 + (20,) * 4),
    (7_500_000, (24,) * 3 + (23,) * 8),
    (40_000_000, (24,) * 8 + (22,) * 2 + (20,)),
)
"""From how many distinct values on, which chunk widths in bits. Below the first a scan is as fast.

Fewer and wider chunks are quicker and need more memory: at 10 M values eleven take a third of the time of twelve. A
layout is passed over while it would take more than `BUDGET`.
"""

BUDGET = 128
"""Bytes of a segment for each value of the set, repeated ones included."""

QUERIES_AT_ONCE = 4096
PROBE_MEMBERS = 64

PATIENCE = 8
"""A query that meets more than 1/8 of the set in buckets is scanned instead: rows met by chance in memory cost some
eight times as much as rows in order."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Buckets of every chunk: see `hamming_kernels.probe`. `crowding` is the mean bucket that a member meets."""

    widths: Ints
    starts: Ints
    bases: Ints
    offsets: Rows
    rows: Rows
    crowding: tuple[float, ...]

    @property
    def layout(self) -> tuple[int, ...]:
        """`widths` as plain numbers."""
        return tuple(self.widths.tolist())


class HammingSegment:
    """An immutable set of 256-bit values, in memory or mapped from a folder. Safe for many threads at once."""

    def __init__(self, words: Words, tables: _Tables | None, repeats: Repeats) -> None:
        self._words = words
        self._tables = tables
        self._repeats = repeats

    @classmethod
    def build(cls, values: Values, layouts: Layouts = LAYOUTS) -> HammingSegment:
        """Index a copy of `values` (uint8, shape (n, 32); n may be 0). Raises ValueError on another shape."""
        every = as_words(values)
        repeats, words = Repeats.among(every)
        if words is every:
            words = words.copy()
        words.flags.writeable = False
        widths = _widths_for(len(words), len(repeats), layouts)
        return cls(words, _build_tables(words, widths) if widths else None, repeats)

    @classmethod
    def open(cls, folder: Path) -> HammingSegment:
        """Map a saved segment and let it find known members of its own. Raises Damaged when anything is amiss."""
        segment = open_segment(folder, KIND)
        opened = cls(*_from_files(segment))
        opened.probe_itself()
        return opened

    def save(self, folder: Path) -> None:
        """Write to a new folder. Raises FileExistsError."""
        repeats, tables = self._repeats, self._tables
        arrays: dict[str, npt.NDArray[np.uint64] | npt.NDArray[np.uint32]] = {"values": self._words}
        facts: dict[str, object] = {"count": len(self), "widths": [], "crowding": []}
        if len(repeats):
            arrays |= {"first": repeats.first, "again_of": repeats.again_of, "again_row": repeats.again_row}
        if tables:
            arrays |= {"offsets": tables.offsets, "rows": tables.rows}
            facts |= {"widths": tables.widths.tolist(), "crowding": list(tables.crowding)}
        write_segment(folder, KIND, facts, arrays)

    @staticmethod
    def verify(folder: Path) -> None:
        """Read every byte of a saved segment. Raises Damaged."""
        verify_segment(folder, KIND)

    def __len__(self) -> int:
        return len(self._words) + len(self._repeats)

    def values(self) -> Values:
        """The set, uint8 of shape (n, 32), not to be written to."""
        return self.values_of(np.arange(len(self))) if len(self._repeats) else self._words.view(np.uint8)

    def values_of(self, rows: npt.NDArray[np.int64]) -> Values:
        """The values in some rows: uint8 of shape (k, 32)."""
        return self._words[self._repeats.numbers_of(rows)].view(np.uint8)

    def search(self, queries: Values, reach: int = REACH) -> Hits:
        """All pairs of a query and a value at most `reach` (0..41) bits apart. `queries`: uint8, shape (k, 32).

        Raises ValueError on another shape or reach, Damaged when the mapped tables are inconsistent.
        """
        if not 0 <= reach <= MAX_REACH:
            raise ValueError(f"reach is 0 to {MAX_REACH} bits")
        words = as_words(queries)
        if not len(self._words) or not len(words):
            return Hits.nothing()
        parts: list[Hits] = []
        for first in range(0, len(words), QUERIES_AT_ONCE):
            block = words[first : first + QUERIES_AT_ONCE]
            numbers = np.arange(len(block))
            found = self._probe(block, reach) if self._tables else self._scan(block, numbers, reach)
            parts.append(_unpacked(np.sort(self._repeats.rows_of(found)), first))
        return Hits(
            np.concatenate([part.query for part in parts]),
            np.concatenate([part.row for part in parts]),
            np.concatenate([part.distance for part in parts]),
        )

    def probe_itself(self) -> None:
        """Look for known members, as they are and 41 bits away. Raises Damaged when one is not found."""
        if not len(self):
            return
        found = 0
        rows = np.unique(np.linspace(0, len(self) - 1, PROBE_MEMBERS).astype(np.int64))
        for row, member in zip(rows, self.values_of(rows), strict=True):
            for distance in (0, MAX_REACH):
                hits = self.search(_flipped(member, distance, seed=int(row))[None], distance)
                at = np.searchsorted(hits.row, row)
                if at == len(hits) or hits.row[at] != row or hits.distance[at] != distance:
                    raise Damaged("segment-misses-member", "a segment does not find a member of its own")
                found += len(hits)
            if found > 1_000_000:  # a set of equal values: each answer is as long as the set
                return

    def _scan(self, words: Words, numbers: Ints, reach: int) -> Ints:
        return _with_room(len(words), lambda out: scan(self._words, words, numbers, reach, out))

    def _probe(self, words: Words, reach: int) -> Ints:
        assert self._tables
        tables = self._tables
        radii = radii_for(tables.layout, tables.crowding, reach)
        masks, bounds = _masks_of(tables.layout, radii)
        patience = max(4096, len(self._words) // PATIENCE)
        crowded = np.zeros(len(words), np.bool_)

        def search(out: Ints) -> int:
            return probe(
                self._words, tables.offsets, tables.rows, tables.starts, tables.widths, tables.bases,
                np.array(radii, np.int64), masks, bounds, words, reach, patience, crowded, out,
            )  # fmt: skip  # so many arguments read best in two groups: the set, the question

        found = _with_room(len(words), search)
        which = np.flatnonzero(crowded)
        if not len(which):
            return found
        useful = found[~crowded[found >> QUERY_SHIFT]]
        return np.concatenate([useful, self._scan(np.ascontiguousarray(words[which]), which, reach)])


def _with_room(queries: int, search: Callable[[Ints], int]) -> Ints:
    """What a kernel reports, asked again with more room where there was too little."""
    room = 512 * queries + 4096  # memory that is not written to costs nothing
    while True:
        out = np.empty(room, np.int64)
        found = search(out)
        if found == DAMAGED:
            raise Damaged("segment-tables-inconsistent", "a segment's tables point outside its set")
        if found <= room:
            return out[:found]
        room = found


def _unpacked(found: Ints, first: int) -> Hits:
    """Hits from what kernels report; `first` is the number of the block's first query."""
    row = (found >> ROW_SHIFT) & 0xFFFF_FFFF
    return Hits((found >> QUERY_SHIFT) + first, row, (found & 0xFF).astype(np.uint8))


def as_words(values: Values) -> Words:
    """32-byte values as four words each: uint64, shape (n, 4), without copying where possible."""
    if values.dtype != np.uint8 or values.ndim != 2 or values.shape[1] != BYTES:
        raise ValueError("values are uint8 of shape (n, 32)")
    words: Words = np.ascontiguousarray(values).view("<u8")
    words.flags.writeable = False
    return words


@lru_cache(maxsize=256)
def radii_for(widths: tuple[int, ...], crowding: tuple[float, ...], reach: int) -> tuple[int, ...]:
    """A radius per chunk, -1 for "not looked up", so that the sum of radius + 1 is reach + 1 at the least cost.

    Widening chunk c from radius k - 1 to k looks up comb(width, k) more buckets and compares what lies in them.
    Each step costs more than the one before, so taking the cheapest next step is best overall.
    """
    radii = [-1] * len(widths)

    def next_step(chunk: int) -> float:
        radius = radii[chunk] + 1
        return math.comb(widths[chunk], radius) * (1.0 + crowding[chunk]) if radius <= widths[chunk] else math.inf

    for _ in range(reach + 1):
        radii[min(range(len(widths)), key=next_step)] += 1
    return tuple(radii)


@lru_cache(maxsize=64)
def _masks_of(widths: tuple[int, ...], radii: tuple[int, ...]) -> tuple[Words, Ints]:
    """For each chunk all flips of up to `radius` of its bits, end to end, and where each chunk's begin."""
    parts = [_flips(width, radius) for width, radius in zip(widths, radii, strict=True)]
    return np.concatenate(parts), np.cumsum([0, *map(len, parts)]).astype(np.int64)


@lru_cache(maxsize=64)
def _flips(width: int, radius: int) -> Words:
    flips = [
        sum(1 << bit for bit in bits)
        for flipped in range(radius + 1)
        for bits in itertools.combinations(range(width), flipped)
    ]
    return np.array(flips, np.uint64)


def _widths_for(distinct: int, repeated: int, layouts: Layouts) -> tuple[int, ...] | None:
    """The layout of a set with so many distinct values and rows that repeat one; None for a set to be scanned."""
    chosen = None
    for least, widths in layouts:
        tables = 4 * sum((1 << width) + 1 for width in widths) + 4 * len(widths) * distinct
        values = BYTES * distinct + (4 * distinct + 8 * repeated if repeated else 0)
        if distinct >= least and (chosen is None or tables + values <= BUDGET * (distinct + repeated)):
            chosen = widths
    return chosen


def _build_tables(words: Words, widths: tuple[int, ...]) -> _Tables:
    starts, bases = _places(widths)
    offsets = np.zeros(sum((1 << width) + 1 for width in widths), np.uint32)
    rows = np.empty((len(widths), len(words)), np.uint32)
    crowding = tuple(
        fill_table(words, int(start), width, offsets[int(base) : int(base) + (1 << width) + 1], rows[chunk])
        for chunk, (start, base, width) in enumerate(zip(starts, bases, widths, strict=True))
    )
    offsets.flags.writeable = False
    rows.flags.writeable = False
    return _Tables(np.array(widths, np.int64), starts, bases, offsets, rows, crowding)


def _places(widths: Sequence[int]) -> tuple[Ints, Ints]:
    """Where each chunk begins in the value (bits), and in the joined offsets."""
    starts = np.cumsum([0, *widths[:-1]]).astype(np.int64)
    bases = np.cumsum([0, *((1 << width) + 1 for width in widths[:-1])]).astype(np.int64)
    return starts, bases


def _from_files(segment: Segment) -> tuple[Words, _Tables | None, Repeats]:
    try:
        words: Words = segment.arrays["values"]
        repeats = _repeats_from_files(segment)
        widths = [int(width) for width in segment.facts["widths"]]
        shapes = words.ndim == 2 and words.shape[1] == 4 and words.dtype == np.uint64 and repeats.fits(len(words))
        if not shapes or len(words) + len(repeats) != segment.facts["count"]:
            raise Damaged("segment-shape-wrong", "a segment's values are not of the stated shape")
        if not widths:
            return words, None, repeats
        offsets, rows = segment.arrays["offsets"], segment.arrays["rows"]
        shapes = sum(widths) == 8 * BYTES and all(0 < width < 32 for width in widths)
        shapes = shapes and offsets.shape == (sum((1 << width) + 1 for width in widths),)
        if not shapes or rows.shape != (len(widths), len(words)):
            raise Damaged("segment-shape-wrong", "a segment's tables are not of the stated shape")
        starts, bases = _places(widths)
        crowding = tuple(float(mean) for mean in segment.facts["crowding"])
        return words, _Tables(np.array(widths, np.int64), starts, bases, offsets, rows, crowding), repeats
    except (KeyError, TypeError) as error:
        raise Damaged("segment-header-unreadable", "a segment's header lacks a fact") from error


def _repeats_from_files(segment: Segment) -> Repeats:
    if "first" not in segment.arrays:
        return Repeats.none()
    return Repeats(segment.arrays["first"], segment.arrays["again_of"], segment.arrays["again_row"])


def _flipped(value: npt.NDArray[np.uint8], bits: int, seed: int) -> npt.NDArray[np.uint8]:
    unpacked = np.unpackbits(value)
    unpacked[np.random.default_rng(seed).choice(8 * BYTES, bits, replace=False)] ^= 1
    return np.packbits(unpacked)
