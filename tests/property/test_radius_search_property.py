"""Radius search and digest lookup equal their definitions, for any set."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.conformance import brute_force
from hashsets.index.exact import ExactSegment
from hashsets.index.growing import GrowingIndex
from hashsets.index.hamming import HammingSegment, radii_for
from hashsets.index.hits import Hits, Values
from hashsets.vocabulary import DigestAlgorithm

CHUNKS = st.sampled_from([(8,) * 32, (16,) * 16, (11,) * 20 + (12,) * 3, (5,) * 48 + (16,), (20, 19, *(7,) * 31)])


@st.composite
def crowded_values(draw: st.DrawFn, least: int = 0) -> Values:
    """A set in which many values are equal or a few bits apart, as sets of real pictures are."""
    seed = draw(st.integers(0, 2**32))
    count = draw(st.integers(least, 60))
    centres = draw(st.integers(1, 4))
    flips = draw(st.integers(0, 40))
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 256, (centres, 32), dtype=np.uint8)[rng.integers(0, centres, count)]
    bits = np.unpackbits(values.reshape(count, 32), axis=1)
    for row in range(count):
        bits[row, rng.choice(256, rng.integers(0, flips + 1), replace=False)] ^= 1
    return np.packbits(bits, axis=1).reshape(count, 32)


def same(got: Hits, expected: Hits) -> bool:
    return all(np.array_equal(getattr(got, name), getattr(expected, name)) for name in ("query", "row", "distance"))


@settings(max_examples=60, deadline=None)
@given(crowded_values(), crowded_values(), CHUNKS, st.integers(0, 31))
def test_a_segment_equals_brute_force(values: Values, strangers: Values, widths: tuple[int, ...], reach: int) -> None:
    """Scanned, through tables, saved and opened, or grown: one answer."""
    queries = np.concatenate([values[:20], strangers[:20]])
    expected = brute_force(values, queries, reach)
    tables = HammingSegment.build(values, ((1, widths),))
    grown = GrowingIndex()
    grown.add(range(len(values)), values)
    with tempfile.TemporaryDirectory() as folder:
        tables.save(Path(folder) / "segment")
        opened = HammingSegment.open(Path(folder) / "segment")
        for index in (HammingSegment.build(values), tables, opened, grown):
            assert same(index.search(queries, reach), expected)


@settings(max_examples=200)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=40).filter(lambda widths: sum(widths) >= 32),
    st.data(),
    st.integers(0, 31),
)
def test_radii_always_satisfy_the_pigeonhole(widths: list[int], data: st.DataObject, reach: int) -> None:
    """For any widths and any crowding: the sum of radius + 1 is reach + 1, and no radius exceeds its chunk."""
    crowding = data.draw(st.lists(st.floats(0, 1e9), min_size=len(widths), max_size=len(widths)))
    radii = radii_for(tuple(widths), tuple(crowding), reach)
    assert sum(radius + 1 for radius in radii) == reach + 1
    assert all(-1 <= radius <= width for radius, width in zip(radii, widths, strict=True))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(min_size=2, max_size=2), max_size=60), st.lists(st.binary(min_size=2, max_size=2), max_size=9)
)
def test_digest_lookup_equals_its_definition(members: list[bytes], asked: list[bytes]) -> None:
    """Few distinct values, so that repeats and zero bytes at the end are common."""
    values = [value + b"\x00" * 14 for value in members]
    array = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), 16)
    segment = ExactSegment.build(DigestAlgorithm.MD5, array, np.arange(len(values), dtype=np.uint32))
    hits = segment.lookup([value + b"\x00" * 14 for value in asked])
    expected = [(q, e) for q, wanted in enumerate(asked) for e, value in enumerate(members) if value == wanted]
    assert list(zip(hits.query.tolist(), hits.entry.tolist(), strict=True)) == expected
