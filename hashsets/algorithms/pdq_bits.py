"""From PDQ's smoothed 64x64 block to its value, its eight variants and its quality.

Source: github.com/facebook/ThreatExchange, pdq/cpp/hashing/pdqhashing.cpp and torben.cpp.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hashsets.compiling import exact_kernel
from hashsets.vocabulary import TRANSFORMS, Transform

Floats = NDArray[np.float32]

_SYMMETRIES = {  # negate odd frequencies down, negate odd frequencies across, then transpose
    Transform.IDENTITY: (False, False, False),
    Transform.ROTATE_90: (False, True, True),
    Transform.ROTATE_180: (True, True, False),
    Transform.ROTATE_270: (True, False, True),
    Transform.FLIP_X: (True, False, False),
    Transform.FLIP_Y: (False, True, False),
    Transform.FLIP_PLUS_1: (False, False, True),
    Transform.FLIP_MINUS_1: (True, True, True),
}
_symmetries = np.array([_SYMMETRIES[transform] for transform in TRANSFORMS])


def _cosines() -> Floats:
    """Frequencies 1..16 of a cosine transform of 64 values, float32 [16, 64], rounded where the reference rounds."""
    scale = float(np.float32(math.sqrt(2.0 / 64.0)))
    return np.array(
        [
            [scale * math.cos((math.pi / 2.0 / 64.0) * frequency * (2 * place + 1)) for place in range(64)]
            for frequency in range(1, 17)
        ],
        np.float32,
    )


_cosine = _cosines()
_hundred, _full_scale = np.float32(100), np.float32(255)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a block says, and how near rounding comes to changing it.

    `gap` is the smallest difference between the two coefficients on either side of the median, over the variants;
    `qualities` are the lowest and highest quality (0..100) within the slack that was asked for. `size` is the median
    size of all coefficients, and `close` counts those that lie within the asked share of it from the median, in the
    variant with the most.
    """

    variants: tuple[bytes, ...]
    qualities: tuple[int, int]
    gap: float
    size: float
    close: int


def read_block(block: Floats, *, slack: float = 0.0, close: float = 0.0) -> Reading:
    """Value (the first variant), variants in the order of TRANSFORMS, and quality of a smoothed block.

    `slack` is how much each difference of two neighbours in the block may be off, in luma steps. `close` is the share
    of the coefficients' median size that counts as near the median.
    """
    coefficients, bits = np.empty(256, np.float32), np.empty((len(_symmetries), 32), np.uint8)
    transform_block(block, coefficients)
    gap, size, near = pack_variants(coefficients, close, bits)
    low, high = gradient_sums(block, slack)
    return Reading(tuple(row.tobytes() for row in bits), (_quality(low), _quality(high)), gap, size, near)


def _quality(gradient_sum: int) -> int:
    return min(100, gradient_sum // 90)


@exact_kernel
def transform_block(block: Floats, coefficients: Floats) -> None:
    """The cosine transform's 16x16 lowest frequencies without the constant ones; sums run in the published order."""
    half = np.zeros((16, 64), np.float32)
    for i in range(16):
        for k in range(64):
            for j in range(64):
                half[i, j] += _cosine[i, k] * block[k, j]
    for i in range(16):
        for j in range(16):
            total = np.float32(0)
            for k in range(64):
                total += half[i, k] * _cosine[j, k]
            coefficients[16 * i + j] = total


@exact_kernel
def flip_signs(coefficients: Floats, negate_down: bool, negate_across: bool, signed: Floats) -> None:
    """The coefficients of a flipped picture. Odd frequencies have even places, for the constant ones are left out."""
    for i in range(16):
        for j in range(16):
            value = coefficients[16 * i + j]
            signed[16 * i + j] = -value if (negate_down and i % 2 == 0) != (negate_across and j % 2 == 0) else value


@exact_kernel
def pack_variants(coefficients: Floats, close: float, bits: NDArray[np.uint8]) -> tuple[float, float, int]:
    """Set each variant's bits where a coefficient exceeds the lower median.

    Returns the smallest gap above it, the median size of all coefficients, and how many of them lie within the share
    `close` of that size from the median, in the variant with the most of them.

    Turning or flipping a picture transposes its coefficients and changes the sign of odd frequencies. Coefficient k
    is bit k of a 256-bit number, printed big-endian. Transposing does not move the median, so that four medians
    serve eight variants.
    """
    bits[:] = 0
    smallest, most = np.inf, 0
    size = np.float64(np.sort(np.abs(coefficients))[128])
    signed = np.empty(256, np.float32)
    for upright in range(_symmetries.shape[0]):
        negate_down, negate_across, transpose = _symmetries[upright]
        if transpose:
            continue
        flip_signs(coefficients, negate_down, negate_across, signed)
        ordered = np.sort(signed)
        median = ordered[127]
        smallest = min(smallest, np.float64(ordered[128] - median))
        near = 0
        for k in range(256):
            if abs(signed[k] - median) < close * size:
                near += 1
        most = max(most, near)
        for variant in range(_symmetries.shape[0]):
            if _symmetries[variant, 0] != negate_down or _symmetries[variant, 1] != negate_across:
                continue
            turned = _symmetries[variant, 2]
            for k in range(256):
                if signed[k] > median:
                    place = 16 * (k % 16) + k // 16 if turned else k
                    bits[variant, 31 - place // 8] |= np.uint8(1 << (place % 8))
    return smallest, size, most


@exact_kernel
def gradient_sums(block: Floats, slack: float) -> tuple[int, int]:
    """Sum of truncated differences between neighbours, at the least and at the most that `slack` luma steps allow."""
    low = high = 0
    for i in range(64):
        for j in range(64):
            for neighbour in range(2):
                p, q = (i + 1, j) if neighbour == 0 else (i, j + 1)
                if p == 64 or q == 64:
                    continue
                difference = abs(block[i, j] - block[p, q])
                least, most = max(difference - np.float32(slack), np.float32(0)), difference + np.float32(slack)
                low += int((least * _hundred) / _full_scale)
                high += int((most * _hundred) / _full_scale)
    return low, high
