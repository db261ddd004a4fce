"""What of the world a map shows: all that reaches into its window, and not the rest of it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from triage.interfaces.web.review.drawing import Window, window
from triage.interfaces.web.review.land import countries, land

BANGKOK = (13.7, 100.5, 3)
RUSSIA, CANADA = 'id="c643"', 'id="c124"'


def test_a_map_of_one_city_has_its_country_and_its_neighbours() -> None:
    """Ten kilobytes or so, where the world has more than a hundred."""
    shown = land(window([BANGKOK]))
    assert all(f'id="c{code}"' in shown for code in ("764", "116", "418", "704", "104"))
    assert CANADA not in shown
    assert len(shown) < len(land(Window(-180, -90, 360, 180))) / 5


def test_a_country_with_no_point_in_the_window_is_there_where_the_window_lies_inside_it() -> None:
    """Else a map of its middle would be all sea."""
    assert RUSSIA in land(Window(73.0, -55.2, 0.8, 0.4))


def test_a_map_of_the_world_has_every_country() -> None:
    assert land(Window(-180, -90, 360, 180)).count("<path") == len(countries()) > 170


@given(st.floats(-180, 170), st.floats(-90, 85), st.floats(0.5, 40))
def test_whatever_has_a_corner_in_the_window_is_shown(x: float, y: float, height: float) -> None:
    looked_at = Window(x, y, 2 * height, height)
    shown = land(looked_at)
    for country in countries():
        corners = [(float(a), float(b)) for a, b in re.findall(r"(-?[\d.]+) (-?[\d.]+)", country.path)]
        if any(x <= a <= x + 2 * height and y <= b <= y + height for a, b in corners):
            assert country.path in shown
