"""A grid over place and time in which two captures that are near always share a cell.

Comparing captures in pairs is quadratic, so each capture is put into cells instead and shared cells are links.
Along each axis (north-south, east-west, time) cells are two tolerances wide and a capture joins its own cell and the
next one when that begins within a tolerance: 1.5 per axis on average, 3.4 in all, 8 at most away from the poles.
(Looking one way is enough: of two near captures the lower one reaches up into the cell of the higher.) Hence

- within one tolerance in place (great circle) and in time: always a cell in common;
- a cell in common: never further apart than three tolerances along any axis (within 1 % for latitudes up to 80°;
  up to nine tolerances in the last kilometres before a pole, where meridians meet).

Rows are bands of latitude from the south pole up. Each row is cut into a whole number of equal columns around the
globe, as many as its poleward edge allows, so that columns meet themselves at ±180°; a row that touches a pole is
one column.

A time without an offset is a wall clock somewhere on Earth: it can be compared with other such times, never with
times that state their offset. The two kinds live in spaces of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .findings import CaptureTime, Place

EARTH_RADIUS_METRES = 6_371_008.8
"""Mean radius of the IUGG; the sphere is wrong by at most 0.6 %, far below what a tolerance means."""

PLAUSIBLE_YEARS = range(1990, 2101)
"""Outside of these a camera's clock was never set, or the field is damaged."""

_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a naive origin for naive wall-clock times
_ROUNDING = 1 + 1e-6  # widens bounds by a millionth, so that rounding never loses a pair exactly at the tolerance


class TimeSpace(StrEnum):
    """What a cell's time counts from."""

    UTC = "utc"
    WALL_CLOCK = "wall-clock"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How near is near: `metres` from 1 to 10,000, `seconds` from 1 to 86,400."""

    metres: int
    seconds: int

    def __post_init__(self) -> None:
        if not (1 <= self.metres <= 10_000 and 1 <= self.seconds <= 86_400):
            raise ValueError("tolerances are 1 to 10,000 metres and 1 to 86,400 seconds")

    @property
    def degrees(self) -> float:
        """The distance as an angle at the centre of the Earth."""
        return math.degrees(self.metres * _ROUNDING / EARTH_RADIUS_METRES)

    @property
    def duration(self) -> timedelta:
        """The time as a duration."""
        return timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. Its key names the tolerance, so that cells of another configuration are never confused with it."""

    tolerance: Tolerance
    space: TimeSpace
    step: int  # time cells since 2000-01-01, negative before
    row: int
    column: int

    @property
    def key(self) -> str:
        """For instance `100m/1800s/utc/213412/57718/92312`."""
        size = f"{self.tolerance.metres}m/{self.tolerance.seconds}s"
        return f"{size}/{self.space}/{self.step}/{self.row}/{self.column}"

    @classmethod
    def from_key(cls, key: str) -> Cell:
        """The cell that a key names. Raises ValueError for anything else."""
        metres, seconds, space, step, row, column = key.split("/")
        tolerance = Tolerance(int(metres.removesuffix("m")), int(seconds.removesuffix("s")))
        return cls(tolerance, TimeSpace(space), int(step), int(row), int(column))

    @property
    def centre(self) -> Place:
        """The middle of the cell."""
        columns = _columns_of(self.row, self.tolerance)
        latitude = min(_row_floor(self.row, self.tolerance) + self.tolerance.degrees, 90.0)
        longitude = (self.column + 0.5) * 360.0 / columns - 180.0 if columns > 1 else 0.0
        return Place(latitude, longitude)

    @property
    def middle(self) -> datetime:
        """The middle of the cell's time, naive, in the cell's space."""
        return _EPOCH + self.tolerance.duration * (2 * self.step + 1)


