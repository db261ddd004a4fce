"""PDQ estimated from a JPEG's own luma: two profiles that can say "nothing is near", and never that something is.

Both exact profiles start from the luma of RGB pixels. A JPEG holds luma already, at full size, and decoding it alone
leaves out two planes of colour, their enlargement and the way back from RGB. The two lumas are equal but for rounding
and for colours that RGB cannot show, where it is cut. So a bit differs now and then, where a coefficient lies next to
the median.

Decoding at a reduced scale is quicker still and no estimate of `pdq-ref512`: that one picks single pixels, and what
lies between them is what a reduced picture has averaged away. Figures: DECISIONS.md.
"""

from __future__ import annotations

import numpy as np

from hashsets.algorithms.pdq import PICKED_SIDE, SAFE_SLACK, pick_pixels
from hashsets.algorithms.pdq_bits import Reading, read_block
from hashsets.algorithms.pdq_estimate import estimated_block
from hashsets.algorithms.rasters import Raster, as_rows
from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm, Profile

LEAST_PIXELS = 1_000_000
"""Below, the exact values cost less than asking the index for a margin more."""
LEAST_SIDE = 512
"""Pixels; narrower pictures are rare, and were not measured."""

CLOSE = 0.03
"""A coefficient is close to the median when they differ by less than this share of the median size of all."""
MOST_CLOSE = 12
"""With more close coefficients an estimate is unsure: half of a mirrored picture's bits are decided by nothing."""
LEAST_SIZE = 8.0
"""The median size of coefficients under which cut colours can be a large part of them: photographs have 20 to 90,
pages of text 3 to 12."""


def pdq_luma(luma: Raster) -> tuple[Fingerprint, Fingerprint] | None:
    """Estimates of `pdq-full` and `pdq-ref512` from the full-size luma (uint8 [h, w]) of a JPEG.

    None where they would not be sure to lie within `ESTIMATE_MARGIN` of those: too small, too faint, or too many bits
    next to the median.
    """
    height, width = luma.shape
    if min(height, width) < LEAST_SIDE or height * width < LEAST_PIXELS:
        return None
    rows, _ = as_rows(luma)
    full = read_block(estimated_block(rows, 1), slack=SAFE_SLACK, close=CLOSE)
    if not _is_sure(full):
        return None
    if max(height, width) > PICKED_SIDE:
        picked = np.empty((PICKED_SIDE, PICKED_SIDE), np.uint8)
        pick_pixels(rows, 1, picked)
        rows, _ = as_rows(picked)
    picked_reading = read_block(estimated_block(rows, 1), slack=SAFE_SLACK, close=CLOSE)
    if not _is_sure(picked_reading):
        return None
    return _fingerprint(Profile.PDQ_LUMA, full), _fingerprint(Profile.PDQ_LUMA512, picked_reading)


def warm_up() -> None:
    """Compile or load every kernel; then nothing here touches the file system."""
    squares = np.random.default_rng(1).integers(0, 256, (20, 25), dtype=np.uint8)
    if not pdq_luma(np.kron(squares, np.ones((50, 50), np.uint8))):
        raise AssertionError("the specimen is sure, so that every kernel runs")


def _is_sure(reading: Reading) -> bool:
    return reading.size >= LEAST_SIZE and reading.close <= MOST_CLOSE


def _fingerprint(profile: Profile, reading: Reading) -> Fingerprint:
    return Fingerprint(FingerprintAlgorithm.PDQ, profile, reading.variants[0], reading.qualities[0], reading.variants)
