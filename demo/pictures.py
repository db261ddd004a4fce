"""Benign made-up pictures: fractal noise landscapes, shapes, gradients and sensor noise. Nothing is photographed.

They behave like photographs where it matters here: they compress like them, PDQ finds enough structure in them,
and two seeds never look alike. The same seed and sides give the same picture.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

Raster = NDArray[np.uint8]
_Layer = NDArray[np.float32]

_DETAIL = ((4_000_000, 1024, 4.7, 5.6), (1_000_000, 768, 6.2, 8.4), (0, 480, 5.0, 6.0))
"""From how many pixels on: the longest side at which a picture is composed, and its fine and coarse grain in grey
levels. Grain is added at full size; it carries most of the bytes of a photograph, and here too."""


def photo_like(seed: int, width: int, height: int) -> Raster:
    """A picture that compresses like a photo: uint8[height, width, 3], RGB.

    About 3.5 MB as a 12-megapixel JPEG of quality 90 and 0.5 MB as a 2-megapixel JPEG of quality 82; PDQ quality 100.
    """
    rng = np.random.default_rng((0x5EED, seed))
    longest, fine, coarse = next(detail for pixels, *detail in _DETAIL if width * height >= pixels)
    shrink = max(1.0, max(width, height) / longest)
    base = _composition(rng, max(16, round(width / shrink)), max(16, round(height / shrink)))
    picture = cv2.resize(base, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = _grain(rng, width, height, fine, coarse)
    return _to_bytes(cv2.add(picture, cv2.merge([grain, grain, grain])))


def flat_picture(seed: int, width: int, height: int) -> Raster:
    """A nearly empty screen, uint8[height, width, 3]: one soft gradient and one dim bar. PDQ quality far under 50."""
    rng = np.random.default_rng((0xF1A7, seed))
    colour = rng.uniform(60, 200, 3).astype(np.float32)
    slope = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * rng.uniform(2, 10)
    picture = np.broadcast_to(colour + slope, (height, width, 3)).copy()
    top = int(rng.integers(0, max(1, height // 2)))
    picture[top : top + max(1, height // 20)] += 6
    return _to_bytes(picture)


def crop(raster: Raster, left: float, top: float, right: float, bottom: float) -> Raster:
    """The part of a picture between fractions 0..1 of its sides."""
    height, width = raster.shape[:2]
    part = raster[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    return np.ascontiguousarray(part)


def resized(raster: Raster, factor: float) -> Raster:
    """The picture at another size, averaged as a photo editor does."""
    return np.asarray(cv2.resize(raster, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _composition(rng: np.random.Generator, width: int, height: int) -> _Layer:
    """Two coloured landscapes blended along a noise mask, with shaded shapes in front: float32[height, width, 3]."""
    mask = 1 / (1 + np.exp(-5 * _fractal(rng, width, height, octaves=3)))[..., None]
    picture = np.asarray(
        _landscape(rng, width, height) * mask + _landscape(rng, width, height) * (1 - mask), dtype=np.float32
    )
    for _ in range(int(rng.integers(9, 17))):
        _blend_shape(rng, picture)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * rng.uniform(-22, 22)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None] * rng.uniform(-22, 22)
    return np.asarray(picture + across + down, dtype=np.float32)


def _landscape(rng: np.random.Generator, width: int, height: int) -> _Layer:
    colour = rng.uniform(55, 200, 3).astype(np.float32)
    tint = rng.uniform(-1, 1, 3).astype(np.float32) * 14 + rng.uniform(18, 34)
    relief = _fractal(rng, width, height, octaves=8, roughness=0.62)
    return np.asarray(colour + relief[..., None] * tint, dtype=np.float32)


def _fractal(
    rng: np.random.Generator, width: int, height: int, *, octaves: int, roughness: float = 0.5
) -> NDArray[np.float32]:
    """Noise summed over doubling frequencies, mean 0 and deviation 1: float32[height, width]."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        cells = 2 ** (octave + 2)
        coarse = rng.standard_normal((max(2, cells * height // width) + 2, cells + 2), dtype=np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(roughness**octave)
    return np.asarray((total - total.mean()) / total.std(), dtype=np.float32)


def _blend_shape(rng: np.random.Generator, picture: _Layer) -> None:
    """Lay one translucent, shaded ellipse or polygon over the picture."""
    height, width = picture.shape[:2]
    stencil = np.zeros((height, width), np.uint8)
    centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
    reach = rng.uniform(0.05, 0.24) * max(width, height)
    if rng.random() < 0.5:
        axes = (max(1, int(reach)), max(1, int(reach * rng.uniform(0.4, 1.0))))
        cv2.ellipse(stencil, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
        points = np.stack([centre[0] + reach * np.cos(angles), centre[1] + reach * np.sin(angles)], axis=1)
        cv2.fillPoly(stencil, [points.astype(np.int32)], 255, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(stencil)
    if not (w and h):
        return
    window = picture[y : y + h, x : x + w]
    weight = stencil[y : y + h, x : x + w, None] * np.float32(rng.uniform(0.55, 0.95) / 255)
    shade = np.linspace(-1, 1, w, dtype=np.float32)[None, :, None] * np.float32(rng.uniform(-35, 35))
    colour = rng.uniform(20, 235, 3).astype(np.float32) + shade
    window += (colour - window) * weight


def _grain(rng: np.random.Generator, width: int, height: int, fine: float, coarse: float) -> _Layer:
    """Sensor noise, fine and coarse, in grey levels: float32[height, width]."""
    half = rng.standard_normal((max(1, height // 2), max(1, width // 2)), dtype=np.float32) * np.float32(coarse)
    grain = rng.standard_normal((height, width), dtype=np.float32) * np.float32(fine)
    return np.asarray(grain + cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _to_bytes(picture: npt.ArrayLike) -> Raster:
    return np.clip(np.asarray(picture, dtype=np.float32), 0, 255).astype(np.uint8)
