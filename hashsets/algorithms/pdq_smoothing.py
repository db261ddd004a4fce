"""PDQ's smoothing and sampling, in the published order of float32 operations: bit for bit the reference's 64x64.

The reference runs a box filter along rows, then columns, twice, over the whole picture, and keeps 64x64 points. Its
running sums carry rounding along, so equal bits need the same additions in the same order. This pass does them while
walking down the picture once: a window of rows stays in the processor's cache, and the second filter keeps its sums
but writes the sampled columns only. Where the reference's window grows and shrinks at the edges, sums here run over
zeros: adding or subtracting 0.0 changes no bit.

Source: github.com/facebook/ThreatExchange, pdq/cpp/downscaling/downscaling.cpp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hashsets.algorithms.rasters import Raster
from hashsets.compiling import exact_kernel

SIDE = 64
FLOAT_LUMA = 0  # the C++ tools: products and sums rounded to float32 one by one
DECIMAL_LUMA = 1  # the pdqhash package: summed in float64, then rounded to float32 once

_BAND = 8  # rows summed together, so that each addition need not wait for the one before
_zero, _thousand = np.float32(0), np.float32(1000)
_red, _green, _blue = np.float32(0.299), np.float32(0.587), np.float32(0.114)

Floats = NDArray[np.float32]


def smoothed_block(rows: Raster, channels: int, luma: int) -> Floats:
    """The picture smoothed and sampled at 64x64 points, float32.

    `rows` is [height, width * channels], both sides at least 5; `luma` is FLOAT_LUMA or DECIMAL_LUMA and makes no
    difference to grey rasters. A picture of 64x64 is taken as it is.
    """
    height, width = rows.shape[0], rows.shape[1] // channels
    block = np.empty((SIDE, SIDE), np.float32)
    if height == width == SIDE:
        take_luma(rows, channels, luma, block)
    else:
        smooth_and_sample(rows, channels, luma, block)
    return block


@exact_kernel
def luma_line(row: Raster, channels: int, luma: int, line: Floats) -> None:
    """Write one row's luma.

    DECIMAL_LUMA rounds (299 R + 587 G + 114 B) / 1000 once. Summing in float64 first comes to the same: the quotient
    is never so near the middle of two float32 values that an error of float64 could round it to the other.
    """
    if channels == 1:
        for x in range(line.shape[0]):
            line[x] = np.float32(row[x])
    elif luma == FLOAT_LUMA:
        for x in range(line.shape[0]):
            red, green, blue = np.float32(row[3 * x]), np.float32(row[3 * x + 1]), np.float32(row[3 * x + 2])
            line[x] = (_red * red + _green * green) + _blue * blue
    else:
        for x in range(line.shape[0]):
            red_green = np.int32(299) * np.int32(row[3 * x]) + np.int32(587) * np.int32(row[3 * x + 1])
            line[x] = np.float32(red_green + np.int32(114) * np.int32(row[3 * x + 2])) / _thousand


@exact_kernel
def take_luma(rows: Raster, channels: int, luma: int, block: Floats) -> None:
    """Luma of every pixel, without smoothing."""
    for y in range(rows.shape[0]):
        luma_line(rows[y], channels, luma, block[y])


@exact_kernel
def window_counts(length: int, window: int) -> Floats:
    """How many values the window holds at each of `length` places: fewer at the edges."""
    ahead = (window + 2) // 2
    counts = np.empty(length, np.float32)
    for place in range(length):
        counts[place] = np.float32(min(length, place + ahead) - max(0, place + ahead - window))
    return counts


@exact_kernel
def band_sums(band: Floats, window: int, sums: Floats) -> None:
    """Running sums along eight rows. A sum stands where its newest value stands, not at the window's middle.

    `band` and `sums` are [8, window + width + ...]: the values of a row begin at `window`, after zeros.
    """
    new, out = band[:, window:], sums[:, window:]
    s = t = u = v = w = x = y = z = _zero
    for k in range(new.shape[1]):
        s = (s + new[0, k]) - band[0, k]
        t = (t + new[1, k]) - band[1, k]
        u = (u + new[2, k]) - band[2, k]
        v = (v + new[3, k]) - band[3, k]
        w = (w + new[4, k]) - band[4, k]
        x = (x + new[5, k]) - band[5, k]
        y = (y + new[6, k]) - band[6, k]
        z = (z + new[7, k]) - band[7, k]
        out[0, k], out[1, k], out[2, k], out[3, k] = s, t, u, v
        out[4, k], out[5, k], out[6, k], out[7, k] = w, x, y, z


@exact_kernel
def sampled_columns(columns: Floats, height: int, window: int, counts: Floats, block: Floats) -> None:
    """The last of the four filters: down the 64 sampled columns, written at the 64 sampled rows."""
    behind = (window + 2) // 2 - 1
    running = np.zeros(SIDE, np.float32)
    new = window
    for i in range(SIDE):
        place = (2 * i + 1) * height // (2 * SIDE)
        while new <= window + place + behind:
            newest, oldest = columns[new], columns[new - window]
            for j in range(SIDE):
                running[j] = (running[j] + newest[j]) - oldest[j]
            new += 1
        for j in range(SIDE):
            block[i, j] = running[j] / counts[place]


@exact_kernel
def smooth_and_sample(rows: Raster, channels: int, luma: int, block: Floats) -> None:
    """Fill `block` (float32 [64, 64]) from [height, width * channels] bytes."""
    height, width = rows.shape[0], rows.shape[1] // channels
    across, down = (width + 127) // 128, (height + 127) // 128  # the two windows
    delay_x, delay_y = (
        (across + 2) // 2 - 1,
        (down + 2) // 2 - 1,
    )  # how far a sum's newest value is ahead of its place
    counts_x, counts_y = window_counts(width, across), window_counts(height, down)
    begin, end = across + delay_x, across + delay_x + width
    first_in, second_in = np.zeros((_BAND, end), np.float32), np.zeros((_BAND, end), np.float32)
    sums, nothing = np.zeros((_BAND, end), np.float32), np.zeros(width, np.float32)
    recent, running = np.zeros((down, width), np.float32), np.zeros(width, np.float32)
    columns = np.zeros((down + height + delay_y, SIDE), np.float32)
    second_sums = np.zeros((_BAND, end), np.float32)
    waiting = 0
    for y in range(height + delay_y):
        if y < height and y % _BAND == 0:
            for k in range(min(_BAND, height - y)):
                luma_line(rows[y + k], channels, luma, first_in[k, across : across + width])
            band_sums(first_in, across, sums)
        line = sums[y % _BAND, begin:end] if y < height else nothing
        oldest, place = recent[y % down], y - delay_y
        count = counts_y[max(0, place)]
        smooth = second_in[waiting, across : across + width]
        for x in range(width):
            value = line[x] / counts_x[x]
            total = (running[x] + value) - oldest[x]
            running[x], oldest[x] = total, value
            smooth[x] = total / count
        if place < 0:
            continue
        waiting += 1
        if waiting == _BAND or place == height - 1:
            band_sums(second_in, across, second_sums)
            for k in range(waiting):
                for j in range(SIDE):
                    x = (2 * j + 1) * width // (2 * SIDE)
                    columns[down + place + 1 - waiting + k, j] = second_sums[k, begin + x] / counts_x[x]
            waiting = 0
    sampled_columns(columns, height, down, counts_y, block)
