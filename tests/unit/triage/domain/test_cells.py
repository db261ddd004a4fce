"""The grid's edges: the date line, the poles, clocks that were never set, receivers without a fix."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from triage.domain.cells import Cell, Tolerance, cells_of, occasions
from triage.domain.findings import CaptureTime, Place

TOLERANCE = Tolerance(metres=100, seconds=1800)
NOON = datetime(2026, 5, 1, 12, 0)  # noqa: DTZ001 - wall-clock time, as EXIF has it
HALL = Place(13.7563, 100.5018)


def cells(place: Place = HALL, local: datetime = NOON, offset: int | None = 0) -> set[Cell]:
    return set(cells_of(place, CaptureTime(local, offset), TOLERANCE))


def test_the_date_line_divides_nothing() -> None:
    """+180° and -180° are one meridian, and two points across it are neighbours."""
    assert cells(Place(-16.5, 180.0)) == cells(Place(-16.5, -180.0))
    assert cells(Place(-16.5, 179.9996)) & cells(Place(-16.5, -179.9996))


@pytest.mark.parametrize("latitude", [90.0, -90.0])
def test_all_meridians_meet_at_a_pole(latitude: float) -> None:
    """Longitude means nothing there."""
    assert cells(Place(latitude, 0.0)) == cells(Place(latitude, 123.0))


def test_the_same_moment_in_two_zones_is_the_same_time() -> None:
    """19:00 at +07:00 is noon in UTC."""
    assert cells(offset=0) == cells(local=NOON + timedelta(hours=7), offset=420)


def test_a_wall_clock_without_offset_is_never_compared_with_a_stated_one() -> None:
    """It could be anywhere within a day; equal figures would be chance."""
    assert not cells(offset=None) & cells(offset=0)
    assert cells(offset=None) & cells(local=NOON + timedelta(minutes=20), offset=None)


@pytest.mark.parametrize(
    "place",
    [
        Place(0.0, 0.0),
        Place(-0.0, 0.0),
        Place(0.0005, 0.0005),
        Place(91.0, 0.0),
        Place(0.0, 181.0),
        Place(float("nan"), 5.0),
        Place(5.0, float("inf")),
    ],
)
def test_no_fix_and_impossible_places_are_no_place(place: Place) -> None:
    """Receivers write 0°, 0° without a fix; it must not tie the world together."""
    assert cells(place) == set()


def test_the_equator_and_the_prime_meridian_are_places() -> None:
    """Only their crossing is not."""
    assert cells(Place(0.0, 32.5))
    assert cells(Place(51.4779, 0.0))


@pytest.mark.parametrize("year", [1, 1970, 1989, 2101, 9999])
def test_a_clock_that_was_never_set_gives_no_time(year: int) -> None:
    """Years without digital cameras come from reset clocks and damaged fields."""
    assert cells(local=NOON.replace(year=year)) == set()


@pytest.mark.parametrize("offset", [-1440, 1440, 10**12])
def test_an_impossible_offset_gives_no_time(offset: int) -> None:
    """No clock is a day ahead; nor may a damaged field overflow the calendar."""
    assert cells(offset=offset) == set()


def test_cells_of_another_tolerance_have_other_keys() -> None:
    """Links made under two configurations never mix."""
    wider = cells_of(HALL, CaptureTime(NOON, 0), Tolerance(metres=101, seconds=1800))
    assert not {cell.key for cell in cells()} & {cell.key for cell in wider}


@pytest.mark.parametrize(("metres", "seconds"), [(0, 60), (10_001, 60), (100, 0), (100, 86_401)])
def test_a_tolerance_has_bounds(metres: int, seconds: int) -> None:
    """Nearer than GPS can say, or a whole day and region, is a mistake in the configuration."""
    with pytest.raises(ValueError, match="tolerances"):
        Tolerance(metres, seconds)


def test_one_coincidence_is_one_occasion() -> None:
    """Several shared cells, or an evening of pictures, are still one meeting."""
    evening = set[Cell]().union(*(cells(local=NOON + timedelta(minutes=30 * step)) for step in range(8)))
    assert occasions(cells()) == 1
    assert occasions(evening) == 1


def test_meetings_on_two_days_are_two_occasions() -> None:
    """Separate in time."""
    assert occasions(cells() | cells(local=NOON + timedelta(days=1))) == 2


def test_stated_and_unstated_clocks_of_one_evening_are_one_occasion() -> None:
    """The larger count of the two spaces is taken, not the sum."""
    assert occasions(cells() | cells(offset=None)) == 1
    assert occasions([]) == 0
