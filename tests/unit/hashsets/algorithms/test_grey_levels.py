"""How concentrated a picture's grey levels are."""

from __future__ import annotations

import numpy as np
import pytest

from demo.pictures import flat_picture, photo_like
from hashsets.algorithms.grey_levels import concentration
from tests.unit.hashsets.algorithms import drawn_pictures as draw


def test_one_colour_is_wholly_concentrated() -> None:
    """In colour and in grey, large and of a single pixel."""
    assert concentration(draw.flat(40, 30)) == 100
    assert concentration(draw.grey(draw.flat(700, 900))) == 100
    assert concentration(np.zeros((1, 1), np.uint8)) == 100


def test_a_share_is_counted_and_rounded_down() -> None:
    """Two of three equal parts: 66 percent, not 67; levels are eight grey values wide."""
    thirds = np.repeat(np.array([[0, 7, 8, 15, 100, 101]], np.uint8), 100, axis=0)
    assert concentration(thirds) == 66


def test_colours_are_taken_as_grey() -> None:
    """White is the highest level and does not run over."""
    assert concentration(draw.flat(9, 9, (255, 255, 255))) == 100
    half = np.concatenate([draw.flat(20, 20, (255, 255, 255)), draw.noise(20, 20, 1)])
    assert 50 <= concentration(half) <= 75


@pytest.mark.parametrize("seed", range(4))
def test_pictures_like_photographs_are_far_below_flat_ones(seed: int) -> None:
    """The measure that the policy's threshold stands on; the figures are in DECISIONS.md."""
    assert concentration(photo_like(seed, 800, 600)) < 50
    assert concentration(flat_picture(seed, 800, 600)) > 60


def test_a_large_picture_is_sampled_not_averaged() -> None:
    """Thin black lines on white stay black and white."""
    page = np.full((2000, 1500), 255, np.uint8)
    page[::8] = 0
    assert concentration(page) == 100
