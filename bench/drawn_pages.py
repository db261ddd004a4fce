"""Made-up pages, forms and screens: pictures of little information that PDQ calls good. The words mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from demo.pictures import flat_picture, photo_like

Raster = NDArray[np.uint8]
WORDS = ("lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "elit", "sed", "do", "eiusmod", "tempor", "labore")


def text_page(seed: int, paper: int = 255, ink: int = 20) -> Raster:
    """A full page of lines, 1240 x 1754."""
    random, (image, draw) = np.random.default_rng((1, seed)), _blank(1240, 1754, (paper,) * 3)
    for top in range(100, 1650, 42):
        draw.text((100, top), _words(random, int(random.integers(3, 14))), font=_font(28), fill=(ink,) * 3)
    return np.asarray(image)


def scanned_page(seed: int) -> Raster:
    """The same on grey paper, with the noise of a scanner."""
    noise = np.random.default_rng((2, seed)).normal(0, 4, (1754, 1240, 1))
    return np.clip(text_page(seed, 225, 40) + noise, 0, 255).astype(np.uint8)


def form(seed: int) -> Raster:
    """One printed form, filled in differently."""
    random, (image, draw) = np.random.default_rng((3, seed)), _blank(1240, 1754, (255, 255, 255))
    draw.rectangle((0, 0, 1240, 140), fill=(60, 60, 60))
    for top in range(200, 1640, 120):
        draw.rectangle((60, top, 1180, top + 100), outline=(0, 0, 0), width=4)
        draw.text((320, top + 40), _words(random, int(random.integers(1, 6))), font=_font(30), fill=(20, 20, 20))
    return np.asarray(image)


def sign_in(seed: int) -> Raster:
    """One screen of one program, with other words in its fields."""
    random, (image, draw) = np.random.default_rng((4, seed)), _blank(1080, 1920, (245, 246, 248))
    draw.rectangle((0, 0, 1080, 220), fill=(30, 60, 140))
    for top in (500, 680, 860):
        draw.rounded_rectangle((90, top, 990, top + 120), 20, outline=(120, 120, 130), width=4)
        draw.text((120, top + 40), _words(random, 2), font=_font(40), fill=(30, 30, 30))
    draw.rounded_rectangle((90, 1100, 990, 1240), 30, fill=(30, 60, 140))
    return np.asarray(image)


def chat(seed: int) -> Raster:
    """A conversation on a bright screen."""
    random, (image, draw) = np.random.default_rng((5, seed)), _blank(1080, 1920, (250, 250, 250))
    draw.rectangle((0, 0, 1080, 160), fill=(40, 90, 160))
    top = 200
    while top < 1720:
        lines, width, left = int(random.integers(1, 4)), int(random.integers(300, 800)), random.random() < 0.5
        x = 40 if left else 1040 - width
        colour = (225, 225, 230) if left else (200, 230, 200)
        draw.rounded_rectangle((x, top, x + width, top + 50 * lines + 30), 20, fill=colour)
        for line in range(lines):
            words = _words(random, max(1, width // 150))
            draw.text((x + 20, top + 15 + 50 * line), words, font=_font(36), fill=(30, 30, 30))
        top += 50 * lines + 60
    return np.asarray(image)


def photo(seed: int) -> Raster:
    """A picture like a photograph."""
    return photo_like(seed, 1200, 900)


def dotted(seed: int) -> Raster:
    """The same stored with one bit a pixel."""
    return np.asarray(Image.fromarray(photo(seed)).convert("1").convert("RGB"))


def before_white(seed: int) -> Raster:
    """A picture like a photograph of something before a white wall: the rest is white."""
    y, x = np.mgrid[:900, :1200]
    inside = ((x - 600) / 330) ** 2 + ((y - 480) / 380) ** 2 < 1
    return np.where(inside[..., None], photo(seed), np.uint8(250)).astype(np.uint8)


KINDS: Mapping[str, Callable[[int], Raster]] = {
    "photo": photo,
    "photo in dots": dotted,
    "photo before white": before_white,
    "flat": lambda seed: flat_picture(seed, 1200, 900),
    "page of text": text_page,
    "scanned page": scanned_page,
    "form": form,
    "sign-in screen": sign_in,
    "chat": chat,
}


def _blank(width: int, height: int, colour: tuple[int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width, height), colour)
    return image, ImageDraw.Draw(image)


def _words(random: np.random.Generator, count: int) -> str:
    return " ".join(random.choice(WORDS) for _ in range(count))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
