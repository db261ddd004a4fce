"""A toy fingerprint: the mean brightness of 8 x 8 blocks, compared by the sum of differences.

It stands where a licensee's algorithm would: to the pipeline its values are 64 bytes, and only this module can say
how far apart two of them are. It is no good at recognising pictures; do not use it for that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hashsets.algorithms.rasters import Raster, as_rows
from hashsets.algorithms.seam import Taken

SIDE = 8

Blocks = NDArray[np.uint8]


class BlockMean:
    """See `hashsets.algorithms.seam.OpaqueAlgorithm`."""

    name = "block-mean"
    version = "1"
    size = SIDE * SIDE
    reach = 128  # two levels a block
    variant_tolerance = 128  # blocks of a side that 8 does not divide shift by a pixel when it is turned
    ignores_colour = True

    def take(self, raster: Raster) -> Taken | None:
        """64 means, row after row; None where a side has less than 8 pixels."""
        rows, channels = as_rows(raster)  # raises ValueError for another form
        height, width = raster.shape[:2]
        if min(height, width) < SIDE:
            return None
        levels = rows.reshape(height, width, channels).astype(np.int64).sum(axis=2) // channels
        down, across = _edges(height), _edges(width)
        sums = np.add.reduceat(np.add.reduceat(levels, down[:-1], axis=0), across[:-1], axis=1)
        blocks = (sums // np.outer(np.diff(down), np.diff(across))).astype(np.uint8)
        contrast = int(blocks.max()) - int(blocks.min())
        return Taken(blocks.tobytes(), min(100, contrast), _variants(blocks))

    def distance(self, a: bytes, b: bytes) -> int:
        """The sum of differences, in levels."""
        if len(a) != self.size or len(b) != self.size:
            raise ValueError("values have 64 bytes")
        return int(np.abs(_levels(a) - _levels(b)).sum())


def _edges(length: int) -> NDArray[np.int64]:
    return np.arange(SIDE + 1) * length // SIDE


def _levels(value: bytes) -> NDArray[Any]:
    return np.frombuffer(value, np.uint8).astype(np.int64)


def _variants(blocks: Blocks) -> tuple[bytes, ...]:
    """The blocks turned and mirrored, in the order of `hashsets.vocabulary.TRANSFORMS`."""
    turned = (
        blocks,
        np.rot90(blocks, 1),
        np.rot90(blocks, 2),
        np.rot90(blocks, 3),
        np.flipud(blocks),
        np.fliplr(blocks),
        blocks.T,
        np.rot90(blocks, 2).T,
    )
    return tuple(np.ascontiguousarray(one).tobytes() for one in turned)
