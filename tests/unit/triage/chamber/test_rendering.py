"""Renditions: small, written all over, without anything of the file but pixels; and what the trusted side refuses."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import piexif
import pytest
from PIL import Image

from demo.pictures import photo_like
from tests.hostile import corpus
from triage.chamber.checks import Refuted
from triage.chamber.jpeg_checks import checked_rendition
from triage.chamber.limits import ChamberLimits
from triage.chamber.parent import Chamber
from triage.chamber.protocol import RENDITION_SIZE, Kind
from triage.chamber.room import RenderingRoom
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind
from triage.domain.renditions import FULL_SIDE, REDUCED_SIDE, Rendition, frame_of, stills_of

Encoder = Callable[..., bytes]
Sources = Callable[..., Any]
LINES = ("ann", "2026-11-26T11:00:00Z", "look 123")
OTHER = ("ben", "2026-11-26T11:00:00Z", "look 124")


def shown(chamber: Chamber, source: Any, lines: tuple[str, ...] = LINES, *, is_reduced: bool = False) -> Image.Image:
    made = chamber.render(source, lines, is_reduced=is_reduced)
    assert isinstance(made, Rendition), made
    image = Image.open(io.BytesIO(made.jpeg))
    assert (image.format, image.size) == ("JPEG", (made.width, made.height))
    return image


def payload(jpeg: bytes, width: int, height: int) -> bytes:
    return RENDITION_SIZE.pack(width, height) + jpeg


class TestStills:
    """Of animations: each still is the frame in the middle of its stretch. Of what does not move there is one."""

    GREYS = tuple(range(20, 240, 20))

    @pytest.mark.parametrize("format_name", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_each_still_of_an_animation_is_its_own_frame(
        self, chamber: Chamber, source_of: Sources, encoded: Encoder, format_name: str
    ) -> None:
        """Eleven frames, nine stills: every number the grey that it should."""
        frames = [Image.new("RGB", (320, 240), (grey,) * 3) for grey in self.GREYS]
        data = encoded(frames[0], format_name, save_all=True, append_images=frames[1:], duration=100)
        stills = stills_of(ItemKind.RASTER, format_name.lower(), len(frames))
        assert stills == 9
        for still in range(1, stills + 1):
            made = chamber.render(source_of(data), (".",), is_reduced=False, still=still)
            assert isinstance(made, Rendition)
            grey = float(np.median(np.asarray(Image.open(io.BytesIO(made.jpeg)).convert("L"))))
            assert abs(grey - self.GREYS[frame_of(still, stills, len(frames))]) < 6, still

    def test_a_short_animation_has_a_still_for_each_frame(
        self, chamber: Chamber, source_of: Sources, encoded: Encoder
    ) -> None:
        """Two frames are two looks, not nine."""
        frames = [Image.new("RGB", (320, 240), (grey,) * 3) for grey in (40, 200)]
        data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        assert stills_of(ItemKind.RASTER, "gif", 2) == 2
        for still, grey in ((1, 40), (2, 200), (9, 200)):
            made = chamber.render(source_of(data), (".",), is_reduced=True, still=still)
            assert isinstance(made, Rendition)
            assert abs(float(np.median(np.asarray(Image.open(io.BytesIO(made.jpeg))))) - grey) < 6

    def test_a_picture_and_the_pages_of_a_tiff_have_one(
        self, chamber: Chamber, source_of: Sources, encoded: Encoder
    ) -> None:
        """Whatever number is asked for: pages do not follow one another in time."""
        pages = [Image.new("RGB", (320, 240), (grey,) * 3) for grey in (40, 200)]
        data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
        made = [chamber.render(source_of(data), (".",), is_reduced=True, still=still) for still in (1, 2)]
        assert made[0] == made[1]

    def test_an_animation_cut_short_gives_the_last_frame_that_comes(
        self, chamber: Chamber, source_of: Sources, encoded: Encoder
    ) -> None:
        """Nothing is invented for the frames that are gone."""
        frames = [Image.fromarray(photo_like(seed, 320, 240)) for seed in range(6)]
        data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        made = chamber.render(source_of(data[: len(data) // 2]), (".",), is_reduced=True, still=6)
        assert isinstance(made, Rendition)


class TestLevels:
    def test_reduced_is_small_grey_and_blurred(
        self, chamber: Chamber, source_of: Sources, picture: Image.Image, encoded: Encoder
    ) -> None:
        """Far from the picture's own pixels at that size, between the letters too."""
        image = shown(chamber, source_of(encoded(picture, "JPEG")), (".",), is_reduced=True)
        assert image.mode == "L"
        assert max(image.size) == REDUCED_SIDE
        sharp = np.asarray(picture.convert("L").resize(image.size, Image.Resampling.BOX), np.int16)
        detail = [np.abs(np.diff(np.asarray(one, np.int16), axis=1)).mean() for one in (image, sharp)]
        assert detail[0] < detail[1]

    def test_full_keeps_colours_and_is_bounded(self, chamber: Chamber, source_of: Sources, encoded: Encoder) -> None:
        """Longest side 1600, in proportion; a smaller picture is not enlarged."""
        wide = Image.effect_noise((4000, 1000), 40).convert("RGB")
        assert shown(chamber, source_of(encoded(wide, "PNG"))).size == (FULL_SIDE, 400)
        small = Image.new("RGB", (300, 200), (200, 30, 30))
        image = shown(chamber, source_of(encoded(small, "PNG")))
        assert (image.mode, image.size) == ("RGB", (300, 200))

    @pytest.mark.parametrize("size", [(1, 1), (3, 2), (5000, 1), (1, 5000)])
    @pytest.mark.parametrize("is_reduced", [True, False])
    def test_no_size_escapes_the_bounds(
        self, chamber: Chamber, source_of: Sources, encoded: Encoder, size: tuple[int, int], is_reduced: bool
    ) -> None:
        """Tiny ones stand in a field where the writing fits; long ones keep a pixel."""
        image = shown(chamber, source_of(encoded(Image.new("RGB", size), "PNG")), is_reduced=is_reduced)
        assert 96 <= min(image.size) <= max(image.size) <= (REDUCED_SIDE if is_reduced else FULL_SIDE)

    def test_the_first_frame_of_moving_pictures_is_shown(self, chamber: Chamber, source_of: Sources) -> None:
        """And no other."""
        frames = [Image.new("RGB", (300, 200), colour) for colour in ((250, 0, 0), (0, 0, 250))]
        target = io.BytesIO()
        frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
        red, _, blue = np.asarray(shown(chamber, source_of(target.getvalue()), (".",))).reshape(-1, 3).mean(axis=0)
        assert red > 200
        assert blue < 60


