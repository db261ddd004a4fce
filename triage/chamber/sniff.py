"""What the first bytes say a file is: comparison of constants, no parsing, so the trusted side may use it."""

from __future__ import annotations

from typing import Literal

SNIFF_BYTES = 512
"""How many first bytes decide; a TAR shows itself at 257."""

Kind = Literal["raster", "container", "other", "empty"]

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})


def format_of(first_bytes: bytes) -> str | None:
    """By magic number: the words of `Raster.format`, or "zip", "tar", "gzip", "bzip2", "xz"; else None."""
    return _raster_format(first_bytes) or _container_format(first_bytes)


def kind_of(first_bytes: bytes) -> Kind:
    """Whether the chamber can examine or expand a file that begins so; takes its first `SNIFF_BYTES` bytes."""
    if not first_bytes:
        return "empty"
    if _raster_format(first_bytes):
        return "raster"
    return "container" if _container_format(first_bytes) else "other"


def _raster_format(head: bytes) -> str | None:
    for magic, name in (
        (b"\xff\xd8", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"GIF87a", "gif"),
        (b"GIF89a", "gif"),
        (b"BM", "bmp"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
    ):
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _iso_format(head)
    return None


def _iso_format(head: bytes) -> str | None:
    """HEIF and AVIF share their boxes; the major brand decides, and for a generic one the compatible brands."""
    major = head[8:12]
    if major in _AVIF_BRANDS:
        return "avif"
    if major not in _HEIF_BRANDS:
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    compatible = {head[at : at + 4] for at in range(16, end - 3, 4)}
    generic = major in {b"mif1", b"msf1"}
    return "avif" if generic and compatible & _AVIF_BRANDS else "heif"


def _container_format(head: bytes) -> str | None:
    for magic, name in (
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
    ):
        if head.startswith(magic):
            return name
    return "tar" if head[257:262] == b"ustar" else None


EXTENSIONS: dict[str, frozenset[str]] = {
    "jpeg": frozenset({"jpg", "jpeg", "jpe", "jfif", "mpo"}),
    "png": frozenset({"png", "apng"}),
    "gif": frozenset({"gif"}),
    "bmp": frozenset({"bmp", "dib"}),
    "tiff": frozenset({"tif", "tiff", "dng", "nef", "cr2", "arw"}),
    "webp": frozenset({"webp"}),
    "heif": frozenset({"heic", "heif", "hif", "heics", "heifs"}),
    "avif": frozenset({"avif", "avifs"}),
}
"""The extensions under which each raster format is at home."""

_PICTURE_EXTENSIONS = frozenset().union(*EXTENSIONS.values())


def name_disagrees(name_extension: str, raster_format: str) -> bool:
    """Whether a name's extension claims something else than the bytes are. No extension claims nothing."""
    extension = name_extension.lower().lstrip(".")
    return bool(extension) and extension not in EXTENSIONS.get(raster_format, _PICTURE_EXTENSIONS)
