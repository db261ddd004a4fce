"""How concentrated a picture's grey levels are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

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
    thirds = np.repeat(np.array([[0, 8, 100]], np.uint8), 1200, axis=0).repeat(1200, axis=1)
    assert concentration(thirds) == 66
    assert concentration(thirds + np.uint8(7)) == 66


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


def test_strokes_stay_black_and_white() -> None:
    """Only what is finer than a stroke is averaged."""
    page = np.full((2000, 1500), 255, np.uint8)
    for row in range(0, 2000, 64):
        page[row : row + 12] = 0
    assert concentration(page) >= 80


@pytest.mark.parametrize("sides", [(320, 240), (1200, 900)])
def test_a_picture_of_black_and_white_dots_has_its_greys_again(sides: tuple[int, int]) -> None:
    """A photograph stored with one bit a pixel holds as much as it did: it must go on matching."""
    dotted = np.asarray(Image.fromarray(photo_like(5, *sides)).convert("1").convert("L"))
    assert set(np.unique(dotted)) == {0, 255}
    assert concentration(dotted) < 60


def test_a_picture_smaller_than_a_patch_is_measured_too() -> None:
    """Patches end with the picture."""
    assert concentration(np.array([[0, 255]], np.uint8)) == 100
    assert concentration(draw.noise(3, 2, 1)) <= 100