class TestWatermark:
    @pytest.mark.parametrize("is_reduced", [True, False])
    def test_it_stands_in_every_part_of_the_picture(
        self, chamber: Chamber, source_of: Sources, encoded: Encoder, is_reduced: bool
    ) -> None:
        """Each piece of an even field, 160 by 96 pixels or 240 by 144, has light and dark strokes."""
        source = encoded(Image.new("RGB", (1600, 1200), (120, 120, 120)), "PNG")
        pixels = np.asarray(shown(chamber, source_of(source), is_reduced=is_reduced).convert("L"), np.int16)
        high, wide = (96, 160) if is_reduced else (144, 240)
        for top in range(0, pixels.shape[0] - high, 48):
            for left in range(0, pixels.shape[1] - wide, 80):
                part = pixels[top : top + high, left : left + wide]
                assert part.max() > 150
                assert part.min() < 95

    def test_it_says_who_when_and_which_look(self, chamber: Chamber, source_of: Sources, encoded: Encoder) -> None:
        """Other lines give other pixels, the same lines the same."""
        source = encoded(Image.new("RGB", (400, 300), (90, 90, 90)), "PNG")
        made = [np.asarray(shown(chamber, source_of(source), lines)) for lines in (LINES, LINES, OTHER)]
        assert np.array_equal(made[0], made[1])
        assert not np.array_equal(made[0], made[2])


