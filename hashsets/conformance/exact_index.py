"""What every index of digests promises: all entries that list a value, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hashsets.conformance.checks import Check, NonConforming, keep_all
from hashsets.index.exact import EMPTY_FILE, ExactHits
from hashsets.index.hits import Values
from hashsets.vocabulary import DigestAlgorithm


class ExactIndex(Protocol):
    """What an index of one algorithm's digests offers."""

    def __len__(self) -> int: ...

    def lookup(self, values: Sequence[bytes]) -> ExactHits:
        """All pairs, ascending by query and then by entry, each once. Raises ValueError on another length."""
        ...


Build = Callable[[DigestAlgorithm, Values, npt.NDArray[np.uint32]], ExactIndex]
"""Of digests (uint8, shape (n, size)) and the entry of each. Raises ValueError where the empty file's is there."""


def check_exact_index(build: Build) -> None:
    """All checks at once; raises NonConforming at the first fault."""
    keep_all(exact_index_checks(build))


def exact_index_checks(build: Build) -> Iterator[Check]:
    """For each digest algorithm: awkward sets, strangers, zero bytes, the empty file, other lengths."""
    for algorithm in DigestAlgorithm:
        for name, values, entries in _awkward_sets(algorithm.size):
            yield Check(f"{algorithm.value}: finds all of {name}", partial(_finds, build, algorithm, values, entries))
        yield Check(
            f"{algorithm.value}: the empty file is neither taken nor found", partial(_empty, build, algorithm)
        )
        yield Check(f"{algorithm.value}: another length is refused", partial(_other_length, build, algorithm))


def _awkward_sets(size: int) -> Iterator[tuple[str, Values, npt.NDArray[np.uint32]]]:
    rng = np.random.default_rng(size)
    for count in (0, 1, 2, 3, 4, 8, 16, 17, 1000):
        values = rng.integers(0, 256, (count, size), dtype=np.uint8)
        yield f"{count} random values", values, rng.permutation(count).astype(np.uint32)
        yield f"{count} equal values", np.repeat(values[:1], count, axis=0), np.arange(count, dtype=np.uint32)[::-1]
    values = rng.integers(0, 256, (64, size), dtype=np.uint8)
    for row in range(64):
        values[row, size - row % size :] = 0
    yield "64 values that end in zero bytes", values, np.arange(64, dtype=np.uint32)
    yield "one value that is zero", np.zeros((1, size), np.uint8), np.array([7], np.uint32)


def _finds(build: Build, algorithm: DigestAlgorithm, values: Values, entries: npt.NDArray[np.uint32]) -> None:
    index = build(algorithm, values, entries)
    if len(index) != len(entries):
        raise NonConforming(f"the index holds {len(index)} values, not {len(entries)}")
    listed: dict[bytes, list[int]] = {}
    for value, entry in zip(values, entries, strict=True):
        listed.setdefault(value.tobytes(), []).append(int(entry))
    asked = [value.tobytes() for value in values]
    asked += [hashlib.shake_128(value).digest(algorithm.size) for value in asked]
    asked += [bytes(algorithm.size), b"\xff" * algorithm.size]
    expected = [(query, entry) for query, value in enumerate(asked) for entry in sorted(listed.get(value, []))]
    hits = index.lookup(asked)
    if list(zip(hits.query.tolist(), hits.entry.tolist(), strict=True)) != expected:
        raise NonConforming(
            f"{len(hits.query)} pairs found that are not the {len(expected)} expected, or in their order"
        )


def _empty(build: Build, algorithm: DigestAlgorithm) -> None:
    empty = next(digest.value for digest in EMPTY_FILE if digest.algorithm is algorithm)
    other = hashlib.shake_128(empty).digest(algorithm.size)
    index = build(algorithm, np.frombuffer(other, np.uint8).reshape(1, -1), np.zeros(1, np.uint32))
    if len(index.lookup([empty]).query):
        raise NonConforming("the empty file was found")
    try:
        build(algorithm, np.frombuffer(empty, np.uint8).reshape(1, -1), np.zeros(1, np.uint32))
    except ValueError:
        return
    raise NonConforming("the empty file's digest was taken")


def _other_length(build: Build, algorithm: DigestAlgorithm) -> None:
    value = bytes(range(algorithm.size))
    index = build(algorithm, np.frombuffer(value, np.uint8).reshape(1, -1), np.zeros(1, np.uint32))
    for other in (value[:-1], value + b"\x00"):
        try:
            index.lookup([other])
        except ValueError:
            continue
        raise NonConforming(f"a value of {len(other)} bytes was asked for and not refused")
