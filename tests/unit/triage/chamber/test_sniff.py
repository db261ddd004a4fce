"""First bytes decide what the chamber is asked to do."""

from __future__ import annotations

import pytest

from triage.chamber.sniff import SNIFF_BYTES, VIDEO_FORMATS, format_of, kind_of, name_disagrees


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"GIF89a", "gif"),
        (b"BM\0\0", "bmp"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "avif"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "avif"),
    ],
)
def test_rasters_are_told_by_their_magic_bytes(head: bytes, name: str) -> None:
    """Each format of the allow-list, and nothing by its name."""
    assert format_of(head) == name
    assert kind_of(head) == "raster"


@pytest.mark.parametrize(
    "head", [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", bytes(257) + b"ustar"]
)
def test_containers_are_told_by_their_magic_bytes(head: bytes) -> None:
    """ZIP, also an empty one; TAR bare and compressed."""
    assert kind_of(head) == "container"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        *((b"\0\0\0\x18ftyp" + brand + bytes(4), "mp4") for brand in (b"isom", b"iso2", b"mp41", b"mp42", b"avc1")),
        *((b"\0\0\0\x18ftyp" + brand + bytes(4), "mp4") for brand in (b"M4V ", b"3gp4", b"3g2a", b"dash", b"MSNV")),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "mov"),
        (b"\0\0\x12\x34moov\0\0\0\x6cmvhd", "mov"),
        (b"\0\0\0\x01mdat\0\0\0\0\0\0\x10\0", "mov"),
        (b"\0\0\0\x08wide\0\0\x12\x34mdat", "mov"),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0", "matroska"),
        (b"RIFF\x10\x20\0\0AVI LIST", "avi"),
        (b"\0\0\x01\xba\x44\0", "mpeg-ps"),
        (b"\0\0\x01\xb3\x14\0", "mpeg-ps"),
        ((b"\x47\x40\0\x10" + bytes(184)) * 3, "mpeg-ts"),
        ((b"\0\0\0\0\x47\x40\0\x10" + bytes(184)) * 3, "mpeg-ts"),
        (b"FLV\x01\x05\0\0\0\x09", "flv"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf"),
    ],
)
def test_videos_are_told_by_their_containers(head: bytes, name: str) -> None:
    """MP4 and its kin, QuickTime of old too, Matroska and WebM, AVI, MPEG streams, Flash, Windows Media."""
    assert format_of(head[:SNIFF_BYTES]) == name
    assert kind_of(head[:SNIFF_BYTES]) == "video"
    assert name in VIDEO_FORMATS


@pytest.mark.parametrize(
    "head",
    [
        *(b"\0", b"RIFF\0\0\0\0WAVE", b"%PDF-1.7", b"hello", b"the free and the wide", b"G" + bytes(600)),
        *(b"\0\0\0\x18ftypM4A \0\0\0\0", b"\0\0\0\x18ftypjp2 \0\0\0\0", b"ID3\x04", b"OggS\0"),
    ],
)
def test_everything_else_is_other(head: bytes) -> None:
    """Sounds and documents are not for this chamber, and words of English begin no film."""
    assert kind_of(head) == "other"


def test_nothing_is_empty() -> None:
    """The empty file is its own answer."""
    assert kind_of(b"") == "empty"


@pytest.mark.parametrize(
    ("extension", "disagrees"),
    [("jpg", False), (".JPG", False), ("", False), ("png", True), ("txt", True), ("jfif", False), ("mp4", True)],
)
def test_a_name_disagrees_only_when_it_claims_something(extension: str, *, disagrees: bool) -> None:
    """No extension claims nothing; case and the dot do not matter."""
    assert name_disagrees(extension, "jpeg") is disagrees
