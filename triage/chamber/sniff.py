"""What the first bytes say a file is: comparison of constants, no parsing, so the trusted side may use it."""

from __future__ import annotations

from typing import Literal

SNIFF_BYTES = 512
"""How many first bytes decide; a TAR shows itself at 257."""

Kind = Literal["raster", "video", "container", "other", "empty"]

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_MOVING_BRANDS = frozenset(
    {
        b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"mp71",
        b"avc1", b"hvc1", b"hev1", b"av01", b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"NDSC", b"NDSH", b"dash", b"dby1",
        b"f4v ", b"F4V ", b"mmp4", b"XAVC", b"CAEP", b"niko", b"pana", b"qt  ", b"MQT ",
    }
)  # fmt: skip
_MOVING_BRANDS_BEGIN = (b"3gp", b"3g2", b"3ge", b"3gg", b"3gr", b"3gs", b"kddi")
_QUICKTIME_BOXES = frozenset({b"moov", b"mdat"})
_QUICKTIME_WORDS = frozenset({b"wide", b"free", b"skip", b"pnot"})
"""Boxes that are words of English besides: only short ones begin a film."""

_TS_PACKET, _TS_SYNC, _M2TS_STAMP = 188, 0x47, 4


def format_of(first_bytes: bytes) -> str | None:
    """By magic number: the words of `Raster.format`, or "zip", "tar", "gzip", "bzip2", "xz"; else None."""
    return _raster_format(first_bytes) or _video_format(first_bytes) or _container_format(first_bytes)


def kind_of(first_bytes: bytes) -> Kind:
    """Whether the chamber can examine or expand a file that begins so; takes its first `SNIFF_BYTES` bytes."""
    if not first_bytes:
        return "empty"
    if _raster_format(first_bytes):
        return "raster"
    if _video_format(first_bytes):
        return "video"
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


def _video_format(head: bytes) -> str | None:
    """What moves, by the container alone: whether pictures are in it, or sound only, is for the chamber to find."""
    if head[4:8] == b"ftyp":
        major = head[8:12]
        if major in {b"qt  ", b"MQT "}:
            return "mov"
        return "mp4" if major in _MOVING_BRANDS or major.startswith(_MOVING_BRANDS_BEGIN) else None
    for magic, name in (
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"\0\0\x01\xba", "mpeg-ps"),
        (b"\0\0\x01\xb3", "mpeg-ps"),  # bare MPEG-1 or MPEG-2 video
        (b"FLV\x01", "flv"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "asf"),
    ):
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] in {b"AVI ", b"AVIX"}:
        return "avi"
    if head[4:8] in _QUICKTIME_BOXES or (head[4:8] in _QUICKTIME_WORDS and head[:2] == b"\0\0"):
        return "mov"  # from before there was an `ftyp`
    return "mpeg-ts" if _is_transport_stream(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes, or of 192 with a time stamp before each; three in a row begin as they must."""
    return any(
        all(head[place : place + 1] == bytes([_TS_SYNC]) for place in range(skip, 3 * step, step))
        for skip, step in ((0, _TS_PACKET), (_M2TS_STAMP, _TS_PACKET + _M2TS_STAMP))
    )


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


_ISO_EXTENSIONS = frozenset({"mp4", "m4v", "mov", "qt", "3gp", "3g2", "3gpp", "f4v", "mqv", "lrv", "insv", "mp4v"})

EXTENSIONS: dict[str, frozenset[str]] = {
    "jpeg": frozenset({"jpg", "jpeg", "jpe", "jfif", "mpo"}),
    "png": frozenset({"png", "apng"}),
    "gif": frozenset({"gif"}),
    "bmp": frozenset({"bmp", "dib"}),
    "tiff": frozenset({"tif", "tiff", "dng", "nef", "cr2", "arw"}),
    "webp": frozenset({"webp"}),
    "heif": frozenset({"heic", "heif", "hif", "heics", "heifs"}),
    "avif": frozenset({"avif", "avifs"}),
    "mp4": _ISO_EXTENSIONS,
    "mov": _ISO_EXTENSIONS,
    "matroska": frozenset({"mkv", "webm", "mk3d"}),
    "avi": frozenset({"avi", "divx"}),
    "mpeg-ps": frozenset({"mpg", "mpeg", "mpe", "vob", "m1v", "m2v", "mod", "dat", "m2p"}),
    "mpeg-ts": frozenset({"ts", "mts", "m2ts", "m2t", "tod", "trp"}),
    "flv": frozenset({"flv", "f4v"}),
    "asf": frozenset({"wmv", "asf", "wm"}),
}
"""The extensions under which each format of pictures, still or moving, is at home."""

VIDEO_FORMATS = frozenset({"mp4", "mov", "matroska", "avi", "mpeg-ps", "mpeg-ts", "flv", "asf"})
"""The words of `Raster.format` for what moves."""

_PICTURE_EXTENSIONS = frozenset().union(*EXTENSIONS.values())


def name_disagrees(name_extension: str, raster_format: str) -> bool:
    """Whether a name's extension claims something else than the bytes are. No extension claims nothing."""
    extension = name_extension.lower().lstrip(".")
    return bool(extension) and extension not in EXTENSIONS.get(raster_format, _PICTURE_EXTENSIONS)
