"""The form in which algorithms take a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Raster = NDArray[np.uint8]
"""C-contiguous uint8: [height, width, 3] in RGB order, or [height, width] in grey. The decoder settled the rest."""


def as_rows(raster: Raster) -> tuple[Raster, int]:
    """The raster as [height, width * channels] and its channels (1 or 3); raises ValueError for another form.

    The view is read-only whatever the raster is, so that a kernel meets one type only and never compiles twice.
    """
    grey = raster.ndim == 2
    colour = raster.ndim == 3 and raster.shape[2] == 3
    if raster.dtype != np.uint8 or not (grey or colour) or not raster.flags.c_contiguous or raster.size == 0:
        raise ValueError("a raster is C-contiguous uint8 [height, width] or [height, width, 3] and not empty")
    rows = raster.reshape(raster.shape[0], -1)
    rows.flags.writeable = False
    return rows, 1 if grey else 3
