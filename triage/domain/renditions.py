"""A rendition: what may be shown of one item, made for one look and kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from .items import ItemKind

REDUCED_SIDE = 256
FULL_SIDE = 1600
"""Pixels of the longest side, at most."""

STILLS = 9
"""Of what moves as many still pictures may be asked for, each a look of its own; none follows another by itself."""

_ANIMATED = frozenset({"gif", "png", "webp", "avif"})
"""Formats of pictures whose frames follow one another in time. Those of others are pages."""


def stills_of(kind: ItemKind, format_name: str, frames: int) -> int:
    """How many stills may be asked for: 1 of what does not move, at most one for each frame of an animation.

    A video has all of them: what its container says of frames is not believed.
    """
    if kind is ItemKind.VIDEO:
        return STILLS
    return max(1, min(STILLS, frames)) if format_name in _ANIMATED else 1


def middle_still(stills: int) -> int:
    """The one that is offered first, counted from 1."""
    return (stills + 1) // 2


def frame_of(still: int, stills: int, frames: int) -> int:
    """The frame, counted from 0, in the middle of a still's stretch: not the black one that many begin with."""
    return frames * (2 * still - 1) // (2 * stills)


@dataclass(frozen=True, slots=True)
class Rendition:
    """A JPEG without metadata, watermarked all over, checked for its size."""

    jpeg: bytes
    width: int
    height: int
