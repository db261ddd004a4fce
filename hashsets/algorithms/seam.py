"""What a fingerprint algorithm offers that is not ours: a licensee's, whose values only it can compute and compare.

Such an algorithm is opaque to us: a value is so many bytes, and how far apart two of them are is for it to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hashsets.algorithms.rasters import Raster


@dataclass(frozen=True, slots=True)
class Taken:
    """The value of one picture.

    `quality` is 0 to 100 (how far the value can be trusted), None where the algorithm has none. `variants` are the
    values of the eight symmetries in the order of `TRANSFORMS`, the first of them `value`; or nothing.
    """

    value: bytes
    quality: int | None = None
    variants: tuple[bytes, ...] = ()


class OpaqueAlgorithm(Protocol):
    """Raster in, value out, and the distance of two values."""

    @property
    def name(self) -> str:
        """What its values are called in hash sets and provenance: small letters, digits, dashes."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever any value could."""
        ...

    @property
    def size(self) -> int:
        """Length of a value in bytes."""
        ...

    @property
    def reach(self) -> int:
        """The largest distance at which two values may be of one picture."""
        ...

    @property
    def variant_tolerance(self) -> int | None:
        """How far a variant may lie from the value of the picture really turned; None where it offers no variants."""
        ...

    @property
    def ignores_colour(self) -> bool:
        """Whether a grey raster and the same in RGB have one value."""
        ...

    def take(self, raster: Raster) -> Taken | None:
        """The value of a raster (uint8 [h, w, 3] RGB or [h, w] grey), or None where there is too little in it.

        The raster is read-only. Safe for many threads at once. Raises ValueError for another form.
        """
        ...

    def distance(self, a: bytes, b: bytes) -> int:
        """How far apart two values are: 0 for equal ones, the same both ways. Raises ValueError on another length."""
        ...
