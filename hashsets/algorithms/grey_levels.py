"""How little a picture says, by its grey levels alone: what a fingerprint of a page of text cannot tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hashsets.algorithms.rasters import Raster, as_rows
from hashsets.compiling import exact_kernel

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
    """Add the level of the patch below and right of each place to `counts`; patches end with the picture.

    The rows of a line of patches are added up first, luma in 256ths: whole numbers, so that the order is free.
    """
    height, width = rows.shape[0], rows.shape[1] // channels
    columns = np.empty(width, np.int32)
    for top in tops:
        lines = min(PATCH, height - top)
        columns[:] = 0
        for y in range(top, top + lines):
            row = rows[y]
            if channels == 1:
                for x in range(width):
                    columns[x] += np.int32(256) * np.int32(row[x])
            else:
                for x in range(width):
                    red_green = np.int32(77) * np.int32(row[3 * x]) + np.int32(150) * np.int32(row[3 * x + 1])
                    columns[x] += red_green + np.int32(29) * np.int32(row[3 * x + 2])
        for left in lefts:
            across = min(PATCH, width - left)
            if across == lines == PATCH:  # nearly all: a division by a constant
                total = columns[left] + columns[left + 1] + columns[left + 2] + columns[left + 3]
                counts[total // np.int32(256 * PATCH * PATCH * (256 // LEVELS))] += 1
            else:
                total = columns[left : left + across].sum()
                counts[total // (256 * lines * across * (256 // LEVELS))] += 1
