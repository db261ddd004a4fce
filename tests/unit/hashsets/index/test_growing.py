"""The radius index that grows in memory."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hashsets.conformance import brute_force, near_and_far
from hashsets.index.growing import GROWTH, TAIL, GrowingIndex
from hashsets.index.hits import Values


def random_values(count: int, seed: int = 0) -> Values:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def test_a_fresh_index_answers_nothing() -> None:
    """Zero values, zero hits."""
    assert len(GrowingIndex().search(random_values(3))) == 0


def test_answers_equal_brute_force_over_several_segments() -> None:
    """Tail and segments of different sizes answer as one set."""
    values = random_values(3 * TAIL + 100)
    index = GrowingIndex()
    for first in range(0, len(values), 1000):
        index.add(range(first, min(first + 1000, len(values))), values[first : first + 1000])
    queries = near_and_far(values)
    got, expected = index.search(queries, 31), brute_force(values, queries, 31)
    assert len(index) == len(values)
    assert np.array_equal(got.row, expected.row)
    assert np.array_equal(got.distance, expected.distance)


def test_hits_name_ids_and_are_sorted_by_them() -> None:
    """Ids are whatever the caller gave, in any order."""
    values = np.repeat(random_values(1), 4, axis=0)
    index = GrowingIndex()
    index.add([900, 7], values[:2])
    index.add([50, -3], values[2:])
    assert index.search(values[:1], 0).row.tolist() == [-3, 7, 50, 900]


def test_of_several_values_of_one_id_the_nearest_counts() -> None:
    """An item with several fingerprints is found once."""
    value = random_values(1)
    further = value.copy()
    further[0, 0] ^= 0b111
    index = GrowingIndex()
    index.add([5], further)
    index.add([5], value)
    hits = index.search(value)
    assert (hits.row.tolist(), hits.distance.tolist()) == ([5], [0])


def test_segments_stay_few() -> None:
    """Each is more than GROWTH times the next, so a search meets very few of them however many values there are."""
    index = GrowingIndex()
    values = random_values(TAIL)
    most = 0
    for _ in range(60):
        index.add(range(TAIL), values)
        sizes = [len(segment) for _, segment in index._segments]
        assert all(older > GROWTH * newer for older, newer in pairwise(sizes))
        most = max(most, len(sizes))
    assert (sum(sizes), most) == (60 * TAIL, 2)


def test_ids_and_values_must_pair_up() -> None:
    """One id per value."""
    with pytest.raises(ValueError, match="one id per value"):
        GrowingIndex().add([1, 2], random_values(3))
