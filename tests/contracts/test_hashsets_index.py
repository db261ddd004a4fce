"""Every index of ours passes the shipped suite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from hashsets.conformance import NonConforming, RadiusIndex, check_exact_index, check_radius_index
from hashsets.index.exact import ExactHits, ExactSegment
from hashsets.index.growing import TAIL, GrowingIndex
from hashsets.index.hamming import HammingSegment
from hashsets.index.hits import Hits, Values
from hashsets.vocabulary import DigestAlgorithm

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


def test_digests_in_memory_and_saved_pass_the_suite(tmp_path: Path) -> None:
    """Sets of every awkward size, zero bytes at the end, the empty file, other lengths."""
    folders = (tmp_path / str(number) for number in range(10_000))

    def save_and_open(algorithm: DigestAlgorithm, values: Values, entries: npt.NDArray[np.uint32]) -> ExactSegment:
        folder = next(folders)
        ExactSegment.build(algorithm, values, entries).save(folder)
        return ExactSegment.open(folder)

    check_exact_index(ExactSegment.build)
    check_exact_index(save_and_open)


class _Muddled:
    """An index of digests that breaks the promise in one way."""

    def __init__(self, inner: ExactSegment, muddle: Callable[[ExactHits], ExactHits]) -> None:
        self._inner = inner
        self._muddle = muddle

    def __len__(self) -> int:
        return len(self._inner)

    def lookup(self, values: Sequence[bytes]) -> ExactHits:
        return self._muddle(self._inner.lookup(values))


@pytest.mark.parametrize(
    "muddle",
    [
        lambda hits: ExactHits(hits.query[1:], hits.entry[1:]),
        lambda hits: ExactHits(hits.query[::-1], hits.entry[::-1]),
        lambda hits: ExactHits(hits.query, hits.entry * 0),
        lambda hits: hits if len(hits.query) != 1 else ExactHits(hits.query[:0], hits.entry[:0]),
    ],
)
def test_the_suite_catches_a_broken_index_of_digests(muddle: Callable[[ExactHits], ExactHits]) -> None:
    """One missing pair, another order, other entries, or only the set of one lost."""
    with pytest.raises(NonConforming):
        check_exact_index(lambda *given: _Muddled(ExactSegment.build(*given), muddle))
