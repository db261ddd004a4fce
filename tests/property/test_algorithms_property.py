"""Algorithms over arbitrary small rasters and values."""

from __future__ import annotations

import hashlib

import imagehash
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hashsets.algorithms import imagehash_family, pdq
from hashsets.algorithms.digests import DigestStream
from hashsets.algorithms.digests_of_many import digests_of_many
from hashsets.algorithms.md5_lanes import md5_of_many
from hashsets.vocabulary import Digest
from tests.unit.hashsets.algorithms import drawn_pictures as draw
from tests.unit.hashsets.algorithms.straightforward_pdq import published_pdq

sides = st.integers(1, 160)
levels = st.integers(0, 255)
values = st.binary(min_size=32, max_size=32)


@settings(max_examples=60, deadline=None)
@given(sides, sides, st.integers(0, 10_000), levels, levels, st.booleans())
def test_pdq_follows_the_published_steps(
    height: int, width: int, seed: int, one: int, other: int, in_grey: bool
) -> None:
    """Whatever the size and the range of levels: both profiles, eight variants, quality."""
    raster = draw.noise(height, width, seed, min(one, other), max(one, other))
    raster = draw.grey(raster) if in_grey else raster
    ref512, full = pdq.pdq_both(raster)
    expected = published_pdq(raster, pick_512=True, luma_in_float64=False)
    assert ([variant.hex() for variant in ref512.variants], ref512.quality) == expected
    expected = published_pdq(raster, pick_512=False, luma_in_float64=True)
    assert ([variant.hex() for variant in full.variants], full.quality) == expected


@settings(max_examples=80, deadline=None)
@given(sides, sides, st.integers(0, 10_000))
def test_phash_and_dhash_are_the_packages(height: int, width: int, seed: int) -> None:
    """Enlarged, reduced, wide and tall."""
    raster = draw.noise(height, width, seed)
    picture = Image.fromarray(raster)
    phash, dhash = imagehash_family.phash_and_dhash(raster)
    assert (phash.value.hex(), dhash.value.hex()) == (str(imagehash.phash(picture)), str(imagehash.dhash(picture)))


@given(values, values, values)
def test_distance_is_a_metric(a: bytes, b: bytes, c: bytes) -> None:
    """Zero only for equals, the same both ways, never longer by going straight."""
    assert (pdq.distance(a, b) == 0) == (a == b)
    assert pdq.distance(a, b) == pdq.distance(b, a)
    assert pdq.distance(a, c) <= pdq.distance(a, b) + pdq.distance(b, c)


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_digests_are_of_the_bytes_and_not_of_the_chunks(chunks: list[bytes]) -> None:
    """Empty chunks included."""
    stream = DigestStream()
    for chunk in chunks:
        stream.update(chunk)
    assert stream.finish().sha256 == hashlib.sha256(b"".join(chunks)).digest()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 70_000), max_size=40), st.integers(0, 255))
def test_digests_of_many_are_those_of_each(sizes: list[int], fill: int) -> None:
    """Of any lengths, around every boundary of a block, however many share the processor's lanes."""
    messages = [bytes([(fill + number) % 256]) * size for number, size in enumerate(sizes)]
    assert [one.as_digests() for one in digests_of_many(messages)] == [_digests(one) for one in messages]
    assert md5_of_many(messages) == [hashlib.md5(one).digest() for one in messages]


def _digests(message: bytes) -> tuple[Digest, ...]:
    stream = DigestStream()
    stream.update(message)
    return stream.finish().as_digests()
