"""pHash and dHash are bit for bit what the `imagehash` package computes."""

from __future__ import annotations

import imagehash
import numpy as np
import pytest
from PIL import Image

from hashsets.algorithms import imagehash_family
from hashsets.algorithms.pdq import distance
from hashsets.vocabulary import TRANSFORMS, FingerprintAlgorithm, Profile, Transform
from tests.unit.hashsets.algorithms import drawn_pictures as draw
from tests.unit.hashsets.algorithms.test_pdq import REALLY

SHAPES = [
    (1, 1), (2, 13), (13, 2), (8, 9), (9, 8), (31, 33), (32, 32), (33, 31), (64, 64), (100, 33), (65, 64),
    (66, 1), (70, 1), (136, 100), (137, 100), (264, 100), (265, 100), (300, 200), (200, 300), (512, 512), (640, 320),
    (575, 320), (577, 320), (900, 300), (40, 1500), (1500, 40), (800, 600), (1170, 540),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_values_are_those_of_the_package(shape: tuple[int, int]) -> None:
    """Wide, tall, tiny, grey, flat and symmetric pictures: the reduced picture's bytes decide, and they are equal."""
    height, width = shape
    for raster in (
        draw.scene(height, width, 1),
        draw.noise(height, width, 2),
        draw.grey(draw.scene(height, width, 3)),
        draw.flat(height, width),
        draw.mirrored(height, width, 4),
        draw.chequered(height, width, 8),
    ):
        picture = Image.fromarray(raster)
        phash, dhash = imagehash_family.phash_and_dhash(raster)
        assert phash.value.hex() == str(imagehash.phash(picture))
        assert dhash.value.hex() == str(imagehash.dhash(picture))
        assert (imagehash_family.phash(raster), imagehash_family.dhash(raster)) == (phash, dhash)


@pytest.mark.parametrize("shape", [(300, 400), (1000, 777), (513, 2000), (1170, 540), (999, 90)])
def test_the_reduced_pictures_are_pillows(shape: tuple[int, int]) -> None:
    """Equal values could hide unequal pixels; these may not differ by one."""
    raster = draw.noise(*shape, 5)
    grey = Image.fromarray(raster).convert("L")
    sizes = (imagehash_family.PHASH_SIDES, imagehash_family.DHASH_SIDES, (40, 20))
    for (lines, columns), reduced in zip(sizes, imagehash_family._reduced(raster, sizes), strict=True):
        expected = grey.resize((columns, lines), Image.Resampling.LANCZOS)
        assert np.array_equal(np.asarray(reduced), np.asarray(expected))


def test_fingerprints_name_their_algorithm_and_have_no_quality() -> None:
    """The package knows no quality."""
    phash, dhash = imagehash_family.phash_and_dhash(draw.scene(90, 80, 6))
    assert (phash.algorithm, dhash.algorithm) == (FingerprintAlgorithm.PHASH, FingerprintAlgorithm.DHASH)
    for fingerprint in (phash, dhash):
        assert (fingerprint.profile, fingerprint.quality) == (Profile.IMAGEHASH, None)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_variant_is_near_what_turning_the_picture_gives(transform: Transform) -> None:
    """The reduced picture is turned, not the picture: rounding differs, and here and there a bit."""
    for seed, (height, width) in enumerate([(90, 80), (64, 64), (400, 300), (300, 400), (700, 1234), (1170, 540)]):
        raster = draw.scene(height, width, 20 + seed)
        turned = np.ascontiguousarray(REALLY[transform](raster))
        for before, after in zip(
            imagehash_family.phash_and_dhash(raster), imagehash_family.phash_and_dhash(turned), strict=True
        ):
            assert len(before.variants) == len(TRANSFORMS)
            variant = before.variants[TRANSFORMS.index(transform)]
            assert distance(variant, after.value) <= 4, (before.algorithm, height, width)


def test_a_frozen_raster_is_welcome() -> None:
    """Rasters from the chamber are views of received bytes."""
    for raster in (draw.scene(90, 80, 7), draw.scene(400, 80, 8)):
        frozen = np.frombuffer(raster.tobytes(), np.uint8).reshape(raster.shape)
        assert imagehash_family.phash_and_dhash(frozen) == imagehash_family.phash_and_dhash(raster)


def test_another_form_is_refused() -> None:
    """Palette indices and alpha planes are not pictures."""
    with pytest.raises(ValueError, match="a raster is"):
        imagehash_family.phash_and_dhash(np.zeros((64, 64, 4), np.uint8))
