"""One picture has one raster, whatever format, mode or encoder carries it."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from hashsets.algorithms import pdq
from triage.chamber import examining
from triage.chamber.decoders import raster, specimens
from triage.chamber.limits import ExamineLimits
from triage.domain.findings import NoteCode, Subject

Encoder = Callable[..., bytes]


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> Iterator[None]:
    """Decoders run in this process here: the same code as in the chamber, without its walls."""
    before = Image.MAX_IMAGE_PIXELS
    raster.prepare()
    yield
    Image.MAX_IMAGE_PIXELS = before


def reader(data: bytes) -> Any:
    return io.BufferedReader(io.BytesIO(data))


def decode(data: bytes, format_name: str, max_pixels: int = 60_000_000) -> raster.Decoded:
    return raster.decode(reader(data), len(data), format_name, max_pixels)


def examine(data: bytes, **limits: int) -> examining.Examined:
    return examining.examine(reader(data), len(data), "", ExamineLimits(**limits))


def pixels(data: bytes, format_name: str) -> np.ndarray[Any, Any]:
    found = decode(data, format_name)
    assert found.rasters is not None, found.notes
    return found.rasters.main


def codes(found: examining.Examined | raster.Decoded) -> list[NoteCode]:
    return [note.code for note in found.notes]


def bits_apart(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> int:
    return max(pdq.distance(x.value, y.value) for x, y in zip(pdq.pdq_both(a), pdq.pdq_both(b), strict=True))


class TestFastJpeg:
    @pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("sides", [(640, 480), (333, 217), (17, 5)])
    def test_the_fast_decoder_equals_pillow_bit_for_bit(
        self, picture: Image.Image, encoded: Encoder, subsampling: str, *, progressive: bool, sides: tuple[int, int]
    ) -> None:
        """Odd sides, every chroma layout, both scan orders: else fingerprints would depend on the decoder."""
        image = picture.resize(sides)
        data = encoded(image, "JPEG", subsampling=subsampling, progressive=progressive, quality=83)
        found = decode(data, "jpeg")
        assert found.decoder == "simplejpeg"
        assert found.rasters is not None
        assert np.array_equal(found.rasters.main, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))

    def test_grey_stays_grey_and_equal(self, picture: Image.Image, encoded: Encoder) -> None:
        """A grey JPEG is one channel, as Pillow reads it."""
        data = encoded(picture.convert("L"), "JPEG")
        found = decode(data, "jpeg")
        assert (found.decoder, found.mode) == ("simplejpeg", "L")
        assert np.array_equal(pixels(data, "jpeg"), np.asarray(Image.open(io.BytesIO(data))))

    def test_a_truncated_jpeg_yields_what_is_there(self, picture: Image.Image, encoded: Encoder) -> None:
        """The upper part is decoded, and the note says that it is a part."""
        data = encoded(picture, "JPEG")
        found = decode(data[: len(data) // 2], "jpeg")
        assert (found.decoder, codes(found)) == ("pillow", [NoteCode.TRUNCATED])
        assert found.rasters is not None
        assert np.array_equal(found.rasters.main[:100], pixels(data, "jpeg")[:100])


class TestColour:
    """Each trap of the peers: palette indices, ink for light, one bit, sixteen bits, transparency."""

    @pytest.mark.parametrize(
        ("mode", "format_name", "reach"),
        [
            ("RGB", "PNG", 0), ("P", "PNG", 16), ("P", "GIF", 16), ("RGBA", "PNG", 0), ("RGB", "BMP", 0),
            ("RGB", "TIFF", 0), ("CMYK", "TIFF", 4), ("YCbCr", "TIFF", 8), ("LAB", "TIFF", 8), ("RGB", "WEBP", 10),
        ],
    )  # fmt: skip
    def test_the_mode_hardly_moves_the_fingerprint(
        self, picture: Image.Image, encoded: Encoder, mode: str, format_name: str, reach: int
    ) -> None:
        """0 bits where the pixels are the same, few where colours were rounded; never another picture."""
        if mode == "LAB":
            there = ImageCms.createProfile("LAB")
            image = ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), there, outputMode="LAB")
            assert image is not None
        else:
            image = picture.convert(mode)
        shown = pixels(encoded(image, format_name), format_name.lower())
        assert bits_apart(shown, np.asarray(picture)) <= reach

    def test_ink_is_not_light(self, picture: Image.Image, encoded: Encoder) -> None:
        """A CMYK JPEG, which Adobe stores inverted, shows the picture and not its negative."""
        shown = pixels(encoded(picture.convert("CMYK"), "JPEG", quality=95), "jpeg")
        assert bits_apart(shown, np.asarray(picture)) <= 10

    def test_sixteen_bits_keep_their_upper_half(self, picture: Image.Image, encoded: Encoder) -> None:
        """Not cut at 255."""
        grey = np.asarray(picture.convert("L"))
        deep = Image.fromarray((grey.astype(np.uint16) << 8) | 0x7F)
        assert np.array_equal(pixels(encoded(deep, "PNG"), "png"), grey)
        assert np.array_equal(pixels(encoded(deep, "TIFF"), "tiff"), grey)

    @pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
    def test_floats_find_their_white(self, picture: Image.Image, encoded: Encoder, white: float) -> None:
        """32-bit samples come in 0..1, 0..255 and 0..65535."""
        grey = np.asarray(picture.convert("L"))
        data = encoded(Image.fromarray((grey / 255.0 * white).astype(np.float32)), "TIFF")
        assert bits_apart(pixels(data, "tiff"), grey) <= 2

    def test_one_bit_is_black_and_white(self, picture: Image.Image, encoded: Encoder) -> None:
        """A bitmap spans 0..255, so that its quality is not 0."""
        assert set(np.unique(pixels(encoded(picture.convert("1"), "PNG"), "png"))) == {0, 255}

    def test_transparency_is_shown_on_white_and_kept_raw(self, picture: Image.Image, encoded: Encoder) -> None:
        """Two readings where they differ, since peers drop the alpha."""
        clear = picture.convert("RGBA")
        clear.putalpha(Image.linear_gradient("L").resize(clear.size))
        found = decode(encoded(clear, "PNG"), "png")
        white = Image.new("RGBA", clear.size, "white")
        assert found.rasters is not None
        assert found.rasters.raw_rgb is not None
        assert np.array_equal(found.rasters.raw_rgb, np.asarray(picture))
        shown = np.asarray(Image.alpha_composite(white, clear).convert("RGB")).astype(int)
        assert int(np.abs(found.rasters.main - shown).max()) <= 1
        subjects = [taken.subject for taken in examine(encoded(clear, "PNG")).fingerprints]
        assert subjects.count(Subject.RAW_RGB) == 2

    def test_an_opaque_alpha_is_no_second_reading(self, picture: Image.Image, encoded: Encoder) -> None:
        """RAW_RGB only where it differs."""
        found = decode(encoded(picture.convert("RGBA"), "PNG"), "png")
        assert found.rasters is not None
        assert found.rasters.raw_rgb is None

    def test_a_transparent_palette_colour_is_white(self, picture: Image.Image, encoded: Encoder) -> None:
        """A palette with tRNS counts as alpha."""
        few = picture.convert("P")
        used = int(np.asarray(few)[0, 0])
        found = decode(encoded(few, "PNG", transparency=used), "png")
        assert found.rasters is not None
        assert found.rasters.raw_rgb is not None


class TestLimits:
    def test_too_many_pixels_are_counted_from_the_header(self, picture: Image.Image, encoded: Encoder) -> None:
        """Before a single one is decoded, in every format."""
        for format_name in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF"):
            found = examine(encoded(picture.resize((64, 48)), format_name), max_pixels=64 * 48 - 1)
            assert (found.raster, codes(found)) == (None, [NoteCode.TOO_MANY_PIXELS]), format_name

    def test_a_picture_under_five_pixels_has_no_fingerprints(self, encoded: Encoder) -> None:
        """PDQ is not defined there; the raster is still a fact."""
        found = examine(encoded(Image.new("RGB", (400, 4)), "PNG"))
        assert found.raster is not None
        assert (found.fingerprints, codes(found)) == ([], [NoteCode.TOO_SMALL])

    def test_a_flat_picture_keeps_its_poor_fingerprint(self, encoded: Encoder) -> None:
        """Too poor to say differs from nothing to say."""
        found = examine(encoded(Image.new("RGB", (200, 200), "grey"), "PNG"))
        assert codes(found) == [NoteCode.LOW_QUALITY]
        assert len(found.fingerprints) == 4

    @pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
    def test_only_the_first_frame_is_taken(self, picture: Image.Image, encoded: Encoder, format_name: str) -> None:
        """And how many there were is noted."""
        small = picture.resize((200, 150))
        others = [small.rotate(90 * turn) for turn in (1, 2)]
        found = examine(encoded(small, format_name, save_all=True, append_images=others))
        assert found.raster is not None
        assert found.raster.frames == 3
        assert [(n.code, n.detail) for n in found.notes] == [(NoteCode.FIRST_FRAME_ONLY, "3 frames")]
        alone = examine(encoded(small, format_name))
        value = found.fingerprints[0].fingerprint.value
        assert pdq.distance(value, alone.fingerprints[0].fingerprint.value) <= 16

    def test_a_frame_chain_without_end_is_not_followed(self, encoded: Encoder) -> None:
        """A TIFF whose pages point in a circle."""
        data = bytearray(encoded(Image.new("L", (8, 8)), "TIFF"))
        first = int.from_bytes(data[4:8], "little")
        next_at = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
        data[next_at : next_at + 4] = first.to_bytes(4, "little")
        found = examine(bytes(data))
        assert found.raster is not None
        assert found.raster.frames <= 256


def test_a_picture_in_the_wrong_dress_is_opened_by_its_bytes(picture: Image.Image, encoded: Encoder) -> None:
    """Only the decoder of the sniffed format is tried; a broken file is not offered to others."""
    found = decode(b"\x89PNG\r\n\x1a\n" + encoded(picture, "JPEG"), "png")
    assert (found.rasters, codes(found)) == (None, [NoteCode.UNDECODABLE])


def test_warming_up_leaves_nothing_to_import() -> None:
    """In the sealed process an import would fail: after the warm-up, no kind of picture may need one."""
    program = """
import io, sys
from triage.chamber import child, examining
from triage.chamber.decoders import specimens
from triage.chamber.limits import ExamineLimits
examining.warm_up()
kinds = list(specimens.all_kinds())
before = set(sys.modules)
for data in kinds:
    for broken in (data, data[: len(data) // 2], data[:20]):
        examining.examine(io.BufferedReader(io.BytesIO(broken)), len(broken), "", ExamineLimits())
print(sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_there_is_a_specimen_of_every_format() -> None:
    """The warm-up walks every road."""
    formats = set()
    for data in specimens.all_kinds():
        found = examine(data)
        assert found.raster is not None, found.notes
        formats.add(found.raster.format)
    assert formats == {"jpeg", "png", "gif", "webp", "bmp", "tiff", "heif", "avif", "mp4"}
