"""How little a picture says, by its grey levels alone: what a fingerprint of a page of text cannot tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hashsets.algorithms.compiling import exact_kernel
from hashsets.algorithms.rasters import Raster, as_rows

PLACES = 256
"""Places along a side that are looked at, at most."""

PATCH = 4
"""Pixels; a place is the mean of a square of this side. A picture of black and white dots has its greys again, and
strokes of letters are still wider than that or nearly so."""

LEVELS = 32
"""Of eight grey values each: noise and JPEG stay within one or two."""

COMMONEST = 2

Counts = NDArray[np.int64]


def concentration(raster: Raster) -> int:
    """Percent of a picture (rounded down) in the two most common of 32 grey levels.

    A raster is uint8 [h, w, 3] RGB or [h, w] grey. Pages of text, forms and screens reach 80 and more; figures:
    DECISIONS.md.
    """
    rows, channels = as_rows(raster)
    counts = np.zeros(LEVELS, np.int64)
    count_levels(rows, channels, _places(raster.shape[0]), _places(raster.shape[1]), counts)
    return int(100 * int(np.sort(counts)[-COMMONEST:].sum()) // int(counts.sum()))


def _places(length: int) -> Counts:
    count = min(length, PLACES)
    return np.arange(count, dtype=np.int64) * length // count


@exact_kernel
def count_levels(rows: Raster, channels: int, tops: Counts, lefts: Counts, counts: Counts) -> None:
    """Add the level of the patch below and right of each place to `counts`; patches end with the picture."""
    height, width = rows.shape[0], rows.shape[1] // channels
    for top in tops:
        for left in lefts:
            patch = rows[top : min(top + PATCH, height), left * channels : min(left + PATCH, width) * channels]
            total = np.int64(0)
            for y in range(patch.shape[0]):
                for x in range(0, patch.shape[1], channels):
                    if channels == 1:
                        total += 256 * np.int64(patch[y, x])
                    else:  # luma in 256ths
                        total += 77 * np.int64(patch[y, x]) + 150 * np.int64(patch[y, x + 1])
                        total += 29 * np.int64(patch[y, x + 2])
            mean = total // (256 * (patch.size // channels))
            counts[mean * LEVELS // 256] += 1
