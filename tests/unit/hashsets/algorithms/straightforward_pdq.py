"""PDQ written down step by step as published, in numpy, for comparison only: slow, whole pictures, nothing clever.

Independent of the product: it shares no code, holds whole planes, follows the reference's four phases at the edges,
and finds the median by Torben's method. Every number is float32 and every sum runs in the published order.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Raster = NDArray[np.uint8]


def published_pdq(raster: Raster, *, pick_512: bool, luma_in_float64: bool) -> tuple[list[str], int]:
    """The eight variants in hexadecimal (the first is the value) and the quality."""
    if pick_512 and max(raster.shape[:2]) > 512:
        raster = nearest_512(raster)
    height, width = raster.shape[:2]
    if height < 5 or width < 5:
        return ["0" * 64] * 8, 0
    plane = luma(raster, in_float64=luma_in_float64)
    if (height, width) != (64, 64):
        for _ in range(2):
            plane = box(plane.T, (width + 127) // 128).T
            plane = box(plane, (height + 127) // 128)
    rows = [int((i + 0.5) * height / 64) for i in range(64)]
    columns = [int((j + 0.5) * width / 64) for j in range(64)]
    block = plane[rows][:, columns]
    return [hexadecimal(matrix) for matrix in eight_variants(cosine_transform(block))], quality(block)


def nearest_512(raster: Raster) -> Raster:
    """512x512 pixels at floor(i * old / 512)."""
    height, width = raster.shape[:2]
    return raster[[i * height // 512 for i in range(512)]][:, [j * width // 512 for j in range(512)]]


def luma(raster: Raster, *, in_float64: bool) -> Plane:
    if raster.ndim == 2:
        return raster.astype(np.float32)
    if in_float64:
        precise = raster.astype(np.float64) * np.array([0.299, 0.587, 0.114])
        return np.asarray(precise[..., 0] + precise[..., 1] + precise[..., 2], np.float32)
    weighted = raster.astype(np.float32) * np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(weighted[..., 0] + weighted[..., 1] + weighted[..., 2])


def box(plane: Plane, window: int) -> Plane:
    """The running mean down the first axis, phase by phase."""
    length = plane.shape[0]
    half = (window + 2) // 2
    out = np.empty_like(plane)
    total = np.zeros(plane.shape[1], np.float32)
    left = right = place = size = 0
    for _ in range(half - 1):  # phase 1: only add
        total = total + plane[right]
        right, size = right + 1, size + 1
    for _ in range(window - half + 1):  # phase 2: add and write
        total = total + plane[right]
        right, size = right + 1, size + 1
        out[place] = total / np.float32(size)
        place += 1
    for _ in range(length - window):  # phase 3: add, subtract and write
        total = total + plane[right]
        total = total - plane[left]
        out[place] = total / np.float32(size)
        left, right, place = left + 1, right + 1, place + 1
    for _ in range(half - 1):  # phase 4: subtract and write
        total = total - plane[left]
        left, size = left + 1, size - 1
        out[place] = total / np.float32(size)
        place += 1
    return out


def quality(block: Plane) -> int:
    steps = 0
    for difference in (block[:-1] - block[1:], block[:, :-1] - block[:, 1:]):
        scaled = difference * np.float32(100) / np.float32(255)
        steps += int(np.abs(np.trunc(scaled)).sum(dtype=np.int64))
    return min(100, steps // 90)


def cosine_transform(block: Plane) -> Plane:
    scale = np.float32(math.sqrt(2 / 64))
    matrix = np.empty((16, 64), np.float32)
    for i in range(16):
        for j in range(64):
            matrix[i, j] = float(scale) * math.cos((math.pi / 2 / 64) * (i + 1) * (2 * j + 1))
    half = np.zeros((16, 64), np.float32)
    for k in range(64):
        half = half + matrix[:, k : k + 1] * block[k : k + 1, :]
    result = np.zeros((16, 16), np.float32)
    for k in range(64):
        result = result + half[:, k : k + 1] * matrix[:, k : k + 1].T
    return result


def eight_variants(original: Plane) -> list[Plane]:
    """In the order of the reference's dihedral functions; the sign tables are those in its comments."""
    plus_minus = np.where(np.arange(16) % 2 == 1, np.float32(1), np.float32(-1))
    down, across = plus_minus[:, None], plus_minus[None, :]
    return [
        original,
        (original * across).T,
        original * down * across,
        (original * down).T,
        original * down,
        original * across,
        original.T,
        (original * down * across).T,
    ]


def hexadecimal(matrix: Plane) -> str:
    values = [float(value) for value in matrix.ravel()]
    median = torben(values)
    number = sum(1 << k for k, value in enumerate(values) if value > median)
    return f"{number:064x}"


def torben(values: list[float]) -> float:
    """The lower median by bisecting the range of values, without sorting."""
    low, high = min(values), max(values)
    middle = (len(values) + 1) // 2
    while True:
        guess = float((np.float32(low) + np.float32(high)) / np.float32(2))
        below = [value for value in values if value < guess]
        above = [value for value in values if value > guess]
        if len(below) <= middle and len(above) <= middle:
            break
        if len(below) > len(above):
            high = max(below)
        else:
            low = min(above)
    if len(below) >= middle:
        return max(below)
    return guess if len(values) - len(above) >= middle else min(above)
