"""Where marks stand: everything inside its drawing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.interfaces.web.review.drawing import GRAPH_HEIGHT, GRAPH_WIDTH, Dot, dots, ring, window

PLACES = st.lists(st.tuples(st.floats(-89, 89), st.floats(-179, 179), st.integers(1, 99)), min_size=1, max_size=20)


@given(st.lists(st.integers(1, 999), unique=True, min_size=1, max_size=40))
def test_every_submission_stands_inside_the_drawing_and_on_its_own_spot(submissions: list[int]) -> None:
    graph = ring(submissions, [])
    assert len({(node.x, node.y) for node in graph.nodes}) == len(submissions)
    assert all(0 < node.x < GRAPH_WIDTH and 25 < node.y < graph.height for node in graph.nodes)


def test_two_submissions_lie_side_by_side_so_that_their_tie_hides_no_name() -> None:
    graph = ring([2, 1], [(1, 2, "camera-body", "1 camera body in both")])
    left, right = graph.nodes
    assert left.y == right.y
    assert graph.height < GRAPH_HEIGHT


def test_a_tie_to_a_submission_that_is_not_shown_is_left_out() -> None:
    graph = ring([1, 2], [(1, 2, "camera-body", "1 camera body in both"), (2, 3, "camera-body", "another")])
    assert [(edge.low, edge.high, edge.because) for edge in graph.edges] == [("S-1", "S-2", "1 camera body in both")]


@given(PLACES)
def test_the_window_holds_every_place_and_is_twice_as_wide_as_high(places: list[tuple[float, float, int]]) -> None:
    shown = window(places)
    for latitude, longitude, _ in places:
        assert shown.x - 0.02 <= longitude <= shown.x + shown.width + 0.02
        assert shown.y - 0.02 <= -latitude <= shown.y + shown.height + 0.02
    assert abs(shown.width - 2 * shown.height) < 0.05


@given(PLACES)
def test_marks_count_every_item_and_stand_at_places(places: list[tuple[float, float, int]]) -> None:
    """Each in the middle of nothing else: of marks that would hide one another there is one."""
    shown = window(places)
    marks = dots(places, shown)
    assert sum(mark.items for mark in marks) == sum(items for _, _, items in places)
    assert {(mark.latitude, mark.longitude) for mark in marks} <= {place[:2] for place in places}
    assert [mark.items for mark in marks] == sorted((mark.items for mark in marks), reverse=True)


def test_places_that_would_hide_each_other_have_one_mark_where_most_items_are() -> None:
    places = [(13.75, 100.5, 2), (13.76, 100.51, 5), (18.8, 99.0, 1)]
    assert dots(places, window(places)) == [Dot(13.76, 100.51, 7), Dot(18.8, 99.0, 1)]
