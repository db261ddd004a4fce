"""Made-up pictures behave like photographs where it matters here."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from demo.pictures import crop, flat_picture, photo_like, resized


def _jpeg_bytes(width: int, height: int, quality: int) -> int:
    buffer = io.BytesIO()
    Image.fromarray(photo_like(11, width, height)).save(buffer, "JPEG", quality=quality)
    return len(buffer.getvalue())


@pytest.mark.parametrize("sides", [(640, 480), (33, 21), (1, 1), (5, 900)])
def test_a_picture_has_the_sides_asked_for(sides: tuple[int, int]) -> None:
    """Rasters are uint8[height, width, 3], at any size."""
    width, height = sides
    picture = photo_like(4, width, height)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8


def test_the_same_seed_gives_the_same_picture() -> None:
    """Samples can be made again elsewhere."""
    assert np.array_equal(photo_like(7, 320, 240), photo_like(7, 320, 240))
    assert np.array_equal(flat_picture(7, 90, 160), flat_picture(7, 90, 160))


def test_another_seed_gives_another_picture() -> None:
    """Two seeds share neither composition nor grain."""
    difference = photo_like(7, 320, 240).astype(int) - photo_like(8, 320, 240)
    assert np.abs(difference).mean() > 20


def test_a_web_picture_compresses_like_a_photograph() -> None:
    """Two megapixels at quality 82 take about half a megabyte."""
    assert 0.35e6 < _jpeg_bytes(1920, 1080, 82) < 0.7e6


def test_a_phone_picture_compresses_like_a_photograph() -> None:
    """Twelve megapixels at quality 90 take three to four megabytes."""
    assert 2.8e6 < _jpeg_bytes(4032, 3024, 90) < 4.2e6


def test_a_flat_picture_holds_almost_nothing() -> None:
    """Its grey levels hardly change from pixel to pixel."""
    steps = np.abs(np.diff(flat_picture(5, 360, 640).astype(int), axis=0))
    assert steps.mean() < 0.1


def test_a_crop_takes_the_part_named_by_fractions() -> None:
    """Half the sides from a quarter on."""
    whole = photo_like(2, 200, 100)
    assert np.array_equal(crop(whole, 0.25, 0.5, 0.75, 1.0), whole[50:100, 50:150])


def test_a_resized_picture_keeps_its_shape() -> None:
    """Both sides shrink alike."""
    assert resized(photo_like(2, 200, 100), 0.5).shape == (50, 100, 3)
