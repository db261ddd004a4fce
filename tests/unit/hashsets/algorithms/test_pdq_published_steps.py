"""PDQ against an independent, straightforward implementation of the published steps, and against printed values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hashsets.algorithms import pdq
from hashsets.algorithms.pdq_bits import read_block
from hashsets.algorithms.pdq_estimate import estimated_block
from hashsets.algorithms.pdq_smoothing import DECIMAL_LUMA, FLOAT_LUMA, smoothed_block
from hashsets.algorithms.rasters import as_rows
from hashsets.vocabulary import Fingerprint
from tests.unit.hashsets.algorithms import drawn_pictures as draw
from tests.unit.hashsets.algorithms.straightforward_pdq import luma as straightforward_luma
from tests.unit.hashsets.algorithms.straightforward_pdq import published_pdq

SIZES = [
    (5, 5), (5, 64), (6, 700), (64, 64), (65, 64), (127, 129), (128, 128), (129, 130), (101, 333), (333, 101),
    (512, 512), (513, 512), (77, 600), (700, 900),
]  # fmt: skip

PICTURES = {
    "scene": lambda height, width: draw.scene(height, width, 1),
    "scene, grey": lambda height, width: draw.grey(draw.scene(height, width, 2)),
    "noise": lambda height, width: draw.noise(height, width, 3),
    "bright noise": lambda height, width: draw.noise(height, width, 4, 250, 255),
    "flat": draw.flat,
    "white": lambda height, width: draw.flat(height, width, (255, 255, 255)),
    "mirrored": lambda height, width: draw.mirrored(height, width, 5),
    "upside-down mirrored": lambda height, width: draw.mirrored(width, height, 6).transpose(1, 0, 2),
    "chequered": lambda height, width: draw.chequered(height, width, 8),
    "finely chequered": lambda height, width: draw.chequered(height, width, 63),
    "gradient": draw.gradient,
}

# From a build of the published C++ steps (g++ -O3, x86-64): pdq-ref512's quality and value, then pdq-full's with luma
# rounded as the pdqhash package does.
PRINTED = {
    "scene 64x64": (
        draw.scene(64, 64, 1),
        (100, "24d12ce1d8634e66be240c99c999c999a7175373d335f36cc9cf9acfb1b43022"),
        (100, "24d12ce1d8634e66be240c99c999c999a7175373d335f36cc9cf9acfb1b43022"),
    ),
    "scene 513x511": (
        draw.scene(513, 511, 3),
        (94, "b613c60718f4b99147c6e676181919fcf4631d0f199ce433076dddcc24338dfc"),
        (93, "b293c60718f4b9914786e6769819199cf4631f0f199ce433476dddcc24338dfc"),
    ),
    "scene 300x800": (
        draw.scene(300, 800, 4),
        (100, "d1e68ba189429d8b1e875c633fa301d9e8ceab9c4ae5728123e723f7a54ea61c"),
        (100, "d1e68ba389428d8b1e875c633fa301d9e8ceab9c6aa5728123e723f7a54ea61c"),
    ),
    "scene 900x700, grey": (
        draw.grey(draw.scene(900, 700, 5)),
        (100, "d41e864c0f833f867e866a5fd358a5d0c9f1dce1a4b76e484718b790cb54486f"),
        (100, "d41e864c0f833f877e866a5fd358a5d0c9f1dce1a4a76e484718b790cb54486f"),
    ),
    "noise 100x90": (
        draw.noise(100, 90, 6),
        (100, "ff357e106b192da1e0bc35508813852b3be0154b6fe99ae70c9f0cec17ca3dcc"),
        (100, "ff357e106b192da1e0bc35508813852b3be0154b6fe99ae70c9f0cec17ca3dcc"),
    ),
    "mirrored 400x600": (
        draw.mirrored(400, 600, 7),
        (100, "da691e865a8465ef05fd9a70166aa281699b415ee988a66b1695fe17857e65a9"),
        (100, "df294a871ad025aa40fdcb71063fa7c4789f005aedcdc72a52d5af42903e70f9"),
    ),
    "flat 100x100": (
        draw.flat(100, 100),
        (0, "0000554b2c4b2c4b11342c4b0000554b2c4b2c4b554b2c4b11341134585e5e01"),
        (0, "0000cc53113413a01134cc532c4b554b00001134113411341134554b1134017e"),
    ),
    "gradient 5x200": (
        draw.gradient(5, 200),
        (47, "36cb2b3a59ab2a7554a95d59a56ac92a9f6c5378558b494a56d6d6496caa56a0"),
        (47, "36cb2b3a59ab2a7554a95d59a56ac92a9f6c5378558b494a56d6d6496caa56a0"),
    ),
}


def _printed(fingerprint: Fingerprint) -> tuple[list[str], int | None]:
    return [variant.hex() for variant in fingerprint.variants], fingerprint.quality


@pytest.mark.parametrize("kind", PICTURES)
def test_both_profiles_follow_the_published_steps_to_the_last_bit(kind: str) -> None:
    """Value, eight variants and quality, also of pictures whose bits are rounding and nothing else."""
    for height, width in SIZES:
        raster = np.ascontiguousarray(PICTURES[kind](height, width))
        ref512, full = pdq.pdq_both(raster)
        assert _printed(ref512) == published_pdq(raster, pick_512=True, luma_in_float64=False), (height, width)
        assert _printed(full) == published_pdq(raster, pick_512=False, luma_in_float64=True), (height, width)


@pytest.mark.parametrize("name", PRINTED)
def test_values_are_those_that_the_cpp_steps_print(name: str) -> None:
    """Pictures drawn with integers have one value everywhere."""
    raster, expected_ref512, expected_full = PRINTED[name]
    ref512, full = pdq.pdq_both(raster)
    assert (ref512.quality, ref512.value.hex()) == expected_ref512
    assert (full.quality, full.value.hex()) == expected_full


def test_the_two_lumas_agree_on_grey_rasters() -> None:
    """A grey raster up to 512 has one PDQ."""
    raster = draw.grey(draw.mirrored(300, 500, 8))
    ref512, full = pdq.pdq_both(raster)
    assert (ref512.variants, ref512.quality) == (full.variants, full.quality)


@pytest.mark.parametrize("luma", [FLOAT_LUMA, DECIMAL_LUMA])
def test_every_byte_triple_has_the_luma_of_its_peer(luma: int) -> None:
    """Red, green and blue in 64x64 pixels at a time; the decimal luma stands for a sum in float64."""
    for seed in range(40):
        raster = draw.noise(64, 64, seed)
        expected = straightforward_luma(raster, in_float64=luma == DECIMAL_LUMA)
        assert np.array_equal(smoothed_block(*as_rows(raster), luma), expected)


def test_the_one_pass_estimate_stays_within_half_of_what_is_allowed() -> None:
    """`pdq_full` trusts it where two coefficients, each wrong by a quarter of the gap, still keep their order."""
    for height, width in [*SIZES, (1000, 1300), (40, 3000)]:
        for raster in (draw.scene(height, width, 9), draw.noise(height, width, 10, 200, 255)):
            rows, channels = as_rows(raster)
            estimated, exact = estimated_block(rows, channels), smoothed_block(rows, channels, DECIMAL_LUMA)
            assert _largest(_coefficients(estimated) - _coefficients(exact)) < pdq.SAFE_GAP / 4
            for axis in (0, 1):
                assert _largest(np.diff(estimated, axis=axis) - np.diff(exact, axis=axis)) < pdq.SAFE_SLACK / 2


def test_the_estimate_is_not_trusted_where_rounding_decides() -> None:
    """A chequered picture's estimate has other bits than its peer, and says that it is not to be trusted."""
    rows, channels = as_rows(draw.chequered(700, 900, 9))
    reading = read_block(estimated_block(rows, channels), slack=pdq.SAFE_SLACK)
    assert reading.gap < pdq.SAFE_GAP
    assert reading.variants != read_block(smoothed_block(rows, channels, DECIMAL_LUMA)).variants


def test_slack_widens_quality_to_a_range() -> None:
    """A block whose neighbours differ by exactly one step of quality could be either."""
    block = np.zeros((64, 64), np.float32)
    block[:, ::2] = np.float32(2.55)
    low, high = read_block(block, slack=0.01).qualities
    assert (low, high) == (0, 63 * 64 // 90)


def _coefficients(block: NDArray[np.float32]) -> NDArray[np.float64]:
    places = np.arange(64)
    cosines = np.cos(np.pi / 128 * np.outer(np.arange(1, 17), 2 * places + 1)) * np.sqrt(2 / 64)
    return np.asarray(cosines @ block.astype(np.float64) @ cosines.T)


def _largest(differences: NDArray[np.float64] | NDArray[np.float32]) -> float:
    return float(np.abs(differences).max())
