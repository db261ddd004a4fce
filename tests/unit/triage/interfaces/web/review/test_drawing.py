"""Where marks stand: everything inside its drawing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.interfaces.web.review.drawing import GRAPH_HEIGHT, GRAPH_WIDTH, ring, window

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
