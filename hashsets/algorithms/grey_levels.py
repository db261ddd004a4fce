"""How little a picture says, by its grey levels alone: what a fingerprint of a page of text cannot tell."""

from __future__ import annotations

import numpy as np

from hashsets.algorithms.rasters import Raster

SIDE = 512
"""Pixels of a side that are looked at, at most; the others are passed over."""

LEVEL = 8
"""Grey values of 256 in one level: noise and JPEG stay within one or two."""

COMMONEST = 2


def concentration(raster: Raster) -> int:
    """Percent of pixels (rounded down) in the two most common of 32 grey levels.

    A raster is uint8 [h, w, 3] RGB or [h, w] grey. Flat pictures, pages and screens reach 80 and more (measured:
    DECISIONS.md); pixels are picked, never averaged, since averaging turns text into grey.
    """
    height, width = raster.shape[:2]
    lines, columns = min(height, SIDE), min(width, SIDE)
    picked = raster[np.arange(lines) * height // lines][:, np.arange(columns) * width // columns]
    if picked.ndim == 3:
        red, green, blue = (picked[:, :, channel].astype(np.uint16) for channel in range(3))
        picked = ((77 * red + 150 * green + 29 * blue) >> 8).astype(np.uint8)  # luma; 255 at most, in 16 bits
    counts = np.bincount((picked // LEVEL).ravel(), minlength=256 // LEVEL)
    return int(100 * int(np.sort(counts)[-COMMONEST:].sum()) // picked.size)
