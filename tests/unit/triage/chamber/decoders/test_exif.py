"""What EXIF says, what it must not be believed, and that nothing in it can hold us up."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from triage.chamber import examining
from triage.chamber.decoders import exif, raster
from triage.chamber.limits import ExamineLimits
from triage.domain.findings import Camera, CaptureTime, Findings, NoteCode, Place, Subject

Encoder = Callable[..., bytes]

BANGKOK = {1: b"N", 2: ((13, 1), (45, 1), (0, 1)), 3: b"E", 4: ((100, 1), (30, 1), (36, 1))}


def tiff(**parts: Any) -> bytes:
    """A TIFF structure, as it stands behind the label of an EXIF block."""
    return bytes(piexif.dump(parts))[6:]


def read(block: bytes) -> exif.Metadata:
    return exif.read(io.BytesIO(block), 1 << 18)


def table(*entries: tuple[int, int, int, int], following: int = 0, order: str = "<") -> bytes:
    """One directory: (tag, type, count, value or offset) each."""
    rows = b"".join(struct.pack(f"{order}HHII", *entry) for entry in entries)
    return struct.pack(f"{order}H", len(entries)) + rows + struct.pack(f"{order}I", following)


def header(first: int = 8) -> bytes:
    return b"II*\0" + struct.pack("<I", first)


class TestFacts:
    def test_every_finding_is_read(self) -> None:
        """One block with everything that we keep, padded as cameras pad."""
        found = read(
            tiff(
                **{
                    "0th": {271: b"Maker\0\0", 272: b" One ", 274: 6, 305: b"Editor 1.0"},
                    "Exif": {
                        36867: b"2024:05:01 12:30:00", 36881: b"+07:00", 37500: b"maker's own", 42033: b"00123\0",
                        42036: b"Lens 50", 42037: b"L-9",
                    },
                    "GPS": BANGKOK,
                }
            )
        )  # fmt: skip
        assert found.findings == Findings(
            camera=Camera("Maker", "One", "00123"),
            lens_model="Lens 50",
            lens_serial="L-9",
            software="Editor 1.0",
            captured=CaptureTime(datetime(2024, 5, 1, 12, 30), 420),  # noqa: DTZ001 -- a camera's wall clock
            place=Place(13.75, 100.51),
            has_maker_note=True,
            orientation=6,
        )
        assert found.notes == ()

    def test_nothing_said_is_none(self) -> None:
        """An empty block yields no facts and no complaint."""
        assert read(tiff(**{"0th": {}})) == exif.Metadata()

    @pytest.mark.parametrize(
        "moment", [b"0000:00:00 00:00:00", b"    :  :     :  :  ", b"2024:13:01 00:00:00", b"now"]
    )
    def test_an_impossible_time_says_nothing(self, moment: bytes) -> None:
        """Cameras without a set clock write zeros or blanks."""
        assert read(tiff(Exif={36867: moment})).findings.captured is None

    @pytest.mark.parametrize(
        ("offset", "minutes"),
        [(b"+05:30", 330), (b"-03:30", -210), (b"+14:00", 840), (b"+15:00", None), (b"07:00", None), (b"+7", None)],
    )
    def test_an_offset_is_read_or_left_open(self, offset: bytes, minutes: int | None) -> None:
        """The wall clock stays valid without it."""
        captured = read(tiff(Exif={36867: b"2024:05:01 12:30:00", 36881: offset})).findings.captured
        assert captured is not None
        assert captured.offset_minutes == minutes

    @pytest.mark.parametrize(
        "change",
        [
            {1: b"X"}, {3: b""}, {2: ((91, 1), (0, 1), (0, 1))}, {4: ((181, 1), (0, 1), (0, 1))},
            {2: ((13, 0), (0, 1), (0, 1))}, {2: ((13, 1), (60, 1), (0, 1))}, {2: ((13, 1), (45, 1))},
            {2: ((0, 1),) * 3, 4: ((0, 1),) * 3}, {2: ((0, 0),) * 3, 4: ((0, 0),) * 3},
        ],
    )  # fmt: skip
    def test_a_nonsense_place_says_nothing(self, change: dict[int, object]) -> None:
        """Unknown hemisphere, off the globe, divided by zero, minutes over 59, or zero twice."""
        assert read(tiff(GPS={**BANGKOK, **change})).findings.place is None

    def test_south_and_west_are_negative(self) -> None:
        """The hemisphere is the sign."""
        assert read(tiff(GPS={**BANGKOK, 1: b"S", 3: b"W"})).findings.place == Place(-13.75, -100.51)

    def test_long_values_are_cut_and_noted(self) -> None:
        """What is kept of one value is bounded."""
        found = read(tiff(**{"0th": {271: b"x" * 500, 272: b"m"}}))
        assert found.findings.camera == Camera("x" * 128, "m")
        assert [note.code for note in found.notes] == [NoteCode.METADATA_CUT]

    def test_text_in_another_encoding_is_kept(self) -> None:
        """Bytes that are no UTF-8 are read as Latin-1 rather than lost."""
        assert read(tiff(**{"0th": {271: b"Fabriqu\xe9", 272: b"m"}})).findings.camera == Camera("Fabriqué", "m")


class TestWhereItLies:
    @pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
    def test_every_format_that_carries_exif_is_read(
        self, picture: Image.Image, encoded: Encoder, format_name: str
    ) -> None:
        """Segment, chunk, box or the file itself."""
        raster.prepare()
        block = Image.Exif()
        block[271], block[272] = "Maker", "One"
        data = encoded(picture.resize((64, 48)), format_name, exif=block)
        file: Any = io.BufferedReader(io.BytesIO(data))
        found = examining.examine(file, len(data), "", ExamineLimits())
        assert found.findings.camera == Camera("Maker", "One")

    def test_the_embedded_thumbnail_gets_its_own_fingerprints(self, picture: Image.Image, encoded: Encoder) -> None:
        """THUMBNAIL beside MAIN, in both profiles."""
        small = encoded(picture.resize((160, 120)), "JPEG")
        block = piexif.dump({"0th": {271: b"Maker"}, "1st": {}, "thumbnail": small})
        data = encoded(picture, "JPEG", exif=block)
        file: Any = io.BufferedReader(io.BytesIO(data))
        found = examining.examine(file, len(data), "", ExamineLimits())
        assert [taken.subject for taken in found.fingerprints].count(Subject.THUMBNAIL) == 2
        assert found.notes == []

    def test_a_broken_thumbnail_is_noted(self, picture: Image.Image, encoded: Encoder) -> None:
        """The picture itself loses nothing."""
        small = encoded(picture.resize((160, 120)), "JPEG")
        block = piexif.dump({"0th": {271: b"Maker"}, "1st": {}, "thumbnail": small})
        data = encoded(picture, "JPEG", exif=block.replace(b"\xff\xc0\x00\x11", bytes(4)))
        file: Any = io.BufferedReader(io.BytesIO(data))
        found = examining.examine(file, len(data), "", ExamineLimits())
        assert len(found.fingerprints) == 4
        assert [note.code for note in found.notes] == [NoteCode.THUMBNAIL_UNREADABLE]

    def test_an_undecodable_jpeg_still_says_who_made_it(self, picture: Image.Image, encoded: Encoder) -> None:
        """Findings do not depend on the pixels."""
        block = Image.Exif()
        block[271], block[272] = "Maker", "One"
        data = encoded(picture, "JPEG", exif=block)[:200]
        file: Any = io.BufferedReader(io.BytesIO(data))
        found = examining.examine(file, len(data), "", ExamineLimits())
        assert (found.raster, found.findings.camera) == (None, Camera("Maker", "One"))


class TestHostile:
    def test_a_directory_that_points_to_itself_ends(self) -> None:
        """As its own EXIF, GPS and thumbnail directory at once."""
        entries = ((0x8769, 4, 1, 8), (0x8825, 4, 1, 8))
        assert read(header() + table(*entries, following=8)).findings == Findings()

    def test_a_huge_table_is_cut(self) -> None:
        """65,535 fields of a thousand values each would be read for a minute."""
        fields = struct.pack("<HHII", 0x0110, 3, 999, 8) * 65535
        found = read(header() + struct.pack("<H", 65535) + fields)
        assert [note.code for note in found.notes] == [NoteCode.METADATA_CUT]

    def test_a_giant_count_takes_no_memory(self) -> None:
        """Four gigabytes of camera name."""
        found = read(header() + table((0x010F, 2, 0xFFFFFFFF, 8), (0x0110, 5, 0xFFFFFFFF, 8)))
        assert len(found.findings.camera.make if found.findings.camera else "") <= 128

    def test_a_thumbnail_outside_the_file_is_none(self) -> None:
        """Offsets and lengths are claims."""
        first = table((0x0112, 3, 1, 1), following=8 + 18)
        second = table((0x0201, 4, 1, 0xFFFFFF00), (0x0202, 4, 1, 1000))
        assert read(header() + first + second).thumbnail in {None, b""}

    @pytest.mark.parametrize(
        "block", [b"", b"II", b"II*\0", b"MM\0*\0\0\0\x08", b"II*\0\xff\xff\xff\xff", b"junk" * 9]
    )
    def test_stumps_are_noted_or_empty(self, block: bytes) -> None:
        """Never an exception."""
        assert read(block).findings == Findings()

    @given(st.binary(max_size=150))
    def test_any_bytes_after_a_good_header(self, junk: bytes) -> None:
        """Facts or notes, within the types of the domain."""
        found = read(header() + junk)
        assert isinstance(found.findings, Findings)

    @given(st.binary(max_size=60))
    def test_any_bytes_as_a_jpeg(self, junk: bytes) -> None:
        """Exifread itself fails on the three bytes FF D8 02; our walk over segments does not."""
        assert exif.jpeg_payload(b"\xff\xd8" + junk) is None or junk
