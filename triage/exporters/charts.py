"""Where the marks of the report's charts stand, in the units of their SVG view boxes. Pure geometry, no colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

BAR_WIDTH, BAR_HEIGHT = 1000, 40
CHART_WIDTH, CHART_HEIGHT = 1000, 240
MAP_WIDTH, MAP_HEIGHT = 1000, 420
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 20, 34
"""Margins around the marks of a histogram or a net, for its labels."""

_LEAST_SEGMENT = 4.0
_MOST_BINS = 60
_GRID_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60)


@dataclass(frozen=True, slots=True)
class Mark:
    """One rectangle with what it stands for. `tick` is its label on the axis, empty where there is no room."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Upright bars over a base line, and the counts to rule lines at, as (count, y)."""

    bars: tuple[Mark, ...]
    rules: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """One place: centre, radius, what it stands for."""

    x: float
    y: float
    radius: float
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class PlaceGrid:
    """Dots over a net of meridians and parallels, each as (label, position)."""

    dots: tuple[Dot, ...]
    meridians: tuple[tuple[str, float], ...]
    parallels: tuple[tuple[str, float], ...]


def stacked_bar(parts: Sequence[tuple[str, int]]) -> tuple[Mark, ...]:
    """Segments side by side, widths by count; the smallest stay wide enough to be seen. Zero counts are left out."""
    present = [(label, count) for label, count in parts if count]
    total = sum(count for _, count in present)
    widths = [max(_LEAST_SEGMENT, BAR_WIDTH * count / total) for _, count in present]
    shrink = BAR_WIDTH / sum(widths) if widths else 1.0
    marks, x = [], 0.0
    for (label, count), width in zip(present, widths, strict=True):
        marks.append(Mark(round(x, 2), 0, round(width * shrink, 2), BAR_HEIGHT, label, count))
        x += width * shrink
    return tuple(marks)


def histogram(bins: Sequence[tuple[str, int]]) -> Histogram:
    """One bar per bin, tallest first to the top; axis labels are thinned until they fit."""
    if not bins:
        return Histogram((), ())
    highest = _round_up(max(count for _, count in bins))
    step = (CHART_WIDTH - LEFT - RIGHT) / len(bins)
    tallest = CHART_HEIGHT - TOP - BOTTOM
    longest = max(len(label) for label, _ in bins)
    every = math.ceil(len(bins) * longest * 11 / (CHART_WIDTH - LEFT - RIGHT))
    bars = []
    for position, (label, count) in enumerate(bins):
        height = tallest * count / highest
        x, y, width = LEFT + (position + 0.1) * step, TOP + tallest - height, step * 0.8
        tick = "" if position % every else label
        bars.append(Mark(round(x, 2), round(y, 2), round(width, 2), round(height, 2), label, count, tick))
    levels = sorted({0, highest // 2, highest} if highest > 1 else {0, highest})
    return Histogram(tuple(bars), tuple((level, round(TOP + tallest * (1 - level / highest), 2)) for level in levels))


def distance_bins(distances: Mapping[int, int], reach: int) -> list[tuple[str, int]]:
    """Near matches by distance, four bits to a bin, from 0 to the reach or the farthest match."""
    if not distances:
        return []
    last = max(reach, *distances)
    return [
        (f"{low}–{min(low + 3, last)}", sum(distances.get(bits, 0) for bits in range(low, low + 4)))  # noqa: RUF001  # a range of numbers takes an en dash
        for low in range(0, last + 1, 4)
    ]


def time_bins(captured: Mapping[date, int]) -> list[tuple[str, int]]:
    """Items by month, or by year, decade or century where the months would be too many. Gaps are shown as zero."""
    if not captured:
        return []
    counts = {day.year * 12 + day.month - 1: 0 for day in captured}
    for day, count in captured.items():
        counts[day.year * 12 + day.month - 1] += count
    first, last = min(counts), max(counts)
    months = next(size for size in (1, 12, 120, 1200, 12_000) if last // size - first // size < _MOST_BINS)
    bins = dict.fromkeys(range(first // months, last // months + 1), 0)
    for month, count in counts.items():
        bins[month // months] += count
    return [(_period(number * months, months), count) for number, count in bins.items()]


def place_grid(places: Iterable[tuple[float, float, int]]) -> PlaceGrid:
    """(latitude, longitude, count) on a plain net that just holds them; larger counts make larger dots."""
    points = list(places)
    if not points:
        return PlaceGrid((), (), ())
    west, east = _range([longitude for _, longitude, _ in points], 180)
    south, north = _range([latitude for latitude, _, _ in points], 90)
    width, height = MAP_WIDTH - LEFT - RIGHT, MAP_HEIGHT - TOP - BOTTOM

    def x_of(longitude: float) -> float:
        return round(LEFT + width * (longitude - west) / (east - west), 2)

    def y_of(latitude: float) -> float:
        return round(TOP + height * (north - latitude) / (north - south), 2)

    most = max(count for _, _, count in points)
    dots = tuple(
        Dot(x_of(lon), y_of(lat), round(5 + 13 * math.sqrt(count / most), 2), f"{lat:.2f}, {lon:.2f}", count)
        for lat, lon, count in sorted(points, key=lambda point: -point[2])
    )
    meridians = tuple((_compass(line, "E", "W"), x_of(line)) for line in _lines(west, east))
    parallels = tuple((_compass(line, "N", "S"), y_of(line)) for line in _lines(south, north))
    return PlaceGrid(dots, meridians, parallels)


def _range(values: Sequence[float], limit: float) -> tuple[float, float]:
    """A stretch with some air around the values, never smaller than a tenth of a degree, within ±limit."""
    low, high = min(values), max(values)
    air = max(0.05, (high - low) * 0.12)
    return max(-limit - 0.05, low - air), min(limit + 0.05, high + air)


def _lines(low: float, high: float) -> list[float]:
    """Round degrees between the two, at most eight."""
    step = next(step for step in _GRID_STEPS if (high - low) / step <= 8)
    return [round(number * step, 4) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _round_up(count: int) -> int:
    """A round number not far above, even if over 1, so that half of it is a whole number too."""
    if count <= 10:
        return next(number for number in (1, 2, 4, 6, 8, 10) if number >= count)
    power: int = 10 ** (len(str(count)) - 2)
    return next(
        number * power for number in (10, 12, 14, 16, 20, 24, 30, 40, 50, 60, 80, 100) if number * power >= count
    )


def _compass(degrees: float, positive: str, negative: str) -> str:
    side = positive if degrees > 0 else negative if degrees < 0 else ""
    return f"{abs(degrees):g}° {side}".rstrip()


def _period(month: int, months: int) -> str:
    year = month // 12
    if months == 1:
        return f"{year:04d}-{month % 12 + 1:02d}"
    return f"{year:04d}" if months == 12 else f"{year:04d}s"
