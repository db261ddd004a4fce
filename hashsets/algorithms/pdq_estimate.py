"""PDQ's 64x64 block in one pass over the bytes: the same numbers as the published steps but for rounding.

Two box filters one after the other are one filter with a tent of weights, filters along rows and columns commute,
and luma is a weighted sum like the rest. So each of the 64 sampled rows is a weighted sum of the raw rows around it,
taken over the interleaved bytes as they lie, and each of its 64 points a weighted sum along that row. Every byte is
read about once. The reference rounds after every addition; what that leaves behind is in this estimate's error.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hashsets.algorithms.rasters import Raster
from hashsets.compiling import estimating_kernel

SIDE = 64

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

_red, _green, _blue = np.float32(0.299), np.float32(0.587), np.float32(0.114)


def estimated_block(rows: Raster, channels: int) -> Floats:
    """The picture smoothed and sampled at 64x64 points, float32; `rows` is [height, width * channels]."""
    block = np.empty((SIDE, SIDE), np.float32)
    estimate(rows, channels, block)
    return block


@estimating_kernel
def tents(length: int, begins: Places, ends: Places, weights: Floats) -> None:
    """For each of the 64 sampled places along a side: where its tent begins and ends, and its weights (sum 1)."""
    window = (length + 127) // 128
    ahead = (window + 2) // 2
    for i in range(SIDE):
        place = (2 * i + 1) * length // (2 * SIDE)
        low, high = max(0, place + ahead - window), min(length, place + ahead)
        begins[i], ends[i] = max(0, low + ahead - window), min(length, high - 1 + ahead)
        for middle in range(low, high):
            inner_low, inner_high = max(0, middle + ahead - window), min(length, middle + ahead)
            weight = np.float32(1.0 / ((inner_high - inner_low) * (high - low)))
            for k in range(inner_low, inner_high):
                weights[i, k - begins[i]] += weight


@estimating_kernel
def weighted_row(rows: Raster, begin: int, end: int, weights: Floats, total: Floats) -> None:
    """The weighted sum of rows begin..end; four rows at a time, so that `total` is touched a quarter as often."""
    total[:] = np.float32(0)
    y = begin
    while y + 4 <= end:
        a, b, c, d = weights[y - begin], weights[y - begin + 1], weights[y - begin + 2], weights[y - begin + 3]
        p, q, r, s = rows[y], rows[y + 1], rows[y + 2], rows[y + 3]
        for x in range(total.shape[0]):
            total[x] += a * np.float32(p[x]) + b * np.float32(q[x]) + c * np.float32(r[x]) + d * np.float32(s[x])
        y += 4
    while y < end:
        a, p = weights[y - begin], rows[y]
        for x in range(total.shape[0]):
            total[x] += a * np.float32(p[x])
        y += 1


@estimating_kernel
def estimate(rows: Raster, channels: int, block: Floats) -> None:
    """Fill `block` (float32 [64, 64]) from [height, width * channels] bytes."""
    height, width = rows.shape[0], rows.shape[1] // channels
    top, bottom = np.empty(SIDE, np.int64), np.empty(SIDE, np.int64)
    left, right = np.empty(SIDE, np.int64), np.empty(SIDE, np.int64)
    down = np.zeros((SIDE, 2 * ((height + 127) // 128)), np.float32)
    across = np.zeros((SIDE, 2 * ((width + 127) // 128)), np.float32)
    tents(height, top, bottom, down)
    tents(width, left, right, across)
    total, line = np.empty(rows.shape[1], np.float32), np.empty(width, np.float32)
    for i in range(SIDE):
        weighted_row(rows, top[i], bottom[i], down[i], total)
        for x in range(width):
            if channels == 1:
                line[x] = total[x]
            else:
                line[x] = _red * total[3 * x] + _green * total[3 * x + 1] + _blue * total[3 * x + 2]
        for j in range(SIDE):
            point, part = np.float32(0), line[left[j] : right[j]]
            for x in range(len(part)):
                point += across[j, x] * part[x]
            block[i, j] = point
