"""What every radius index promises: all pairs within reach, as comparing each with each finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import numpy as np

from hashsets.conformance.checks import Check, NonConforming, keep_all
from hashsets.index.hits import Hits, Values


class RadiusIndex(Protocol):
    """What a radius index offers."""

    def __len__(self) -> int: ...

    def search(self, queries: Values, reach: int) -> Hits:
        """All pairs within reach, ascending by query and row, each once."""
        ...


def awkward_sets(seed: int = 0) -> Iterator[tuple[str, Values]]:
    """Named sets of 256-bit values that indexes of this field have lost, or choked on."""
    rng = np.random.default_rng(seed)
    for count in (0, 1, 2, 3, 4, 8, 16, 17):
        values = rng.integers(0, 256, (count, 32), dtype=np.uint8)
        yield f"{count} random values", values
        yield f"{count} equal values", np.repeat(values[:1], count, axis=0)
    yield "all bits clear, and all set", np.repeat(np.array([[0], [255]], np.uint8), 32, axis=1)
    crowd = np.repeat(rng.integers(0, 256, (1, 32), dtype=np.uint8), 6000, axis=0)
    crowd[3000:, :16] = rng.integers(0, 256, (3000, 16), dtype=np.uint8)
    yield "many that share half of their bits", crowd


def near_and_far(values: Values, seed: int = 0, count: int = 64) -> Values:
    """Queries for a set: members, members with 1 to 33 bits flipped, and strangers."""
    rng = np.random.default_rng(seed)
    queries = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    for row in range(count // 2 if len(values) else 0):
        bits = np.unpackbits(values[rng.integers(len(values))])
        bits[rng.choice(256, row % 34, replace=False)] ^= 1
        queries[row] = np.packbits(bits)
    return queries


def brute_force(values: Values, queries: Values, reach: int) -> Hits:
    """The answer by definition: every pair compared."""
    distance = np.zeros((len(queries), len(values)), np.int64)
    for byte in range(values.shape[1]):
        distance += np.bitwise_count(queries[:, byte, None] ^ values[None, :, byte])
    query, row = np.nonzero(distance <= reach)
    return Hits(query, row, distance[query, row].astype(np.uint8))


def radius_index_checks(
    build: Callable[[Values], RadiusIndex], reaches: tuple[int, ...] = (0, 1, 15, 30, 31)
) -> Iterator[Check]:
    """Every awkward set answers as brute force does, at every reach."""
    for name, values in awkward_sets():
        yield Check(f"answers as brute force does: {name}", partial(_answers, build, reaches, name, values))


def check_radius_index(build: Callable[[Values], RadiusIndex], reaches: tuple[int, ...] = (0, 1, 15, 30, 31)) -> None:
    """All checks at once; raises NonConforming at the first fault."""
    keep_all(radius_index_checks(build, reaches))


def _answers(build: Callable[[Values], RadiusIndex], reaches: tuple[int, ...], name: str, values: Values) -> None:
    index = build(values)
    if len(index) != len(values):
        raise NonConforming(f"{name}: the index holds {len(index)} values, not {len(values)}")
    queries = near_and_far(values)
    for reach in reaches:
        _compare(f"{name}, reach {reach}", index.search(queries, reach), brute_force(values, queries, reach))


def _compare(name: str, got: Hits, expected: Hits) -> None:
    if len(got) != len(expected):
        raise NonConforming(f"{name}: {len(got)} pairs found, {len(expected)} expected")
    for field in ("query", "row", "distance"):
        if not np.array_equal(getattr(got, field), getattr(expected, field)):
            raise NonConforming(f"{name}: the {field} column differs")