def cells_of(place: Place, captured: CaptureTime, tolerance: Tolerance) -> tuple[Cell, ...]:
    """Every cell that the capture joins, in a fixed order; none where place or time cannot be meant."""
    if not (is_plausible_place(place, tolerance) and is_plausible_time(captured)):
        return ()
    space = TimeSpace.WALL_CLOCK if captured.offset_minutes is None else TimeSpace.UTC
    squares = [
        (row, column)
        for row in _rows(place.latitude, tolerance)
        for column in _columns(place.longitude, row, tolerance)
    ]
    return tuple(
        Cell(tolerance, space, step, row, column) for step in _steps(captured, tolerance) for row, column in squares
    )


def is_plausible_place(place: Place, tolerance: Tolerance) -> bool:
    """Whether the position is on Earth and not the 0°, 0° that receivers write when they have no fix."""
    if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):  # also false for NaN
        return False
    return math.hypot(place.latitude, place.longitude) > tolerance.degrees


def is_plausible_time(captured: CaptureTime) -> bool:
    """Whether the year is one in which digital cameras existed and the offset one that clocks have."""
    offset = captured.offset_minutes or 0
    return captured.local.year in PLAUSIBLE_YEARS and -24 * 60 < offset < 24 * 60


def occasions(cells: Iterable[Cell]) -> int:
    """How many separate times the cells speak of: cells that touch in time are one occasion.

    One coincidence fills several cells and one evening fills a row of them; neither is more than one occasion.
    Wall-clock and UTC cells may speak of the same evening, so the larger of the two counts is taken, not the sum.
    """
    steps: dict[TimeSpace, set[int]] = {space: set() for space in TimeSpace}
    for cell in cells:
        steps[cell.space].add(cell.step)
    return max(sum(1 for step in of_space if step - 1 not in of_space) for of_space in steps.values())


def _steps(captured: CaptureTime, tolerance: Tolerance) -> range:
    """Whole-number arithmetic on durations: exact."""
    since = captured.local - _EPOCH - timedelta(minutes=captured.offset_minutes or 0)
    reach = tolerance.duration
    return range(since // (2 * reach), (since + reach) // (2 * reach) + 1)


def _rows(latitude: float, tolerance: Tolerance) -> range:
    reach = tolerance.degrees
    last = math.ceil(180.0 / (2 * reach)) - 1
    first = math.floor((latitude + 90.0) / (2 * reach))
    final = math.floor((latitude + 90.0 + reach) / (2 * reach))
    return range(min(first, last), min(final, last) + 1)


def _row_floor(row: int, tolerance: Tolerance) -> float:
    return row * 2 * tolerance.degrees - 90.0


def _widest_longitude(row: int, tolerance: Tolerance) -> float | None:
    """Largest difference in longitude, in degrees, between a point of the row and one a tolerance away.

    None when the tolerance around such a point may hold a pole. (From the spherical triangle of the pole, the point
    and the meridian that touches the circle around it: sin Δλ = sin reach / cos latitude.)
    """
    floor = _row_floor(row, tolerance)
    poleward = min(max(abs(floor), abs(floor + 2 * tolerance.degrees)), 90.0)
    ratio = math.sin(math.radians(tolerance.degrees)) / max(math.cos(math.radians(poleward)), 1e-12)
    return math.degrees(math.asin(ratio)) if ratio < 1 else None


def _columns_of(row: int, tolerance: Tolerance) -> int:
    reach = _widest_longitude(row, tolerance)
    return 1 if reach is None else max(1, math.floor(360.0 / (2 * reach)))


def _columns(longitude: float, row: int, tolerance: Tolerance) -> tuple[int, ...]:
    reach = _widest_longitude(row, tolerance)
    count = _columns_of(row, tolerance)
    if reach is None or count == 1:
        return (0,)
    width = 360.0 / count
    first = math.floor((longitude + 180.0) / width)
    final = math.floor((longitude + 180.0 + reach) / width)
    return tuple(sorted({column % count for column in range(first, final + 1)}))
