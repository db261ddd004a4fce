"""Pictures drawn with integer arithmetic only, so that every machine and every numpy draws the same bytes.

Each function returns uint8 [height, width, 3] RGB; `grey` takes one channel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Raster = NDArray[np.uint8]


def noise(height: int, width: int, seed: int, low: int = 0, high: int = 255) -> Raster:
    """Independent pixels between two levels."""
    x = np.arange(height * width * 3, dtype=np.uint64) + np.uint64(seed * 1_000_003 + 1)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    levels = (x >> np.uint64(33)) % np.uint64(high - low + 1) + np.uint64(low)
    return levels.astype(np.uint8).reshape(height, width, 3)


def scene(height: int, width: int, seed: int) -> Raster:
    """Round hills of many sizes with rims, on a slope, with some noise: the structure of a photograph."""
    random = noise(1, 40, seed)[0].astype(np.int32)
    y, x = _places(height, 1024)[:, None], _places(width, 1024)[None, :]
    picture = np.empty((height, width, 3), np.int32)
    picture[:] = (60 + y // 16 + x // 24)[..., None]
    for hill in range(16):
        (a, b, size), colour = random[2 * hill], random[2 * hill + 1]
        radius = 40 + int(size) * 6 // (3 + hill)
        inside = radius * radius - (y - int(a) * 4) ** 2 - (x - int(b) * 4) ** 2
        height_here = np.where(inside > 0, 90 + inside * 130 // (radius * radius), 0)[..., None]
        picture += height_here * (colour - 128) // 128
    picture += noise(height, width, seed + 1, 0, 8)
    return np.clip(picture, 0, 255).astype(np.uint8)


def flat(height: int, width: int, colour: tuple[int, int, int] = (251, 13, 97)) -> Raster:
    """One colour."""
    return np.broadcast_to(np.array(colour, np.uint8), (height, width, 3)).copy()


def mirrored(height: int, width: int, seed: int) -> Raster:
    """A scene whose right half mirrors its left: half of the coefficients are zero but for rounding."""
    half = scene(height, (width + 1) // 2, seed)
    return np.concatenate([half, half[:, ::-1][:, width % 2 :]], axis=1)


def chequered(height: int, width: int, fields: int, colour: tuple[int, int, int] = (200, 30, 90)) -> Raster:
    """Two colours in alternating fields."""
    y, x = _places(height, fields)[:, None], _places(width, fields)[None, :]
    return np.where(((y + x) % 2 == 1)[..., None], np.array(colour, np.uint8), np.uint8(255)).astype(np.uint8)


def gradient(height: int, width: int) -> Raster:
    """A slope from left to right, the same in every row."""
    row = (np.arange(width) * 255 // max(1, width - 1)).astype(np.uint8)
    return np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def grey(picture: Raster) -> Raster:
    """The green channel alone, [height, width]."""
    return np.ascontiguousarray(picture[..., 1])


def _places(length: int, scale: int) -> NDArray[np.int32]:
    """Where each of `length` pixels lies on a scale."""
    return (np.arange(length) * scale // length).astype(np.int32)
