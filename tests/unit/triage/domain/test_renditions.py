"""Stills: how many, and which frame each is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.items import ItemKind
from triage.domain.renditions import STILLS, frame_of, middle_still, stills_of


@given(st.integers(1, 1 << 31))
def test_stills_lie_in_order_within_the_frames(frames: int) -> None:
    """Each in its own stretch; where there are enough frames no two are one, and the first is not the first frame."""
    places = [frame_of(still, STILLS, frames) for still in range(1, STILLS + 1)]
    assert places == sorted(places)
    assert all(0 <= place < frames for place in places)
    if frames >= 2 * STILLS:
        assert len(set(places)) == STILLS
        assert places[0] > 0
        stretches = [place * STILLS // frames + 1 for place in places]
        assert stretches == list(range(1, STILLS + 1))


@given(st.integers(1, STILLS))
def test_of_as_many_frames_as_stills_each_is_one(frames: int) -> None:
    """A short animation shows every frame under its own number."""
    stills = stills_of(ItemKind.RASTER, "gif", frames)
    assert [frame_of(still, stills, frames) for still in range(1, stills + 1)] == list(range(frames))


@pytest.mark.parametrize(
    ("kind", "format_name", "frames", "stills"),
    [
        (ItemKind.VIDEO, "mp4", 1, STILLS),
        (ItemKind.VIDEO, "mp4", 1 << 31, STILLS),
        (ItemKind.VIDEO, "", 1, STILLS),
        (ItemKind.RASTER, "jpeg", 1, 1),
        (ItemKind.RASTER, "tiff", 40, 1),
        (ItemKind.RASTER, "gif", 40, STILLS),
        (ItemKind.RASTER, "png", 3, 3),
    ],
)
def test_how_many(kind: ItemKind, format_name: str, frames: int, stills: int) -> None:
    """A video has all, whatever its container says; pages have one."""
    assert stills_of(kind, format_name, frames) == stills


def test_the_middle_one_is_offered_first() -> None:
    """Of nine the fifth, of one the only one."""
    assert [middle_still(stills) for stills in (1, 2, 3, 9)] == [1, 1, 2, 5]
