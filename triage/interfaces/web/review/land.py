"""The part of the world behind a map: only countries that reach into its window travel with the page.

All of them are three times the rest of a referral's page, and each page would be packed with them anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from .drawing import Window

_WORLD = Path(__file__).parents[1] / "static/vendor/world.svg.html"
_POINT = re.compile(r"(-?[\d.]+) (-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class Country:
    """One path of ours (`tools/vendor.py`) and the box that it lies in, in degrees, y downwards."""

    path: str
    left: float
    top: float
    right: float
    bottom: float

    def reaches(self, window: Window) -> bool:
        """Whether any of its box lies in the window."""
        return (
            self.left <= window.x + window.width
            and self.right >= window.x
            and self.top <= window.y + window.height
            and self.bottom >= window.y
        )


def land(window: Window) -> Markup:
    """SVG paths of the countries that may be seen in this window."""
    return Markup("".join(one.path for one in countries() if one.reaches(window)))  # noqa: S704 - a file of ours


@cache
def countries() -> tuple[Country, ...]:
    """All of them, as drawn by `tools/vendor.py`."""
    found = []
    for path in re.findall(r"<path [^>]*/>", _WORLD.read_text()):
        points = [(float(x), float(y)) for x, y in _POINT.findall(path)]
        across, down = zip(*points, strict=True)
        found.append(Country(path, min(across), min(down), max(across), max(down)))
    return tuple(found)
