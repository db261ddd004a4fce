"""The suite that an index or a format must pass before it may answer: ours, or a licensee's private one.

Each check raises `NonConforming` with a sentence, or returns. None of them needs a test framework.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from hashsets.errors import HashSetError
from hashsets.formats.records import PathReader, Read, Reader, Reject
from hashsets.index.exact import EMPTY_FILE
from hashsets.index.hits import Hits, Values


class NonConforming(AssertionError):
    """A plug-in does not keep what its seam promises."""


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


def check_radius_index(build: Callable[[Values], RadiusIndex], reaches: tuple[int, ...] = (0, 1, 15, 30, 31)) -> None:
    """Every awkward set answers as brute force does, at every reach."""
    for name, values in awkward_sets():
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


def spooled(read_path: PathReader) -> Reader:
    """A reader that goes by a path as one of streams, over a temporary file."""

    def read(stream: BinaryIO, columns: Mapping[str, str] | None) -> Iterator[Read | Reject]:
        del columns
        with tempfile.NamedTemporaryFile() as file:
            file.write(stream.read())
            file.flush()
            yield from read_path(Path(file.name))

    return read


def check_format(read: Reader, sample: bytes, *, is_text: bool = True) -> None:
    """A reader of files like `sample` (at least one entry) keeps what every reader promises."""
    records = _records(read, sample)
    entries = [record.entry for record in records if isinstance(record, Read)]
    if not entries:
        raise NonConforming("the sample yields no entry")
    if records != _records(read, sample):
        raise NonConforming("two readings of one file differ")
    positions = [record.position for record in records]
    if positions != sorted(positions) or positions[0] < 1:
        raise NonConforming("positions count from 1 and never go back")
    if any(not entry.key or not (entry.digests or entry.fingerprints or entry.opaque) for entry in entries):
        raise NonConforming("an entry lacks a key or any value")
    if any(digest in EMPTY_FILE for entry in entries for digest in entry.digests):
        raise NonConforming("the empty file's digest was yielded")
    if is_text and [r.entry for r in _records(read, b"\xef\xbb\xbf" + sample) if isinstance(r, Read)] != entries:
        raise NonConforming("a byte order mark changes the entries")
    check_refuses_calmly(read, sample)


def check_refuses_calmly(read: Reader, sample: bytes) -> None:
    """Cut short, spoiled or foreign, a file gives entries, rejects or a HashSetError, and nothing else."""
    spoiled = [sample[: len(sample) * part // 8] for part in range(8)]
    spoiled += [bytes(reversed(sample)), b"\x00" * 4096, bytes(range(256)) * 16, b"[" * 100_000, b'{"value":[' * 5000]
    for number, content in enumerate(spoiled):
        try:
            _records(read, content)
        except HashSetError:
            continue
        except Exception as error:  # whatever else a reader raises is its fault
            raise NonConforming(f"spoiled file {number} raises {type(error).__name__}") from error


def _records(read: Reader, content: bytes) -> list[Read | Reject]:
    return list(read(io.BytesIO(content), None))
