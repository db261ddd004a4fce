"""PDQ fingerprints of a raster in two profiles, and the distance of two values.

`pdq-ref512` is what the C++ tools compute from a decoded picture: when a side exceeds 512 they first pick 512x512
pixels, nearest neighbour, aspect ignored. `pdq-full` is what the `pdqhash` package computes, and with it
python-threatexchange: no picking, and luma rounded at another point. Both are bit for bit their peer's.

A full picture takes the published steps about seven times as long as `pdq_estimate`'s one pass, whose numbers differ
by rounding only. So `pdq_full` estimates first and takes the published steps only where rounding could decide: where
two coefficients around the median, or the quality's steps, come nearer than rounding reaches.
"""

from __future__ import annotations

import numpy as np

from hashsets.algorithms.pdq_bits import Reading, read_block
from hashsets.algorithms.pdq_estimate import estimated_block
from hashsets.algorithms.pdq_smoothing import DECIMAL_LUMA, FLOAT_LUMA, smoothed_block
from hashsets.algorithms.rasters import Raster, as_rows
from hashsets.compiling import exact_kernel
from hashsets.vocabulary import TRANSFORMS, Fingerprint, FingerprintAlgorithm, Profile

SMALLEST_SIDE = 5  # below, the reference answers a value of zeros with quality 0
PICKED_SIDE = 512

SAFE_GAP = 0.02
"""Coefficients further apart keep their order. The largest error of an estimated coefficient that we met is 0.0053,
in 1,820 pictures of all kinds and sizes; two of them together are half of this."""
SAFE_SLACK = 0.005
"""What a difference of two neighbours in the block may be off, in luma steps; the most that we met is 0.0022."""

_NOTHING = bytes(FingerprintAlgorithm.PDQ.size)


def pdq_ref512(raster: Raster) -> Fingerprint:
    """The C++ reference's PDQ of a raster (uint8 [h, w, 3] RGB or [h, w] grey): 0 bits apart, same quality."""
    rows, channels = as_rows(raster)
    height, width = raster.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        return _nothing(Profile.PDQ_REF512)
    if max(height, width) > PICKED_SIDE:
        picked = np.empty((PICKED_SIDE, PICKED_SIDE * channels), np.uint8)
        pick_pixels(rows, channels, picked)
        rows, _ = as_rows(picked)
    return _fingerprint(Profile.PDQ_REF512, read_block(smoothed_block(rows, channels, FLOAT_LUMA)))


def pdq_full(raster: Raster) -> Fingerprint:
    """The `pdqhash` package's PDQ of a raster (uint8 [h, w, 3] RGB or [h, w] grey), however large."""
    rows, channels = as_rows(raster)
    if min(raster.shape[:2]) < SMALLEST_SIDE:
        return _nothing(Profile.PDQ_FULL)
    reading = read_block(estimated_block(rows, channels), slack=SAFE_SLACK)
    if reading.gap < SAFE_GAP or reading.qualities[0] != reading.qualities[1]:
        reading = read_block(smoothed_block(rows, channels, DECIMAL_LUMA))
    return _fingerprint(Profile.PDQ_FULL, reading)


def pdq_both(raster: Raster) -> tuple[Fingerprint, Fingerprint]:
    """`pdq-ref512` and `pdq-full` of one raster."""
    return pdq_ref512(raster), pdq_full(raster)


def distance(a: bytes, b: bytes) -> int:
    """In how many bits two values of one length differ; raises ValueError when the lengths differ."""
    if len(a) != len(b):
        raise ValueError("values of one algorithm have one length")
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()


def warm_up() -> None:
    """Compile or load every kernel; afterwards nothing here touches the file system."""
    noise = np.arange(600 * 7, dtype=np.uint32)
    grey = ((noise * noise * np.uint32(2654435761)) >> np.uint32(13)).astype(np.uint8).reshape(600, 7)
    for raster in (grey, np.stack([grey, grey, grey], axis=2), np.zeros((64, 64), np.uint8)):
        pdq_both(raster)


@exact_kernel
def pick_pixels(rows: Raster, channels: int, picked: Raster) -> None:
    """Fill [h, w * channels] with the pixels at floor(i * old / new) along both sides."""
    height, width = picked.shape[0], picked.shape[1] // channels
    old_height, old_width = rows.shape[0], rows.shape[1] // channels
    columns = (np.arange(width) * old_width // width * channels).astype(np.uint32)  # unsigned: needs no check
    for y in range(height):
        row = rows[y * old_height // height]
        if channels == 1:
            for x in range(width):
                picked[y, x] = row[columns[x]]
            continue
        for x in range(width):
            old = columns[x]
            for channel in range(channels):
                picked[y, x * channels + channel] = row[old + channel]


def _fingerprint(profile: Profile, reading: Reading) -> Fingerprint:
    return Fingerprint(FingerprintAlgorithm.PDQ, profile, reading.variants[0], reading.qualities[0], reading.variants)


def _nothing(profile: Profile) -> Fingerprint:
    return Fingerprint(FingerprintAlgorithm.PDQ, profile, _NOTHING, 0, (_NOTHING,) * len(TRANSFORMS))
