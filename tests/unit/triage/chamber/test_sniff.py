"""First bytes decide what the chamber is asked to do."""

from __future__ import annotations

import pytest

from triage.chamber.sniff import format_of, kind_of, name_disagrees


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


@pytest.mark.parametrize("head", [b"\0", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypmp42", b"%PDF-1.7", b"hello"])
def test_everything_else_is_other(head: bytes) -> None:
    """Videos, sounds and documents are not for this chamber (yet)."""
    assert kind_of(head) == "other"


def test_nothing_is_empty() -> None:
    """The empty file is its own answer."""
    assert kind_of(b"") == "empty"


@pytest.mark.parametrize(
    ("extension", "disagrees"),
    [("jpg", False), (".JPG", False), ("", False), ("png", True), ("txt", True), ("jfif", False)],
)
def test_a_name_disagrees_only_when_it_claims_something(extension: str, *, disagrees: bool) -> None:
    """No extension claims nothing; case and the dot do not matter."""
    assert name_disagrees(extension, "jpeg") is disagrees
