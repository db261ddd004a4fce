"""Every colour mode → 8-bit RGB or grey, so that one picture has one fingerprint however it is stored.

A palette hashed by its indices, ink hashed as light, or 16 bits cut at 255 are silent misses in peers.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Pixels = NDArray[np.uint8]

_STRIP = 64
_SIXTEEN_BIT = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True, slots=True)
class Rasters:
    """`main` is the picture as shown, alpha on white; `raw_rgb` drops the alpha, None where that is the same.

    Both are uint8, height x width x 3, or height x width for grey, and contiguous.
    """

    main: Pixels
    raw_rgb: Pixels | None = None


def normalised(image: Image.Image) -> Rasters:
    """The rasters of a loaded Pillow image of any mode. Raises what Pillow raises for modes it cannot convert."""
    mode = image.mode
    if mode in _SIXTEEN_BIT:
        return Rasters((np.asarray(image) >> 8).astype(np.uint8))
    if mode in {"I", "F"}:
        return Rasters(_scaled(np.asarray(image)))
    if mode in {"L", "1"}:
        if "transparency" not in image.info:
            return Rasters(np.asarray(image.convert("L")))
    elif mode in {"CMYK", "LAB"}:
        return Rasters(np.asarray(_through_profile(image)))
    if image.has_transparency_data:
        return _on_white(np.asarray(image if mode == "RGBA" else image.convert("RGBA")))
    return Rasters(np.asarray(image if mode == "RGB" else image.convert("RGB")))


def _on_white(rgba: Pixels) -> Rasters:
    """In strips, because wide sums of a whole picture would be its largest part in memory."""
    raw = np.ascontiguousarray(rgba[:, :, :3])
    if int(rgba[:, :, 3].min()) == 255:
        return Rasters(raw)
    shown = np.empty_like(raw)
    for top in range(0, len(rgba), _STRIP):
        strip = rgba[top : top + _STRIP].astype(np.uint16)
        alpha = strip[:, :, 3:]
        shown[top : top + _STRIP] = (strip[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return Rasters(shown, raw)


def _scaled(values: NDArray[np.int32] | NDArray[np.float32]) -> Pixels:
    """32-bit samples have no agreed white: take 1, 255 or 65535 by what occurs, else stretch from least to most."""
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    least, most = float(finite.min()), float(finite.max())
    if least < 0 or most > 65535:
        span = (most - least) or 1.0
        return ((finite - least) * (255.0 / span)).astype(np.uint8)
    white = next(w for w in (1.0, 255.0, 65535.0) if most <= w)
    if white == 1.0 and values.dtype == np.int32:
        white = 255.0  # whole numbers 0 and 1 are almost black, not a bitmap
    return (finite * (255.0 / white)).astype(np.uint8)


def _through_profile(image: Image.Image) -> Image.Image:
    """Ink to light by the embedded profile; without a usable one by the plain complement (Lab by its definition)."""
    profile = image.info.get("icc_profile")
    if image.mode == "LAB":
        source = ImageCms.createProfile("LAB")
    elif isinstance(profile, bytes) and profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
        except (OSError, ImageCms.PyCMSError):
            return image.convert("RGB")
    else:
        return image.convert("RGB")
    try:
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except ImageCms.PyCMSError:
        return image.convert("RGB")
    assert converted is not None
    return converted
