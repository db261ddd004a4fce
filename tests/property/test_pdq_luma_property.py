"""Estimates by luma stay within their margin, whatever the picture, its colours and its compression."""

from __future__ import annotations

import io

import numpy as np
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from demo.pictures import photo_like
from hashsets.algorithms.pdq import distance, pdq_both
from hashsets.algorithms.pdq_luma import pdq_luma
from hashsets.vocabulary import ESTIMATE_MARGIN


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(30, 96),
    st.sampled_from(["4:4:4", "4:2:0"]),
    st.floats(0, 6),
    st.floats(0.4, 2),
    st.floats(0, 30),
)
def test_the_margin_holds(
    seed: int, quality: int, subsampling: str, colour: float, light: float, noise: float
) -> None:
    """Or there is no estimate."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(photo_like(seed, 1000 + seed % 300, 1001))
    image = ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(colour)).enhance(light)
    noisy = np.clip(np.asarray(image) + rng.normal(0, noise, (image.height, image.width, 3)), 0, 255)
    target = io.BytesIO()
    Image.fromarray(noisy.astype(np.uint8)).save(target, "JPEG", quality=quality, subsampling=subsampling)
    luma = simplejpeg.decode_jpeg(target.getvalue(), "GRAY")
    estimates = pdq_luma(luma.reshape(luma.shape[:2]))
    if estimates is None:
        return
    exact = {one.profile: one for one in pdq_both(simplejpeg.decode_jpeg(target.getvalue(), "RGB"))}
    for estimate in estimates:
        pairs = zip(estimate.variants, exact[estimate.profile.exact].variants, strict=True)
        assert max(distance(*pair) for pair in pairs) <= ESTIMATE_MARGIN
