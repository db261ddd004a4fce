"""Charts keep their proportions and stay inside their boxes."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.exporters.charts import (
    BAR_WIDTH,
    CHART_HEIGHT,
    CHART_WIDTH,
    LEFT,
    MAP_HEIGHT,
    MAP_WIDTH,
    RIGHT,
    distance_bins,
    histogram,
    place_grid,
    stacked_bar,
    time_bins,
)

COUNTS = st.integers(min_value=0, max_value=10**9)


@given(st.lists(COUNTS, max_size=12))
def test_segments_fill_the_bar_without_gaps(counts: list[int]) -> None:
    """Each begins where the one before ends, and the last ends at the end; none is too thin to see."""
    marks = stacked_bar([(str(number), count) for number, count in enumerate(counts)])
    assert [mark.count for mark in marks] == [count for count in counts if count]
    for before, after in pairwise(marks):
        assert before.x + before.width == pytest.approx(after.x, abs=0.05)
    if marks:
        assert marks[-1].x + marks[-1].width == pytest.approx(BAR_WIDTH, abs=0.05)
        assert min(mark.width for mark in marks) > 3


@given(st.lists(COUNTS, min_size=1, max_size=80))
def test_bars_stand_inside_the_chart_in_proportion(counts: list[int]) -> None:
    """The highest bar is highest, nothing leaves the box, and the rules are whole numbers."""
    chart = histogram([(str(number), count) for number, count in enumerate(counts)])
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= CHART_WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= CHART_HEIGHT
    heights = {bar.count: bar.height for bar in chart.bars}
    assert sorted(heights.values()) == [heights[count] for count in sorted(heights)]
    levels = [level for level, _ in chart.rules]
    assert levels[0] == 0
    assert levels[-1] >= max(counts)
    assert len(levels) < 3 or levels[1] * 2 == levels[2]


def test_labels_are_thinned_until_they_fit() -> None:
    """Sixty months cannot all be named."""
    chart = histogram([(f"2020-{number:02d}", 1) for number in range(60)])
    assert 5 <= sum(bool(bar.tick) for bar in chart.bars) <= 15


def test_distances_are_binned_from_zero_to_the_reach() -> None:
    """Four bits to a bin; empty bins are kept, so that the shape can be read."""
    bins = distance_bins({0: 2, 3: 1, 30: 5}, reach=31)
    assert [count for _, count in bins] == [3, 0, 0, 0, 0, 0, 0, 5]
    assert bins[0][0] == "0–3"  # noqa: RUF001  # a range of numbers takes an en dash
    assert bins[-1][0] == "28–31"  # noqa: RUF001  # a range of numbers takes an en dash


def test_a_match_beyond_the_ordinary_reach_is_shown() -> None:
    """A set may ask for a larger reach; its matches are not dropped."""
    assert sum(count for _, count in distance_bins({44: 3}, reach=31)) == 3


def test_months_without_pictures_are_shown_as_gaps() -> None:
    """A gap in time says something; it is not closed up."""
    assert time_bins({date(2025, 11, 3): 2, date(2026, 2, 1): 1}) == [
        ("2025-11", 2),
        ("2025-12", 0),
        ("2026-01", 0),
        ("2026-02", 1),
    ]


@given(st.dictionaries(st.dates(), st.integers(min_value=1, max_value=10**6), max_size=30))
def test_no_span_of_time_makes_too_many_bars_or_loses_items(captured: dict[date, int]) -> None:
    """From one month to nine thousand years."""
    bins = time_bins(captured)
    assert len(bins) <= 60
    assert sum(count for _, count in bins) == sum(captured.values())
    assert len({label for label, _ in bins}) == len(bins)


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.integers(1, 10**6)), max_size=40))
def test_every_place_is_on_the_net(places: list[tuple[float, float, int]]) -> None:
    """One dot for each place, inside the box, larger for more items, over at most a handful of lines."""
    grid = place_grid(places)
    assert len(grid.dots) == len(places)
    for dot in grid.dots:
        assert 0 <= dot.x <= MAP_WIDTH
        assert 0 <= dot.y <= MAP_HEIGHT
    assert [dot.radius for dot in grid.dots] == sorted((dot.radius for dot in grid.dots), reverse=True)
    assert len(grid.meridians) <= 9
    assert len(grid.parallels) <= 9


def test_north_is_up_and_east_is_right() -> None:
    """The net is read as a map."""
    (north_east, south_west) = place_grid([(10.0, 20.0, 2), (-10.0, -20.0, 1)]).dots
    assert north_east.y < south_west.y
    assert north_east.x > south_west.x


def test_a_single_place_has_a_net_around_it() -> None:
    """One dot in the middle, with lines to read its position by."""
    grid = place_grid([(9.5, 102.3, 4)])
    assert grid.dots[0].x == pytest.approx((LEFT + MAP_WIDTH - RIGHT) / 2)
    assert grid.meridians
    assert grid.parallels


def test_nothing_gives_empty_charts() -> None:
    """Empty input draws nothing and fails nowhere."""
    assert stacked_bar([]) == ()
    assert histogram([]).bars == ()
    assert distance_bins({}, 31) == []
    assert time_bins({}) == []
    assert place_grid([]).dots == ()
