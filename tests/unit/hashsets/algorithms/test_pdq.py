"""What PDQ's public functions promise besides the bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from hashsets.algorithms import pdq
from hashsets.vocabulary import TRANSFORMS, FingerprintAlgorithm, Profile, Transform
from tests.unit.hashsets.algorithms import drawn_pictures as draw

Raster = NDArray[np.uint8]

REALLY: dict[Transform, Callable[[Raster], Raster]] = {
    Transform.IDENTITY: lambda raster: raster,
    Transform.ROTATE_90: lambda raster: np.rot90(raster, 1),
    Transform.ROTATE_180: lambda raster: np.rot90(raster, 2),
    Transform.ROTATE_270: lambda raster: np.rot90(raster, 3),
    Transform.FLIP_X: np.flipud,
    Transform.FLIP_Y: np.fliplr,
    Transform.FLIP_PLUS_1: lambda raster: raster.swapaxes(0, 1),
    Transform.FLIP_MINUS_1: lambda raster: np.rot90(raster, 2).swapaxes(0, 1),
}


def _matrix(value: bytes) -> NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(value, np.uint8))[::-1].reshape(16, 16)


def test_fingerprints_name_their_algorithm_and_profile() -> None:
    """The two profiles cannot be taken for each other."""
    ref512, full = pdq.pdq_both(draw.scene(80, 90, 1))
    assert (ref512.algorithm, ref512.profile) == (FingerprintAlgorithm.PDQ, Profile.PDQ_REF512)
    assert (full.algorithm, full.profile) == (FingerprintAlgorithm.PDQ, Profile.PDQ_FULL)


def test_both_is_each() -> None:
    """One call for both answers what two calls answer."""
    for raster in (draw.scene(300, 200, 2), draw.grey(draw.scene(700, 900, 3))):
        assert pdq.pdq_both(raster) == (pdq.pdq_ref512(raster), pdq.pdq_full(raster))


@pytest.mark.parametrize("shape", [(4, 4), (4, 900), (900, 4), (1, 1)])
def test_a_side_under_five_pixels_has_no_value(shape: tuple[int, int]) -> None:
    """Zeros and quality 0, as the reference answers; a policy for poor quality then sets it aside."""
    for fingerprint in pdq.pdq_both(draw.noise(*shape, 4)):
        assert fingerprint.value == bytes(32)
        assert fingerprint.variants == (bytes(32),) * 8
        assert fingerprint.quality == 0


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_variant_is_near_what_turning_the_picture_gives(transform: Transform) -> None:
    """Windows of an even length lean to one side, so a variant is near the truth and not equal to it.

    Worst where the window is two pixels long: between 129 and 256.
    """
    for seed, (height, width) in enumerate([(64, 64), (200, 300), (512, 400), (1000, 700), (777, 1234)]):
        raster = draw.scene(height, width, 20 + seed)
        turned = np.ascontiguousarray(REALLY[transform](raster))
        allowed = 31 if min(height, width) < 256 else 20
        for before, after in zip(pdq.pdq_both(raster), pdq.pdq_both(turned), strict=True):
            variant = before.variants[TRANSFORMS.index(transform)]
            assert pdq.distance(variant, after.value) <= allowed, (height, width)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_without_smoothing_a_variant_is_what_turning_the_picture_gives(transform: Transform) -> None:
    """A picture of 64x64 is taken as it is, so nothing is left that turning could change but rounding."""
    raster = draw.scene(64, 64, 30)
    turned = np.ascontiguousarray(REALLY[transform](raster))
    variant = pdq.pdq_ref512(raster).variants[TRANSFORMS.index(transform)]
    assert pdq.distance(variant, pdq.pdq_ref512(turned).value) <= 2


def test_variants_across_a_diagonal_are_transposed_bits() -> None:
    """Transposing a picture transposes its 16x16 bits."""
    variants = dict(zip(TRANSFORMS, pdq.pdq_full(draw.scene(333, 444, 31)).variants, strict=True))
    for one, other in (
        (Transform.IDENTITY, Transform.FLIP_PLUS_1),
        (Transform.FLIP_Y, Transform.ROTATE_90),
        (Transform.FLIP_X, Transform.ROTATE_270),
        (Transform.ROTATE_180, Transform.FLIP_MINUS_1),
    ):
        assert np.array_equal(_matrix(variants[one]).T, _matrix(variants[other]))


def test_half_of_the_bits_are_set_when_coefficients_differ() -> None:
    """The median splits 256 values in two."""
    for variant in pdq.pdq_ref512(draw.scene(250, 350, 32)).variants:
        assert int.from_bytes(variant).bit_count() == 128


def test_a_frozen_raster_is_welcome_and_stays_as_it_was() -> None:
    """Rasters from the chamber are views of received bytes."""
    raster = draw.scene(90, 80, 33)
    frozen = np.frombuffer(raster.tobytes(), np.uint8).reshape(raster.shape)
    assert pdq.pdq_both(frozen) == pdq.pdq_both(raster)
    assert raster.flags.writeable


@pytest.mark.parametrize(
    "raster",
    [
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 1), np.uint8),
        np.zeros((64,), np.uint8),
        np.zeros((64, 64), np.uint16),
        np.zeros((64, 128), np.uint8)[:, ::2],
        np.zeros((0, 64), np.uint8),
    ],
)
def test_another_form_is_refused(raster: Raster) -> None:
    """A raster whose bytes lie otherwise would get another picture's value."""
    with pytest.raises(ValueError, match="a raster is"):
        pdq.pdq_both(raster)


def test_distance_counts_differing_bits() -> None:
    """Hamming distance, from 0 to all."""
    assert pdq.distance(bytes(32), bytes(32)) == 0
    assert pdq.distance(bytes(32), b"\xff" * 32) == 256
    assert pdq.distance(b"\x01\x80", b"\x00\x81") == 2


def test_values_of_two_lengths_have_no_distance() -> None:
    """A pHash is not compared with a PDQ."""
    with pytest.raises(ValueError, match="one length"):
        pdq.distance(bytes(8), bytes(32))
