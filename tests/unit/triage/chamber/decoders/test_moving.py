"""Videos in the chamber: what their containers tell, and that a still is the frame that was asked for."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.made_videos import FRAMES, KINDS, RATE, made_video, number_of
from triage.chamber.decoders import moving
from triage.chamber.limits import ChamberLimits
from triage.chamber.parent import CHAMBER_VERSION, Chamber
from triage.chamber.sniff import format_of, kind_of
from triage.domain.errors import Unreadable
from triage.domain.findings import NoteCode, ProcessingNote, Raster
from triage.domain.renditions import STILLS, Rendition, frame_of

Sources = Callable[..., Any]
LINES = (".",)
NEAR = 2
"""Frames: what a lossy grey, and a container that counts in time, may be off."""


def shown(chamber: Chamber, source: Any, still: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    made = chamber.render(source, LINES, is_reduced=False, still=still)
    assert isinstance(made, Rendition), made
    return np.asarray(Image.open(io.BytesIO(made.jpeg)).convert("L"))


def middle(pixels: np.ndarray[Any, np.dtype[np.uint8]], sides: tuple[int, int] = (64, 48)) -> Any:
    """The picture itself, without the field that small ones stand in."""
    top, left = (pixels.shape[0] - sides[1]) // 2, (pixels.shape[1] - sides[0]) // 2
    return pixels[top : top + sides[1], left : left + sides[0]]


def codes(notes: tuple[ProcessingNote, ...]) -> list[NoteCode]:
    return [note.code for note in notes]


class TestFacts:
    @pytest.mark.parametrize("kind", KINDS)
    def test_of_each_kind_of_container(self, chamber: Chamber, source_of: Sources, tmp_path: Path, kind: str) -> None:
        """Format, sides, frames and seconds as told; no fingerprint, and a note that says so."""
        data = made_video(tmp_path, kind)
        assert kind_of(data[:512]) == "video"
        found = chamber.examine(source_of(data), name_extension=kind.rsplit(".", maxsplit=1)[-1])
        assert found.raster is not None
        assert (found.raster.format, found.raster.width, found.raster.height) == (format_of(data[:512]), 64, 48)
        assert abs(found.raster.frames - FRAMES) <= FRAMES // 4
        assert found.raster.seconds is not None
        assert abs(found.raster.seconds - FRAMES / RATE) < 1
        assert found.fingerprints == ()
        assert codes(found.notes) == [NoteCode.VIDEO_NOT_COMPARED]
        assert found.tool.startswith(f"chamber {CHAMBER_VERSION}; opencv-python-headless ")

    def test_two_that_begin_alike_have_nothing_in_common(
        self, chamber: Chamber, source_of: Sources, tmp_path: Path
    ) -> None:
        """The same opening, another end: nothing that likeness could be told by is taken."""
        both = [chamber.examine(source_of(made_video(tmp_path, frames=number))) for number in (40, 80)]
        assert all(one.raster is not None and not one.fingerprints for one in both)

    def test_a_name_of_another_kind_is_noted(self, chamber: Chamber, source_of: Sources, tmp_path: Path) -> None:
        """A video that is called a picture."""
        found = chamber.examine(source_of(made_video(tmp_path)), name_extension="jpg")
        assert codes(found.notes) == [NoteCode.TYPE_DISAGREES, NoteCode.VIDEO_NOT_COMPARED]

    def test_too_many_pixels_are_not_decoded(self, tmp_path: Path) -> None:
        """By what the container says, before any frame."""
        notes: list[ProcessingNote] = []
        file = io.BufferedReader(io.BytesIO(made_video(tmp_path)))
        assert moving.still(file, "mp4", 1, 64 * 48 - 1, notes) is None
        assert notes == [ProcessingNote(NoteCode.TOO_MANY_PIXELS, "64x48")]
        assert moving.facts(file, "mp4", 64 * 48 - 1).notes == notes

    def test_a_long_one_is_never_read_whole(self, source_of: Sources, tmp_path: Path) -> None:
        """A picture of that size is refused, a video is not: its bytes are asked for piece by piece."""
        limits = ChamberLimits()
        with Chamber(limits) as own:
            data = made_video(tmp_path)
            large = source_of(data)
            large.size = limits.examine.max_bytes + 1
            large.read_at = lambda offset, length: (data[offset : offset + length]).ljust(length, b"\0")
            assert own.examine(large).raster == Raster("mp4", 64, 48, "RGB", FRAMES, seconds=FRAMES / RATE)
            large.read_at = lambda offset, length: (b"\xff\xd8" + data[offset : offset + length]).ljust(length)[
                :length
            ]
            assert codes(own.examine(large).notes) == [NoteCode.TOO_LARGE]


class TestStills:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_is_the_frame_in_the_middle_of_its_stretch(
        self, chamber: Chamber, source_of: Sources, tmp_path: Path, kind: str
    ) -> None:
        """By the grey that every frame has for its own; the first still is not the first frame."""
        source = source_of(made_video(tmp_path, kind))
        found = [number_of(middle(shown(chamber, source, still))) for still in range(1, STILLS + 1)]
        wanted = [frame_of(still, STILLS, FRAMES) for still in range(1, STILLS + 1)]
        assert wanted[0] == 5
        near = NEAR + (FRAMES - 78 if kind == "mpg" else 0)  # its times are told from 0.5 s on: 78 frames of 90
        assert all(abs(one - other) <= near for one, other in zip(found, wanted, strict=True)), (found, wanted)
        assert found == sorted(found)
        assert len({round(one) for one in found}) == STILLS

    def test_beyond_the_last_it_is_the_last(self, chamber: Chamber, source_of: Sources, tmp_path: Path) -> None:
        """The chamber knows no rules of looks; whoever asks for what there is not was refused before."""
        source = source_of(made_video(tmp_path))
        assert np.array_equal(shown(chamber, source, STILLS), shown(chamber, source, STILLS + 3))

    def test_it_is_a_rendition_like_any_other(self, chamber: Chamber, source_of: Sources, tmp_path: Path) -> None:
        """Reduced is small and grey; full is bounded; the same writing stands all over."""
        source = source_of(made_video(tmp_path, sides=(640, 480)))
        small = chamber.render(source, LINES, is_reduced=True, still=5)
        full = chamber.render(source, LINES, is_reduced=False, still=5)
        assert isinstance(small, Rendition)
        assert isinstance(full, Rendition)
        assert (max(small.width, small.height), max(full.width, full.height)) == (256, 640)
        marked = chamber.render(source, ("ann", "still 5 of 9"), is_reduced=False, still=5)
        assert isinstance(marked, Rendition)
        assert marked.jpeg != full.jpeg

    def test_it_stands_upright(self, chamber: Chamber, source_of: Sources, tmp_path: Path) -> None:
        """As a telephone turns it: a quarter turn in the container moves the white corner."""
        data = turned(made_video(tmp_path, marked=True))
        pixels = shown(chamber, source_of(data), 5)
        upright = middle(pixels, (48, 64))
        quarters = {
            name: float(np.median(part))
            for name, part in {
                "upper left": upright[8:24, 4:20], "upper right": upright[8:24, 28:44],
                "lower left": upright[40:56, 4:20], "lower right": upright[40:56, 28:44],
            }.items()
        }  # fmt: skip
        assert max(quarters, key=lambda name: quarters[name]) == "upper right", quarters

    @pytest.mark.parametrize("frames", [1, 2, 5])
    def test_a_short_one_gives_a_still_for_each_number(
        self, chamber: Chamber, source_of: Sources, tmp_path: Path, frames: int
    ) -> None:
        """Fewer frames than stills: neighbours are the same frame, none is missing."""
        source = source_of(made_video(tmp_path, frames=frames))
        assert all(number_of(middle(shown(chamber, source, still))) < frames + 1 for still in (1, 5, 9))

    def test_a_source_that_cannot_be_read_says_so(self, chamber: Chamber, source_of: Sources, tmp_path: Path) -> None:
        """The reason passes through a library in C that knows nothing of it."""

        def broken(reads: int) -> None:
            raise Unreadable("source-changed", f"read {reads}")

        data = made_video(tmp_path, "ffv1.mkv", frames=200, sides=(320, 240))
        assert chamber.render(source_of(data, broken), LINES, is_reduced=True, still=3) == ProcessingNote(
            NoteCode.SOURCE_CHANGED
        )
        later = source_of(data, lambda reads: broken(reads) if reads > 1 else None)
        assert chamber.render(later, LINES, is_reduced=True, still=9) == ProcessingNote(NoteCode.SOURCE_CHANGED)
        assert isinstance(chamber.render(source_of(data), LINES, is_reduced=True, still=9), Rendition)


class TestLies:
    def test_a_count_that_is_too_large_is_not_believed(
        self, chamber: Chamber, source_of: Sources, tmp_path: Path
    ) -> None:
        """A length of years: stills are strewn over the frames that come."""
        data = bytearray(made_video(tmp_path, "mkv"))
        place = data.find(b"\x44\x89\x88")  # Duration, eight bytes
        assert place > 0
        struct.pack_into(">d", data, place + 3, 4e10)
        found = chamber.examine(source_of(bytes(data)))
        assert found.raster is not None
        assert found.raster.frames > 100_000_000
        numbers = [number_of(middle(shown(chamber, source_of(bytes(data)), still))) for still in (1, 5, 9)]
        assert all(abs(one - frame_of(k, STILLS, FRAMES)) <= NEAR for one, k in zip(numbers, (1, 5, 9), strict=True))

    def test_a_length_that_hides_the_rest_is_not_believed(
        self, chamber: Chamber, source_of: Sources, tmp_path: Path
    ) -> None:
        """A tenth of a second, told of nearly four: what comes behind is found, and stills are of all of it."""
        data = bytearray(made_video(tmp_path, "mkv"))
        struct.pack_into(">d", data, data.find(b"\x44\x89\x88") + 3, 100.0)
        found = chamber.examine(source_of(bytes(data)))
        assert found.raster is not None
        assert found.raster.frames <= 3
        numbers = [number_of(middle(shown(chamber, source_of(bytes(data)), still))) for still in (1, 5, 9)]
        assert all(abs(one - frame_of(k, STILLS, FRAMES)) <= NEAR for one, k in zip(numbers, (1, 5, 9), strict=True))

    @pytest.mark.parametrize("length", [0.0, -1.0, float("nan"), float("inf"), 1e300])
    def test_a_length_that_can_be_none_is_not_told(
        self, chamber: Chamber, source_of: Sources, tmp_path: Path, length: float
    ) -> None:
        """Zero, negative, no number, without end: the facts leave it out, and stills come all the same."""
        data = bytearray(made_video(tmp_path, "mkv"))
        struct.pack_into(">d", data, data.find(b"\x44\x89\x88") + 3, length)
        found = chamber.examine(source_of(bytes(data)))
        assert found.raster is not None
        assert found.raster.seconds is None or 0 < found.raster.seconds <= 1e9
        assert abs(number_of(middle(shown(chamber, source_of(bytes(data)), 5))) - 45) <= NEAR

    def test_a_cut_one_gives_what_is_there(self, chamber: Chamber, source_of: Sources, tmp_path: Path) -> None:
        """Half of a file: the fifth still is of the half that came."""
        data = made_video(tmp_path, "avi")
        half = source_of(data[: len(data) // 2])
        assert 10 <= number_of(middle(shown(chamber, half, 5))) <= 46


def turned(data: bytes) -> bytes:
    """The same MP4, with a quarter turn to the right in its track's header (ISO/IEC 14496-12, 8.3.2)."""
    place = data.find(b"tkhd") + 4
    assert data[place] == 0, "version 0"
    matrix = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    return data[: place + 40] + matrix + data[place + 76 :]
