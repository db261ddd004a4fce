"""EXIF → findings and the embedded thumbnail, through exifread, in bounded time and without maker notes.

exifread reads field by field from a file object; ours counts the reads and stops a file that would loop. Only the
tags we use are read at all; of a maker note only the presence is kept.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, BinaryIO, cast

from exifread.core.exif_header import ExifHeader

from triage.chamber.checks import plain_text
from triage.domain.findings import Camera, CaptureTime, Findings, NoteCode, Place, ProcessingNote

_MAKER_NOTE = 0x927C
_WANTED = {
    "Image": frozenset({0x010F, 0x0110, 0x0112, 0x0131, 0x8769, 0x8825, 0xC62F}),
    "EXIF": frozenset({0x9003, 0x9011, 0xA431, 0xA434, 0xA435}),
    "GPS": frozenset({1, 2, 3, 4}),
    "Thumbnail": frozenset({0x0201, 0x0202}),
}
_MAX_READS = 5_000
"""A camera's metadata takes a few hundred; a table of 65,535 junk entries is cut here, after some milliseconds."""

_MAX_FIELD_BYTES = 4096


class _Spent(Exception):
    """The file asks for more reads than any camera's would."""


class _Bounded:
    """A file that yields so many reads, none of them longer than a field may be."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = _MAX_READS

    def seek(self, offset: int) -> int:
        """From the start."""
        position: int = self._file.seek(offset)
        return position

    def read(self, length: int) -> bytes:
        """At most a field's length."""
        self._left -= 1
        if self._left < 0:
            raise _Spent
        data: bytes = self._file.read(min(length, _MAX_FIELD_BYTES))
        return data


class _Header(ExifHeader):
    """exifread's reader, kept to the tags we use."""

    has_maker_note = False

    def _process_tag(self, ifd: int, ifd_name: str, tag_entry: Any, entry: int, tag: int, *rest: Any) -> None:
        if tag == _MAKER_NOTE and ifd_name == "EXIF":
            self.has_maker_note = True
        elif tag in _WANTED.get(ifd_name, ()):
            super()._process_tag(ifd, ifd_name, tag_entry, entry, tag, *rest)


