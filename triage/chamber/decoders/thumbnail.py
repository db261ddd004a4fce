"""The small picture in the metadata, as it is and without the bars that make it fit.

Cameras write 160 by 120 whatever the picture's shape and fill the rest with black. Hashed with its bars, a 3:2
picture's own thumbnail lies 46 to 84 bits from it, a 16:9 one's 84 to 120, as far as another picture; without
them at most 22 (forty made-up pictures each, see DECISIONS.md).
"""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from triage.chamber.decoders.colour import Pixels
from triage.chamber.decoders.raster import decode_jpeg

_DARK = 24
"""Mean of a bar, in 0..255: black after JPEG."""

_LEAST_BAR = 2.0
"""Pixels; a thinner one is rounding."""

_ROUNDING = 0.01  # a bar may begin between two lines: then rather a line of picture lost than a black one kept


def decoded(data: bytes, max_pixels: int, main_width: int, main_height: int) -> Pixels | None:
    """The embedded JPEG as a raster without bars, given the main picture's sides; None when it does not decode."""
    found = decode_jpeg(data, max_pixels)
    if found.rasters is None:
        return None
    return without_bars(found.rasters.main, main_width, main_height)


def without_bars(thumbnail: Pixels, main_width: int, main_height: int) -> Pixels:
    """Cut to the main picture's shape, or to that shape turned, where all that is cut away is black."""
    for width, height in ((main_width, main_height), (main_height, main_width)):
        inner = _fitted(thumbnail, width, height)
        if inner is not None:
            return inner
    return thumbnail


def _fitted(thumbnail: Pixels, width: int, height: int) -> Pixels | None:
    rows, columns = thumbnail.shape[:2]
    scale = min(columns / width, rows / height)
    above, left = max(0.0, (rows - height * scale) / 2), max(0.0, (columns - width * scale) / 2)
    if max(above, left) < _LEAST_BAR:
        return None
    y, x = floor(above), floor(left)
    bars = (thumbnail[:y], thumbnail[rows - y :], thumbnail[:, :x], thumbnail[:, columns - x :])
    if any(bar.size and bar.mean() > _DARK for bar in bars):
        return None
    y, x = ceil(above - _ROUNDING), ceil(left - _ROUNDING)
    return np.ascontiguousarray(thumbnail[y : rows - y, x : columns - x])
