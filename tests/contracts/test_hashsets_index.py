"""Every radius index of ours passes the shipped suite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hashsets.conformance import NonConforming, RadiusIndex, check_radius_index
from hashsets.index.growing import TAIL, GrowingIndex
from hashsets.index.hamming import HammingSegment
from hashsets.index.hits import Hits, Values

ALWAYS_TABLES = ((1, (16,) * 16),)
MANY_CHUNKS = ((1, (8,) * 32),)
UNEVEN_CHUNKS = ((1, (14,) * 5 + (13,) * 9 + (23,) * 3),)


@pytest.mark.parametrize("layouts", [(), ALWAYS_TABLES, MANY_CHUNKS, UNEVEN_CHUNKS])
def test_a_segment_passes_the_suite(layouts: tuple[tuple[int, tuple[int, ...]], ...]) -> None:
    """Scanned or through tables, with equal or uneven chunks: the answer is that of brute force."""
    check_radius_index(lambda values: HammingSegment.build(values, layouts))


@pytest.mark.parametrize("layouts", [(), MANY_CHUNKS])
def test_a_saved_segment_passes_the_suite(layouts: tuple[tuple[int, tuple[int, ...]], ...], tmp_path: Path) -> None:
    """Saving and opening lose nothing; a peer's index loses sets of 1, 2, 4, 8 and 16 equal values."""
    folders = (tmp_path / str(number) for number in range(10_000))

    def save_and_open(values: Values) -> HammingSegment:
        folder = next(folders)
        HammingSegment.build(values, layouts).save(folder)
        return HammingSegment.open(folder)

    check_radius_index(save_and_open)


@pytest.mark.parametrize("batch", [1, 7, TAIL + 1])
def test_a_growing_index_passes_the_suite(batch: int) -> None:
    """Whatever the batches in which values arrive."""

    def grow(values: Values) -> GrowingIndex:
        index = GrowingIndex()
        for first in range(0, len(values), batch):
            index.add(range(first, min(first + batch, len(values))), values[first : first + batch])
        return index

    check_radius_index(grow)


class _Forgetful:
    """An index that breaks the promise in one way."""

    def __init__(self, values: Values, forget: Callable[[Hits], Hits]) -> None:
        self._inner = HammingSegment.build(values)
        self._forget = forget

    def __len__(self) -> int:
        return len(self._inner)

    def search(self, queries: Values, reach: int) -> Hits:
        return self._forget(self._inner.search(queries, reach))


@pytest.mark.parametrize(
    "forget",
    [
        lambda hits: Hits(hits.query[1:], hits.row[1:], hits.distance[1:]),
        lambda hits: Hits(hits.query[::-1], hits.row[::-1], hits.distance[::-1]),
        lambda hits: Hits(hits.query, hits.row, hits.distance + np.uint8(1)),
        lambda hits: Hits.of_parts([hits]) if len(hits) != 1 else Hits.nothing(),
    ],
)
def test_the_suite_catches_a_broken_index(forget: Callable[[Hits], Hits]) -> None:
    """One missing pair, another order, a wrong distance, or only the set of one lost: each is caught."""

    def build(values: Values) -> RadiusIndex:
        return _Forgetful(values, forget)

    with pytest.raises(NonConforming):
        check_radius_index(build)
