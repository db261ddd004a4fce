"""PDQ by a JPEG's own luma: near its exact values wherever it is sure, and silent where it is not."""

from __future__ import annotations

import io

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from bench.drawn_pages import dotted, text_page
from demo.pictures import flat_picture, photo_like
from hashsets.algorithms.pdq import distance, pdq_both
from hashsets.algorithms.pdq_luma import pdq_luma
from hashsets.algorithms.rasters import Raster
from hashsets.vocabulary import ESTIMATE_MARGIN, Profile


def jpeg(picture: Raster, quality: int = 85, subsampling: int = 2) -> bytes:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, "JPEG", quality=quality, subsampling=subsampling)
    return target.getvalue()


def luma_and_rgb(data: bytes) -> tuple[Raster, Raster]:
    luma = simplejpeg.decode_jpeg(data, "GRAY")
    return luma.reshape(luma.shape[:2]), simplejpeg.decode_jpeg(data, "RGB")


def vivid(picture: Raster, factor: float) -> Raster:
    """Colours far outside what a screen shows, cut there."""
    levels = picture.astype(np.float32)
    grey = levels.mean(axis=2, keepdims=True)
    return np.clip(grey + factor * (levels - grey), 0, 255).astype(np.uint8)


PICTURES = {
    "photo": lambda: photo_like(1, 1300, 1000),
    "wide photo": lambda: photo_like(2, 2400, 700),
    "vivid photo": lambda: vivid(photo_like(3, 1300, 1000), 5),
    "photo in dots": lambda: dotted(4),
}


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("subsampling", [0, 2])
def test_each_variant_lies_within_the_margin_of_its_exact_one(kind: str, subsampling: int) -> None:
    """In both profiles: a set may list either, and a copy may be turned."""
    luma, rgb = luma_and_rgb(jpeg(PICTURES[kind](), subsampling=subsampling))
    estimates = pdq_luma(luma)
    assert estimates
    exact = {one.profile: one for one in pdq_both(rgb)}
    assert [one.profile for one in estimates] == [Profile.PDQ_LUMA, Profile.PDQ_LUMA512]
    for estimate in estimates:
        pairs = zip(estimate.variants, exact[estimate.profile.exact].variants, strict=True)
        assert max(distance(*pair) for pair in pairs) <= ESTIMATE_MARGIN
        assert estimate.quality == exact[estimate.profile.exact].quality


def test_of_a_grey_raster_they_are_the_exact_values() -> None:
    """Without colour there is nothing to estimate; only the quality's rounding is taken at its least."""
    grey = np.ascontiguousarray(photo_like(5, 1300, 1000)[..., 1])
    estimates = pdq_luma(grey)
    assert estimates
    ref512, full = pdq_both(grey)
    assert [one.variants for one in estimates] == [full.variants, ref512.variants]


@pytest.mark.parametrize(
    "picture",
    [
        flat_picture(1, 1300, 1000),
        np.concatenate([photo_like(6, 800, 1000), photo_like(6, 800, 1000)[:, ::-1]], axis=1),
        text_page(7, paper=255, ink=200),
        photo_like(8, 900, 700),
        photo_like(9, 4000, 500),
    ],
    ids=["flat", "mirrored", "faint text", "small", "narrow"],
)
def test_where_bits_hang_on_rounding_there_is_no_estimate(picture: Raster) -> None:
    """Nothing, rather than a value that may lie anywhere."""
    assert pdq_luma(luma_and_rgb(jpeg(picture))[0]) is None
