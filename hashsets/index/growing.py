"""A radius index that grows in memory: for the fingerprints that a run itself brings in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hashsets.index.hamming import BYTES, REACH, HammingSegment
from hashsets.index.hits import Hits, Values

TAIL = 8192
"""Values that are scanned as they came before they are sorted into a segment."""

GROWTH = 8
"""A segment is sorted anew once what came after it is an eighth of it.

Each segment costs a search of its own, and the smallest are scanned: at a million values 0.34 ms for an item's eight
variants, with sizes that double 0.49. Adding costs 1.8 µs a value instead of 0.7.
"""


class GrowingIndex:
    """Ids and their 256-bit values: a short unsorted tail, and a few segments, each much larger than the next.

    A value is moved some GROWTH times for each of them, so the cost of adding stays near-linear however small the
    batches.
    Not for several threads at once.
    """

    def __init__(self) -> None:
        self._segments: tuple[tuple[npt.NDArray[np.int64], HammingSegment], ...] = ()
        self._tail_ids = np.empty(TAIL, np.int64)
        self._tail_values = np.empty((TAIL, BYTES), np.uint8)
        self._tail_count = 0

    def __len__(self) -> int:
        return sum(len(ids) for ids, _ in self._segments) + self._tail_count

    def add(self, ids: Sequence[int] | npt.NDArray[np.int64], values: Values) -> None:
        """Add `values` (uint8, shape (n, 32)) under `ids` (n of them). One id may hold several values."""
        fresh = np.asarray(ids, np.int64)
        if values.dtype != np.uint8 or values.shape != (len(fresh), BYTES):
            raise ValueError("one id per value, values are uint8 of shape (n, 32)")
        taken = 0
        while taken < len(fresh):
            size = min(TAIL - self._tail_count, len(fresh) - taken)
            into = slice(self._tail_count, self._tail_count + size)
            self._tail_ids[into] = fresh[taken : taken + size]
            self._tail_values[into] = values[taken : taken + size]
            self._tail_count += size
            taken += size
            if self._tail_count == TAIL:
                self._close_tail()

    def search(self, queries: Values, reach: int = REACH) -> Hits:
        """As `HammingSegment.search`, with ids for rows; of an id with several values the nearest counts."""
        tail = HammingSegment.build(self._tail_values[: self._tail_count])
        parts = []
        for ids, segment in (*self._segments, (self._tail_ids, tail)):
            hits = segment.search(queries, reach)
            parts.append(Hits(hits.query, ids[hits.row], hits.distance))
        return Hits.of_parts(parts)

    def _close_tail(self) -> None:
        ids, values = [self._tail_ids.copy()], [self._tail_values.copy()]
        size = TAIL
        kept = list(self._segments)
        while kept and len(kept[-1][0]) <= GROWTH * size:
            older_ids, older = kept.pop()
            ids.insert(0, older_ids)
            values.insert(0, older.values())
            size += len(older_ids)
        kept.append((np.concatenate(ids), HammingSegment.build(np.concatenate(values))))
        self._segments = tuple(kept)
        self._tail_count = 0
