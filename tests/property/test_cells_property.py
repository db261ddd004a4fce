"""The grid's promise: near captures always share a cell, and captures that share one are never far apart."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from triage.domain.cells import EARTH_RADIUS_METRES, Tolerance, cells_of, is_plausible_place
from triage.domain.findings import CaptureTime, Place

START = datetime(2015, 6, 1)  # noqa: DTZ001 - wall-clock time, as EXIF has it
OFFSETS = st.none() | st.integers(-720, 840)
TOLERANCES = st.builds(Tolerance, metres=st.integers(1, 2_000), seconds=st.integers(1, 86_400))
LONGITUDES = st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 179.9999999, -179.9999999, 0.0])
LATITUDES = st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 89.9999, -89.9999, 0.0])
BELOW_80 = st.floats(-80, 80)


def metres_between(one: Place, other: Place) -> float:
    """Great-circle distance by the haversine, which is exact enough for near points."""
    lat_one, lat_other = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = (
        math.sin((lat_other - lat_one) / 2) ** 2 + math.cos(lat_one) * math.cos(lat_other) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_METRES * math.asin(math.sqrt(min(1.0, half)))


def moved(place: Place, metres: float, bearing: float) -> Place:
    """The point so many metres away in a direction (radians), also over a pole or the date line."""
    angle = metres / EARTH_RADIUS_METRES
    lat, lon = math.radians(place.latitude), math.radians(place.longitude)
    sine = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)
    new_lat = math.asin(max(-1.0, min(1.0, sine)))
    turn = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(new_lat)
    )
    new_lon = (math.degrees(lon + turn) + 540.0) % 360.0 - 180.0
    return Place(math.degrees(new_lat), new_lon)


@given(
    st.builds(Place, LATITUDES, LONGITUDES),
    TOLERANCES,
    st.floats(0, 1),
    st.floats(0, 2 * math.pi),
    st.floats(-1, 1),
    st.datetimes(datetime(1995, 1, 1), datetime(2095, 1, 1)),  # noqa: DTZ001 - wall-clock times
    OFFSETS,
    OFFSETS,
)
def test_captures_within_both_tolerances_share_a_cell(
    place: Place,
    tolerance: Tolerance,
    share: float,
    bearing: float,
    time_share: float,
    local: datetime,
    offset: int | None,
    other_offset: int | None,
) -> None:
    """Anywhere on Earth, poles and date line included, whatever zones the two cameras were set to."""
    other = moved(place, share * tolerance.metres, bearing)
    assume(metres_between(place, other) <= tolerance.metres)
    assume(is_plausible_place(place, tolerance) and is_plausible_place(other, tolerance))
    if offset is None or other_offset is None:
        offset = other_offset = None
    shift = timedelta(seconds=time_share * tolerance.seconds, minutes=(other_offset or 0) - (offset or 0))
    one = cells_of(place, CaptureTime(local, offset), tolerance)
    two = cells_of(other, CaptureTime(local + shift, other_offset), tolerance)
    assert set(one) & set(two)
    assert 1 <= len(set(one)) == len(one) <= 8


@given(
    st.builds(Place, BELOW_80, LONGITUDES),
    TOLERANCES,
    st.floats(-4, 4),
    st.floats(-4, 4),
    st.floats(-4, 4),
)
def test_captures_that_share_a_cell_are_at_most_three_tolerances_apart_on_each_axis(
    place: Place, tolerance: Tolerance, north: float, east: float, later: float
) -> None:
    """North-south, east-west and in time; 1 % more for rows whose edges differ in length."""
    reach = math.degrees(tolerance.metres / EARTH_RADIUS_METRES)
    latitude = max(-80.0, min(80.0, place.latitude + north * reach))
    longitude = place.longitude + east * reach / math.cos(math.radians(place.latitude))
    other = Place(latitude, (longitude + 540.0) % 360.0 - 180.0)
    shift = timedelta(seconds=later * tolerance.seconds)
    one = cells_of(place, CaptureTime(START, 0), tolerance)
    two = cells_of(other, CaptureTime(START + shift, 0), tolerance)
    if not set(one) & set(two):
        return
    most = 3 * tolerance.metres * 1.01
    assert metres_between(place, Place(other.latitude, place.longitude)) <= most
    assert metres_between(Place(place.latitude, other.longitude), place) <= most
    assert abs(shift) <= timedelta(seconds=3 * tolerance.seconds)


@given(st.floats(0, 12), st.floats(0, 12), LONGITUDES, LONGITUDES, st.integers(10, 10_000), st.sampled_from([-1, 1]))
def test_near_a_pole_captures_that_share_a_cell_are_at_most_nine_tolerances_apart(
    one_away: float, other_away: float, longitude: float, other_longitude: float, metres: int, side: int
) -> None:
    """Columns widen where meridians meet, but never to the far side of the ice."""
    tolerance = Tolerance(metres, 60)
    reach = math.degrees(metres / EARTH_RADIUS_METRES)
    one = Place(side * (90 - one_away * reach), longitude)
    other = Place(side * (90 - other_away * reach), other_longitude)
    moment = CaptureTime(START, 0)
    if set(cells_of(one, moment, tolerance)) & set(cells_of(other, moment, tolerance)):
        assert metres_between(one, other) <= 9 * metres
