"""pHash and dHash as the `imagehash` package computes them, without its cost on large pictures.

The package turns the picture grey and has Pillow reduce it with the Lanczos filter, to 32x32 for pHash and to 9x8 for
dHash; all that decides bits comes after that. Pillow's reduction is integer arithmetic, so the same numbers come out
of any order of addition: here both reductions read each grey row once while it is in the cache. The reduced picture
then goes to the package itself, which finds it grey and of the right size already.

Pillow rounds to bytes between reducing along rows and down columns, so which comes first matters. Rows do, until a
picture is about twice as tall as wide; from Pillow 13 on, columns come first in taller ones. Near that shape Pillow
reduces our grey itself.

The package knows no variants; ours are its values of the reduced picture turned and mirrored. Only rounding differs
from the turned picture's own values: in tests they lie within 4 bits.

Source: Pillow src/libImaging/{Convert,Resample}.c; `imagehash.phash`, `imagehash.dhash` with hash_size 8.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hashsets.algorithms.rasters import Raster, as_rows
from hashsets.compiling import exact_kernel
from hashsets.vocabulary import TRANSFORMS, Fingerprint, FingerprintAlgorithm, Profile, Transform

PHASH_SIDES = (32, 32)  # height, width
DHASH_SIDES = (8, 9)
DHASH_SIDES_LYING = (9, 8)  # what becomes DHASH_SIDES when a quarter turn or a diagonal swaps the sides

_MARGIN = 64  # rows; keeps clear of the shape at which Pillow changes the order
_FIXED_POINT = 22  # bits behind the point in Pillow's weights for 8-bit pictures
_TABLES = 64  # a submission's pictures share few sizes; a table of a 12-megapixel side takes 100 kB

Weights = NDArray[np.int32]
Places = NDArray[np.int64]
_Table = tuple[Places, Places, Weights]


def phash(raster: Raster) -> Fingerprint:
    """The value of `imagehash.phash(Image.fromarray(raster))`; a raster is uint8 [h, w, 3] RGB or [h, w] grey."""
    (reduced,) = _reduced(raster, (PHASH_SIDES,))
    return _phash(reduced)


def dhash(raster: Raster) -> Fingerprint:
    """The value of `imagehash.dhash(Image.fromarray(raster))`; a raster is uint8 [h, w, 3] RGB or [h, w] grey."""
    return _dhash(*_reduced(raster, (DHASH_SIDES, DHASH_SIDES_LYING)))


def phash_and_dhash(raster: Raster) -> tuple[Fingerprint, Fingerprint]:
    """Both values of one raster, which is read once for the two."""
    for_phash, upright, lying = _reduced(raster, (PHASH_SIDES, DHASH_SIDES, DHASH_SIDES_LYING))
    return _phash(for_phash), _dhash(upright, lying)


def warm_up() -> None:
    """Compile or load every kernel and what `imagehash` imports late; then nothing here touches the file system."""
    for shape in ((64, 64), (64, 64, 3), (90, 8, 3)):
        phash_and_dhash(np.zeros(shape, np.uint8))


_TURNED: Mapping[Transform, Callable[[Raster], Raster]] = {
    Transform.IDENTITY: lambda picture: picture,
    Transform.ROTATE_90: lambda picture: np.rot90(picture, 1),
    Transform.ROTATE_180: lambda picture: np.rot90(picture, 2),
    Transform.ROTATE_270: lambda picture: np.rot90(picture, 3),
    Transform.FLIP_X: np.flipud,
    Transform.FLIP_Y: np.fliplr,
    Transform.FLIP_PLUS_1: np.transpose,
    Transform.FLIP_MINUS_1: lambda picture: np.rot90(picture, 2).T,
}


def _phash(reduced: Image.Image) -> Fingerprint:
    grey = np.asarray(reduced)
    turned = [_TURNED[transform](grey) for transform in TRANSFORMS]
    return _fingerprint(FingerprintAlgorithm.PHASH, [imagehash.phash(_picture(one)) for one in turned])


def _dhash(upright: Image.Image, lying: Image.Image) -> Fingerprint:
    both = [np.asarray(upright), np.asarray(lying)]
    turned = [_TURNED[transform](one) for transform in TRANSFORMS for one in both]
    return _fingerprint(
        FingerprintAlgorithm.DHASH, [imagehash.dhash(_picture(one)) for one in turned if one.shape == DHASH_SIDES]
    )


def _picture(grey: Raster) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(grey))


def _fingerprint(algorithm: FingerprintAlgorithm, values: list[imagehash.ImageHash]) -> Fingerprint:
    variants = tuple(np.packbits(value.hash).tobytes() for value in values)
    return Fingerprint(algorithm, Profile.IMAGEHASH, variants[0], variants=variants)


def _reduced(raster: Raster, sizes: tuple[tuple[int, int], ...]) -> list[Image.Image]:
    """The raster in grey, resized to each (height, width) as Pillow does."""
    rows, channels = as_rows(raster)
    height, width = raster.shape[:2]
    if height + _MARGIN <= 2 * width:
        return _rows_first(rows, channels, sizes)
    grey = np.empty((height, width), np.uint8)
    take_grey(rows, channels, grey)
    if height > 2 * width + _MARGIN:
        return [_columns_first(grey, *size) for size in sizes]
    picture = Image.fromarray(grey)
    return [picture.resize((columns, lines), Image.Resampling.LANCZOS) for lines, columns in sizes]


def _rows_first(rows: Raster, channels: int, sizes: tuple[tuple[int, int], ...]) -> list[Image.Image]:
    starts, ends, weights = _row_table(rows.shape[1] // channels, tuple(columns for _, columns in sizes))
    narrow = np.empty((rows.shape[0], len(starts)), np.uint8)
    reduce_rows(rows, channels, starts, ends, weights, narrow)
    pictures = []
    for lines, columns in sizes:
        reduced = np.empty((lines, columns), np.uint8)
        reduce_columns(narrow[:, :columns].copy(), *_table(rows.shape[0], lines), reduced)
        pictures.append(Image.fromarray(reduced))
        narrow = narrow[:, columns:]
    return pictures


def _columns_first(grey: Raster, lines: int, columns: int) -> Image.Image:
    short = np.empty((lines, grey.shape[1]), np.uint8)
    reduce_columns(grey, *_table(grey.shape[0], lines), short)
    (rows, channels), reduced = as_rows(short), np.empty((lines, columns), np.uint8)
    reduce_rows(rows, channels, *_table(grey.shape[1], columns), reduced)
    return Image.fromarray(reduced)


@lru_cache(_TABLES)
def _row_table(width: int, columns: tuple[int, ...]) -> _Table:
    """The tables of several reductions of one width, one below the other."""
    tables = [_table(width, count) for count in columns]
    longest = max(weights.shape[1] for _, _, weights in tables)
    padded = [np.pad(weights, ((0, 0), (0, longest - weights.shape[1]))) for _, _, weights in tables]
    return (
        np.concatenate([starts for starts, _, _ in tables]),
        np.concatenate([ends for _, ends, _ in tables]),
        np.concatenate(padded),
    )


@lru_cache(_TABLES)
def _table(length: int, count: int) -> _Table:
    """Where the filter of each of `count` places begins and ends along a side, and its fixed-point weights."""
    starts, ends = np.empty(count, np.int64), np.empty(count, np.int64)
    reach = 3.0 * max(1.0, length / count)
    weights = np.zeros((count, 2 * math.ceil(reach) + 1), np.int32)
    lanczos_weights(length, starts, ends, weights)
    return starts, ends, weights


@exact_kernel
def lanczos(x: float) -> float:
    """Lanczos filter of three lobes."""
    if x == 0.0:
        return 1.0
    if not -3.0 <= x < 3.0:
        return 0.0
    angle, third = x * math.pi, x / 3 * math.pi
    return math.sin(angle) / angle * (math.sin(third) / third)


@exact_kernel
def lanczos_weights(length: int, starts: Places, ends: Places, weights: Weights) -> None:
    """Fill the table of one side; every filter's weights sum to one before they are rounded to fixed point."""
    count = len(starts)
    step = length / count
    stretch = max(step, 1.0)
    reach = 3.0 * stretch
    values = np.empty(weights.shape[1], np.float64)
    for i in range(count):
        centre = (i + 0.5) * step
        start, end = max(0, int(centre - reach + 0.5)), min(length, int(centre + reach + 0.5))
        total = 0.0
        for k in range(end - start):
            values[k] = lanczos((k + start - centre + 0.5) * (1.0 / stretch))
            total += values[k]
        for k in range(end - start):
            value = values[k] / total if total != 0.0 else values[k]
            weights[i, k] = int(value * (1 << _FIXED_POINT) + (-0.5 if value < 0 else 0.5))
        starts[i], ends[i] = start, end


