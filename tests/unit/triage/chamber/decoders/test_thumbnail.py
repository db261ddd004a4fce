"""A thumbnail agrees with its picture, whatever bars it carries, and disagrees with a crop."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from demo.pictures import crop, photo_like
from hashsets.algorithms import pdq
from triage.chamber.decoders.thumbnail import without_bars
from triage.domain.findings import THUMBNAIL_DISAGREES_ABOVE


def boxed(picture: Image.Image, quality: int = 70) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """As cameras do it: fitted into 160 by 120, the rest black, through JPEG."""
    small = picture.copy()
    small.thumbnail((160, 120))
    box = Image.new("RGB", (160, 120))
    box.paste(small, ((160 - small.width) // 2, (120 - small.height) // 2))
    file = io.BytesIO()
    box.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def distance(main: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], thumbnail: Image.Image) -> int:
    inner = without_bars(boxed(thumbnail), main.shape[1], main.shape[0])
    pairs = zip(pdq.pdq_both(main), pdq.pdq_both(inner), strict=True)
    return min(pdq.distance(variant, small.value) for big, small in pairs for variant in big.variants)


@pytest.mark.parametrize("sides", [(800, 600), (900, 600), (960, 540), (600, 900), (700, 700)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_its_own_thumbnail_agrees(sides: tuple[int, int], seed: int) -> None:
    """4:3, 3:2, 16:9, upright and square, each boxed."""
    main = np.asarray(photo_like(seed, *sides))
    assert distance(main, Image.fromarray(main)) <= THUMBNAIL_DISAGREES_ABOVE


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_turned_picture_agrees_with_its_thumbnail(seed: int) -> None:
    """Software turns pictures and forgets the thumbnail."""
    lying = np.asarray(photo_like(seed, 900, 600))
    standing = np.ascontiguousarray(lying.transpose(1, 0, 2))
    assert distance(standing, Image.fromarray(lying)) <= THUMBNAIL_DISAGREES_ABOVE


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("part", [(0.06, 0.06, 0.94, 0.94), (0, 0, 0.85, 1), (0.125, 0, 0.875, 1)])
def test_a_crop_disagrees_with_the_old_thumbnail(seed: int, part: tuple[float, float, float, float]) -> None:
    """What the editor cut away is still in the thumbnail."""
    whole = np.asarray(photo_like(seed, 1000, 750))
    assert distance(crop(whole, *part), Image.fromarray(whole)) > THUMBNAIL_DISAGREES_ABOVE


def test_a_bright_edge_is_no_bar() -> None:
    """Only black is cut away."""
    thumbnail = np.full((120, 160, 3), 200, np.uint8)
    assert without_bars(thumbnail, 1600, 900).shape == (120, 160, 3)
    assert without_bars(np.zeros((120, 160, 3), np.uint8), 1600, 900).shape[0] == 90


def test_a_thumbnail_of_which_nothing_would_be_left_stays_as_it_is() -> None:
    """A main picture a million times as high as wide: its strip in the thumbnail is thinner than a pixel."""
    black = np.zeros((120, 160), np.uint8)
    assert without_bars(black, 1, 1 << 20).shape == (120, 160)
