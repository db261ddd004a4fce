"""A rendition: what may be shown of one item, made for one look and kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass

REDUCED_SIDE = 256
FULL_SIDE = 1600
"""Pixels of the longest side, at most."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """A JPEG without metadata, watermarked all over, checked for its size."""

    jpeg: bytes
    width: int
    height: int