class TestNothingElse:
    def test_metadata_stays_behind(
        self, chamber: Chamber, source_of: Sources, picture: Image.Image, encoded: Encoder
    ) -> None:
        """Camera, place, comment, profile and thumbnail: none of their bytes, and the picture upright."""
        block = piexif.dump(
            {
                "0th": {piexif.ImageIFD.Make: b"SECRET-MAKER", piexif.ImageIFD.Orientation: 6},
                "thumbnail": encoded(picture.resize((80, 60)), "JPEG"),
                "1st": {},
            }
        )
        source = encoded(picture, "JPEG", exif=block, comment=b"SECRET-COMMENT", icc_profile=b"SECRET" * 40)
        made = chamber.render(source_of(source), LINES, is_reduced=False)
        assert isinstance(made, Rendition)
        assert b"SECRET" not in made.jpeg
        assert b"Exif" not in made.jpeg
        image = Image.open(io.BytesIO(made.jpeg))
        assert image.size == (480, 640)
        assert image.getexif() == {}
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}

    def test_of_the_hostile_corpus_comes_a_plain_jpeg_or_a_note(self, chamber: Chamber, source_of: Sources) -> None:
        """Every sixth file; nothing hangs, and the chamber is sound afterwards."""
        ended: set[str] = set()
        named = itertools.chain(corpus.pictures(), corpus.pictures_with_metadata(), corpus.archives())
        for number, (_, data) in enumerate(named):
            if number % 6 or len(data) > 4 << 20:
                continue
            made = chamber.render(source_of(data), LINES, is_reduced=bool(number % 12))
            ended.add(type(made).__name__)
            if isinstance(made, Rendition):
                assert max(made.width, made.height) <= FULL_SIDE
                Image.open(io.BytesIO(made.jpeg)).load()
        assert ended == {"Rendition", "ProcessingNote"}

    def test_what_is_no_picture_is_a_note(self, chamber: Chamber, source_of: Sources) -> None:
        """Empty, of another type, or broken."""
        codes = [
            made.code
            for made in (
                chamber.render(source_of(data), LINES, is_reduced=True)
                for data in (b"", b"%PDF-1.7", b"\xff\xd8\xff")
            )
            if isinstance(made, ProcessingNote)
        ]
        assert codes == [NoteCode.EMPTY, NoteCode.UNSUPPORTED_TYPE, NoteCode.UNDECODABLE]


class TestCustoms:
    @pytest.fixture
    def jpeg(self, encoded: Encoder) -> bytes:
        return encoded(Image.new("L", (200, 100), 77), "JPEG")

    def test_a_plain_jpeg_of_the_stated_size_passes(self, jpeg: bytes) -> None:
        """As it is."""
        assert checked_rendition(Kind.RENDITION, payload(jpeg, 200, 100), 256, is_grey=True) == Rendition(
            jpeg, 200, 100
        )

    @pytest.mark.parametrize(
        "change",
        [
            lambda jpeg: payload(jpeg, 100, 200),
            lambda jpeg: payload(jpeg, 0, 100),
            lambda jpeg: payload(jpeg + b"<script>", 200, 100),
            lambda jpeg: payload(jpeg + b"\xff\xd9", 200, 100),
            lambda jpeg: payload(jpeg[:-2], 200, 100),
            lambda jpeg: payload(jpeg[:2] + b"\xff\xfe\x00\x04hi" + jpeg[2:], 200, 100),
            lambda jpeg: payload(jpeg[:2] + b"\xff\xe1\x00\x08Exif\x00\x00" + jpeg[2:], 200, 100),
            lambda jpeg: payload(
                jpeg[:2] + b"\xff\xe0\x00\x10JFIF\x00" + bytes(7) + b"\x01\x01" + jpeg[2:], 200, 100
            ),
            lambda jpeg: payload(b"<html>" + jpeg, 200, 100),
            lambda _: payload(b"GIF89a" + bytes(60), 200, 100),
            lambda _: payload(b"", 200, 100),
            lambda _: b"",
            lambda jpeg: payload(jpeg[:2] + jpeg[-2:], 200, 100),
        ],
    )
    def test_anything_else_is_refused(self, jpeg: bytes, change: Callable[[bytes], bytes]) -> None:
        """Another size, something before, after or between, another kind of file."""
        with pytest.raises(Refuted):
            checked_rendition(Kind.RENDITION, change(jpeg), 256, is_grey=True)

    def test_a_larger_one_and_a_coloured_one_are_refused_where_it_is_reduced(self, encoded: Encoder) -> None:
        """A chamber that was taken over cannot show it clearer than was allowed."""
        large = encoded(Image.new("L", (300, 100)), "JPEG")
        coloured = encoded(Image.new("RGB", (200, 100)), "JPEG")
        for jpeg, width in ((large, 300), (coloured, 200)):
            with pytest.raises(Refuted):
                checked_rendition(Kind.RENDITION, payload(jpeg, width, 100), REDUCED_SIDE, is_grey=True)
            checked_rendition(Kind.RENDITION, payload(jpeg, width, 100), FULL_SIDE, is_grey=False)


def test_a_room_serves_threads_that_come_and_go(source_of: Sources, encoded: Encoder) -> None:
    """Its child would die with the thread that began it; and it can be closed twice."""
    room = RenderingRoom(ChamberLimits(wall_seconds=60))
    source = encoded(Image.new("RGB", (40, 30)), "PNG")
    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(room.render, source_of(source), LINES, is_reduced=True).result()
            assert isinstance(made, Rendition)
    room.close()
    room.close()