@exact_kernel
def grey_line(row: Raster, channels: int, grey: Raster | Weights) -> None:
    """One row as in Pillow's mode L, 0 to 255: fixed-point ITU-R 601 luma, rounded."""
    if channels == 1:
        grey[:] = row
        return
    for x in range(len(grey)):
        red_green = np.int32(19595) * np.int32(row[3 * x]) + np.int32(38470) * np.int32(row[3 * x + 1])
        blue_half = np.int32(7471) * np.int32(row[3 * x + 2]) + np.int32(0x8000)
        grey[x] = np.uint8((red_green + blue_half) >> np.int32(16))


@exact_kernel
def take_grey(rows: Raster, channels: int, grey: Raster) -> None:
    """The whole picture in mode L."""
    for y in range(rows.shape[0]):
        grey_line(rows[y], channels, grey[y])


@exact_kernel
def clipped(total: np.int32) -> np.uint8:
    """A fixed-point sum as a pixel."""
    return np.uint8(min(max(total >> np.int32(_FIXED_POINT), np.int32(0)), np.int32(255)))


@exact_kernel
def reduce_rows(rows: Raster, channels: int, starts: Places, ends: Places, weights: Weights, narrow: Raster) -> None:
    """Turn each row grey and write its filtered places: uint8 [height, places]."""
    grey = np.empty(rows.shape[1] // channels, np.int32)  # widened once, not at each of its many uses
    for y in range(rows.shape[0]):
        grey_line(rows[y], channels, grey)
        for i in range(len(starts)):
            pixels = grey[starts[i] : ends[i]]
            total = np.int32(1 << (_FIXED_POINT - 1))
            for k in range(len(pixels)):
                total = np.int32(total + pixels[k] * weights[i, k])
            narrow[y, i] = clipped(total)


@exact_kernel
def reduce_columns(narrow: Raster, starts: Places, ends: Places, weights: Weights, picture: Raster) -> None:
    """Filter down the columns: uint8 [places, columns]."""
    total = np.empty(picture.shape[1], np.int32)
    for i in range(len(starts)):
        total[:] = np.int32(1 << (_FIXED_POINT - 1))
        for k in range(ends[i] - starts[i]):
            weight, pixels = weights[i, k], narrow[starts[i] + k]
            for x in range(len(total)):
                total[x] = np.int32(total[x] + np.int32(pixels[x]) * weight)
        for x in range(len(total)):
            picture[i, x] = clipped(total[x])
