"""How many frames a GIF has, whatever was done to make counting long."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from triage.chamber.decoders.gif_frames import MOST_FRAMES, count

HEAD = b"GIF89a\x10\0\x10\0\x80\0\0" + bytes(6)
FRAME = b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"


@pytest.mark.parametrize("frames", [1, 2, 37])
def test_as_many_as_were_written(frames: int) -> None:
    """Pillow counts the same."""
    target = io.BytesIO()
    first, *others = [Image.linear_gradient("L").rotate(turn).resize((64, 48)) for turn in range(frames)]
    first.save(target, "GIF", save_all=True, append_images=others)
    with Image.open(target) as image:
        assert count(target) == image.n_frames == frames


def test_a_million_frames_are_counted_so_far() -> None:
    """A GIF made to be counted for ever costs some milliseconds and keeps its fingerprints."""
    assert count(io.BytesIO(HEAD + FRAME * 1_000_000)) == MOST_FRAMES


@pytest.mark.parametrize("rest", [b"!\xfe" + b"\x01x" * 1_000_000, b"!\xfe\0" * 1_000_000])
def test_blocks_without_end_are_left(rest: bytes) -> None:
    """Comments of a million blocks, and a million comments."""
    assert count(io.BytesIO(HEAD + FRAME + rest + FRAME)) == 1


@pytest.mark.parametrize("data", [b"", b"GIF89a", HEAD, HEAD + FRAME[:5], HEAD + b"x" + FRAME])
def test_what_makes_no_sense_counts_as_one(data: bytes) -> None:
    """The first frame was decoded already, or nothing was."""
    assert count(io.BytesIO(data)) == 1