NO_FINDINGS = Findings()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What EXIF says; `thumbnail` is the embedded JPEG, undecoded."""

    findings: Findings = NO_FINDINGS
    thumbnail: bytes | None = None
    notes: tuple[ProcessingNote, ...] = ()


def read(tiff: Any, max_thumbnail_bytes: int) -> Metadata:
    """Read a TIFF structure: a whole TIFF file or the payload of an EXIF block, as a seekable file.

    Never raises for what the bytes are, except MemoryError.
    """
    notes = []
    header = None
    thumbnail = None
    try:
        order = {b"II*\0": "I", b"MM\0*": "M"}[bytes(tiff.read(4))]
        header = _Header(
            cast("BinaryIO", _Bounded(tiff)),
            order,
            0,
            0,
            strict=False,
            debug=False,
            detailed=True,
            truncate_tags=True,
        )
        has_thumbnail_ifd = _read_directories(header)
        if has_thumbnail_ifd:
            thumbnail = _thumbnail(header.tags, tiff, max_thumbnail_bytes)
    except MemoryError:
        raise
    except _Spent:
        notes.append(ProcessingNote(NoteCode.METADATA_CUT, "too many fields"))
    except Exception as error:  # noqa: BLE001 -- any parser failure is data
        notes.append(ProcessingNote(NoteCode.METADATA_UNREADABLE, type(error).__name__.lower()[:40]))
    if header is None:
        return Metadata(notes=tuple(notes))
    texts = _Texts(header.tags)
    findings = _findings(texts, header.tags, header.has_maker_note)
    if texts.was_cut and not notes:
        notes.append(ProcessingNote(NoteCode.METADATA_CUT, "long value"))
    return Metadata(findings, thumbnail, tuple(notes))


def _read_directories(header: Any) -> bool:
    """Main, thumbnail, EXIF and (from within main) GPS directories; whether there is one for a thumbnail."""
    first = header.s2n(4, 4)
    if not first:
        return False
    header.dump_ifd(ifd=first, ifd_name="Image")
    exif = header.tags.get("Image ExifOffset")
    if exif is not None and exif.values and isinstance(exif.values[0], int):
        header.dump_ifd(ifd=exif.values[0], ifd_name="EXIF")
    second = header.s2n(first + 2 + 12 * header.s2n(first, 2), 4)
    if not second or second == first:
        return False
    header.dump_ifd(ifd=second, ifd_name="Thumbnail")
    return True


def _thumbnail(tags: dict[str, Any], tiff: Any, max_bytes: int) -> bytes | None:
    offset = _first(tags.get("Thumbnail JPEGInterchangeFormat"))
    length = _first(tags.get("Thumbnail JPEGInterchangeFormatLength"))
    if not isinstance(offset, int) or not isinstance(length, int) or not 0 < length <= max_bytes:
        return None
    tiff.seek(offset)
    return bytes(tiff.read(length))


class _Texts:
    """Text values, made plain; remembers whether one had to be cut."""

    def __init__(self, tags: dict[str, Any]) -> None:
        self._tags = tags
        self.was_cut = False

    def get(self, *names: str) -> str | None:
        """The first of these tags that says something."""
        for name in names:
            value = getattr(self._tags.get(name), "values", None)
            if isinstance(value, bytes):  # exifread leaves what is not UTF-8 as it is
                value = value.decode("latin-1")
            if not isinstance(value, str):
                continue
            text, cut = plain_text(value.split("\0", 1)[0])
            if text:
                self.was_cut |= cut
                return text
        return None


def _findings(texts: _Texts, tags: dict[str, Any], has_maker_note: bool) -> Findings:
    make, model = texts.get("Image Make"), texts.get("Image Model")
    serial = texts.get("EXIF BodySerialNumber", "Image CameraSerialNumber")
    orientation = _first(tags.get("Image Orientation"))
    return Findings(
        camera=Camera(make or "", model or "", serial) if make or model else None,
        lens_model=texts.get("EXIF LensModel"),
        lens_serial=texts.get("EXIF LensSerialNumber"),
        software=texts.get("Image Software"),
        captured=_captured(texts.get("EXIF DateTimeOriginal"), texts.get("EXIF OffsetTimeOriginal")),
        place=_place(tags),
        has_maker_note=has_maker_note,
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None,
    )


def _first(tag: Any) -> object:
    values = getattr(tag, "values", None)
    return values[0] if isinstance(values, list) and values else None


def _captured(moment: str | None, offset: str | None) -> CaptureTime | None:
    """`2024:05:01 12:30:00` and `+07:00`; blanks, zeros and impossible dates say nothing."""
    if moment is None:
        return None
    try:
        day, clock = moment.split(" ", 1)
        local = datetime.fromisoformat(f"{day.replace(':', '-')}T{clock}")
    except ValueError:
        return None
    if local.tzinfo is not None:
        return None
    return CaptureTime(local.replace(microsecond=0), _offset_minutes(offset))


def _offset_minutes(offset: str | None) -> int | None:
    if offset is None or len(offset) != 6 or offset[0] not in "+-" or offset[3] != ":":
        return None
    hours, minutes = offset[1:3], offset[4:6]
    if not (hours.isdecimal() and minutes.isdecimal() and int(minutes) < 60):
        return None
    total = int(hours) * 60 + int(minutes)
    return None if total > 840 else (-total if offset[0] == "-" else total)


def _place(tags: dict[str, Any]) -> Place | None:
    """Degrees with their hemispheres, or None. References are required; 0, 0 is a receiver without a fix."""
    latitude = _degrees(tags, "GPS GPSLatitude", {"N": 1, "S": -1}, 90)
    longitude = _degrees(tags, "GPS GPSLongitude", {"E": 1, "W": -1}, 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return Place(latitude, longitude)


def _degrees(tags: dict[str, Any], name: str, signs: dict[str, int], most: int) -> float | None:
    reference = getattr(tags.get(f"{name}Ref"), "values", None)
    parts = getattr(tags.get(name), "values", None)
    sign = signs.get(reference.strip().upper()) if isinstance(reference, str) else None
    if sign is None or not isinstance(parts, list) or len(parts) != 3:
        return None
    if not all(isinstance(part, Fraction) and part.denominator > 0 for part in parts):
        return None  # exifread keeps n/0 as it is
    degrees, minutes, seconds = parts
    value = degrees + minutes / 60 + seconds / 3600
    if not (0 <= minutes < 60 and 0 <= seconds < 60 and degrees >= 0 and value <= most):
        return None
    return sign * float(value)


def jpeg_payload(data: bytes | bytearray) -> bytes | None:
    """The TIFF structure inside a JPEG's first EXIF segment; None when there is none before the picture begins."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in {0xDA, 0xD9}:
            return None
        (length,) = struct.unpack_from(">H", data, position + 2)
        body = position + 4
        if marker == 0xE1 and data[body : body + 6] == b"Exif\0\0":
            return bytes(data[body + 6 : position + 2 + length])
        position += 2 + max(length, 2)
    return None


def open_payload(exif: bytes) -> io.BytesIO:
    """An EXIF block of PNG, WebP, HEIF or AVIF, with or without its label."""
    return io.BytesIO(exif.removeprefix(b"Exif\0\0"))
