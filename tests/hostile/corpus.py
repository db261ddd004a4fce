"""Broken and malicious files, all benign in content: colour ramps, noise and zeros. The same on every run.

Each comes as (what is wrong with it, its bytes). Add one more by yielding it from the function of its kind.
"""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pillow_heif
from PIL import Image

from tests.hostile import odd_archives, odd_metadata, odd_pictures, odd_videos, structures

Named = tuple[str, bytes]

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF")
CUTS = (1, 2, 3, 4, 8, 12, 16, 24, 32, 64, 100, 200)
FLIPPED_COPIES = 12
FLIPPED_BITS = 48


def pictures() -> Iterator[Named]:
    """Every hostile picture."""
    sound = {name: _encoded(_ramp(), name) for name in FORMATS}
    for name, data in sound.items():
        yield from _damaged(name, data)
        yield from structures.cut_at_boundaries(name, data)
        yield from structures.flipped(name, data, FLIPPED_BITS)
    yield from _mislabelled(sound)
    yield from _modes()
    yield from _huge()
    yield from _scripted(sound)
    yield from odd_pictures.odd_pictures(sound)


def pictures_with_metadata() -> Iterator[Named]:
    """Every hostile block of metadata, in the files that carry one."""
    png = _encoded(_ramp(), "PNG")
    for name, block in metadata():
        yield f"jpeg with {name}", _jpeg_with(block)
        yield f"png with {name}", png[:33] + _png_chunk(b"eXIf", block) + png[33:]
        yield f"tiff of {name}", block


def videos() -> Iterator[Named]:
    """Every hostile video."""
    sound = odd_videos.sound_videos()
    for name, data in sound.items():
        yield from _damaged(name, data)
    yield from odd_videos.odd_videos(sound)


def archives() -> Iterator[Named]:
    """Every hostile archive."""
    plain = _zip(("a.jpg", b"x" * 999), ("b/c.jpg", b"y" * 99))
    for name, data in (("zip", plain), *((f"tar {mode}", _tar(mode)) for mode in ("w", "w:gz", "w:bz2", "w:xz"))):
        yield from _damaged(name, data)
    yield from _zip_tricks(plain)
    yield from _tar_tricks()
    zeros = bytes(64 << 20)
    yield "zip bomb", _zip(("zeros", zeros))
    yield "gzip bomb", gzip.compress(zeros)
    yield "bzip2 bomb", bz2.compress(zeros)
    yield "xz bomb", lzma.compress(zeros)
    yield "nested", _nested(20)
    yield "many members", _zip(*((f"{i}", b"") for i in range(3000)))
    yield from odd_archives.odd_archives()


def metadata() -> Iterator[Named]:
    """TIFF structures that lead a reader astray."""
    yield from odd_metadata.odd_metadata()
    head = b"II*\0" + struct.pack("<I", 8)
    yield "a directory that is its own successor", head + _directory((0x010F, 2, 4, 0), following=8)
    yield (
        "every pointer to the start",
        head + _directory(*((tag, 4, 1, 8) for tag in (0x8769, 0x8825, 0xA005, 0x014A))),
    )
    yield "two directories in a circle", head + _directory(following=14) + _directory(following=8)
    yield "a chain of directories", head + b"".join(_directory(following=14 + 6 * i) for i in range(10_000))
    yield "65,535 fields", head + struct.pack("<H", 65535) + struct.pack("<HHII", 0x0110, 3, 999, 8) * 5000
    yield (
        "giant counts",
        head + _directory(*((tag, kind, 0xFFFFFFFF, 8) for tag in (0x010F, 0x9003) for kind in range(14))),
    )
    yield "offsets outside", head + _directory(*((tag, 2, 100, 0xFFFFFF00) for tag in (0x010F, 0x0110, 0x0131)))
    yield (
        "a thumbnail of four gigabytes",
        head + _directory(following=14) + _directory((0x0201, 4, 1, 8), (0x0202, 4, 1, 0xFFFFFFFF)),
    )
    yield "a first directory outside", b"II*\0\xff\xff\xff\xff"
    yield "a picture of no size", head + _directory((0x0100, 4, 1, 0), (0x0101, 4, 1, 0), (0x0111, 4, 1, 8))
    strip = ((0x0103, 3, 1, 1), (0x0102, 3, 1, 8), (0x0106, 3, 1, 1), (0x0111, 4, 1, 8), (0x0117, 4, 1, 0xFFFFFFFF))
    yield "a picture larger than its strip", head + _directory((0x0100, 4, 1, 5000), (0x0101, 4, 1, 5000), *strip)


def _ramp(width: int = 96, height: int = 64) -> Image.Image:
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[..., 0] = np.arange(width) * 2
    ramp[..., 1] = np.arange(height)[:, None] * 3
    ramp[..., 2] = (np.arange(width) ** 2 + np.arange(height)[:, None] ** 2) // 5
    return Image.fromarray(ramp)


def _encoded(image: Image.Image, format_name: str, **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    target = io.BytesIO()
    image.save(target, format_name, **options)
    return target.getvalue()


def _damaged(name: str, data: bytes) -> Iterator[Named]:
    """Cut short at each early byte that matters and at many others, and with bytes changed."""
    cuts = {*CUTS, *(len(data) * part // 16 for part in range(1, 16)), *(len(data) - left for left in (1, 2, 8, 22))}
    for cut in sorted(cut for cut in cuts if 0 < cut < len(data)):
        yield f"{name} cut at {cut}", data[:cut]
    chance = random.Random(name)
    for copy in range(FLIPPED_COPIES):
        bad = bytearray(data)
        for _ in range(1 + copy):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        yield f"{name} with {1 + copy} bytes changed", bytes(bad)
    yield f"{name} with a tail", data + bytes(5000)
    yield f"{name} twice", data + data


def _mislabelled(sound: dict[str, bytes]) -> Iterator[Named]:
    for (name, data), other in itertools.product(
        sound.items(), (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0")
    ):
        yield f"{name} that begins like another", other + data[len(other) :]
    for name, data in sound.items():
        yield f"noise after the first bytes of {name}", data[:16] + random.Random(name).randbytes(4000)


def _modes() -> Iterator[Named]:
    image = _ramp()
    for mode in ("1", "L", "P", "LA", "RGBA", "I;16"):
        deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) << 8) if mode == "I;16" else None
        yield f"png {mode}", _encoded(deep or image.convert(mode), "PNG")
    yield "jpeg CMYK", _encoded(image.convert("CMYK"), "JPEG")
    yield "tiff CMYK with a profile of junk", _encoded(image.convert("CMYK"), "TIFF", icc_profile=b"junk" * 99)
    yield "tiff F", _encoded(Image.fromarray(np.full((32, 32), np.nan, np.float32)), "TIFF")
    yield "one pixel", _encoded(Image.new("RGB", (1, 1)), "PNG")
    yield "a line", _encoded(Image.new("L", (30000, 1)), "PNG")


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, bits: int, colour: int, pixels: bytes, *extra: bytes) -> bytes:
    head = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + _png_chunk(b"IDAT", pixels) + _png_chunk(b"IEND", b"")


def _huge() -> Iterator[Named]:
    """Small files that ask for much memory or time."""
    nothing = zlib.compress(bytes(1000))
    yield "png of 20000x20000 in its header", _png(20000, 20000, 8, 2, nothing)
    yield "png of 2147483647 a side", _png(0x7FFFFFFF, 0x7FFFFFFF, 16, 6, nothing)
    yield "png of 7000x7000 all black", _png(7000, 7000, 8, 0, zlib.compress(bytes(7001 * 7000)))
    sound = _encoded(_ramp(), "PNG")
    yield "png with a chunk of two gigabytes", sound.replace(sound[33:37], b"\x7f\xff\xff\xff", 1)
    yield "png with 60 MB of text", _png(64, 64, 8, 0, zlib.compress(bytes(65 * 64)), _bomb_text())
    for name, at, layout in (("GIF", 6, "<HH"), ("BMP", 18, "<ii"), ("JPEG", None, ">HH")):
        data = bytearray(_encoded(_ramp(), name))
        place = data.find(b"\xff\xc0") + 5 if at is None else at
        struct.pack_into(layout, data, place, 65000, 65000)
        yield f"{name} of 65000x65000 in its header", bytes(data)
    data = bytearray(_encoded(_ramp(), "BMP"))
    struct.pack_into("<ii", data, 18, 96, -(1 << 31))
    yield "bmp of negative height", bytes(data)


def _bomb_text() -> bytes:
    return _png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(60 << 20)))


def _scripted(sound: dict[str, bytes]) -> Iterator[Named]:
    yield "the three bytes that exifread cannot take", b"\xff\xd8\x02"
    progressive = _encoded(_ramp(), "JPEG", progressive=True)
    scan = progressive.rfind(b"\xff\xda")
    yield "jpeg of 3000 scans", progressive[:-2] + progressive[scan:-2] * 3000 + b"\xff\xd9"
    yield "jpeg of 65000 empty segments", b"\xff\xd8" + b"\xff\xe1\0\x02" * 65000 + sound["JPEG"][2:]
    yield "jpeg with a segment of length 0", b"\xff\xd8\xff\xe1\0\0" + sound["JPEG"][2:]
    others = [_ramp().rotate(turn) for turn in range(1, 60)]
    for name in ("GIF", "WEBP", "PNG", "TIFF"):
        yield f"{name} of sixty frames", _encoded(_ramp(), name, save_all=True, append_images=others)
    yield "heif whose boxes hold themselves", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\0meta" * 500
    yield "avif whose box has four gigabytes", b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf\xff\xff\xff\xffmdat"
    yield "webp that claims more than there is", b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\x7f" + bytes(100)


def _jpeg_with(block: bytes) -> bytes:
    body = b"Exif\0\0" + block[:65000]
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body + _encoded(_ramp(), "JPEG")[2:]


def _directory(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + rows + struct.pack("<I", following)


def _zip(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def _nested(depth: int) -> bytes:
    data = b"the innermost"
    for level in range(depth):
        data = _zip((f"{level}.zip", data))
    return data


def _zip_tricks(plain: bytes) -> Iterator[Named]:
    directory, end = plain.find(b"PK\x01\x02"), plain.find(b"PK\x05\x06")
    entry = plain[directory : directory + 46 + 5]
    count = 2000
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, directory, 0)
    yield "zip of 2000 entries for one member", plain[:directory] + entry * count + tail
    yield "zip that claims 65535 entries", plain[: end + 8] + b"\xff" * 4 + plain[end + 12 :]
    yield "zip whose directory is everywhere", plain[: end + 12] + b"\xff" * 8 + plain[end + 20 :]
    yield (
        "zip with names that climb out",
        _zip(("../../etc/cron.d/x", b"x"), ("/abs", b"y"), ("C:\\x", b"z"), ("a" * 65000, b"")),
    )
    yield "zip with names in bad UTF-8", _zip(("ภาพ.jpg", b"x")).replace("ภ".encode(), b"\xff\xfe\xfd")
    yield "zip with an encrypted member", plain[: directory + 8] + b"\x01" + plain[directory + 9 :]
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 1 << 63, 1)
    yield "zip64 that points nowhere", plain[:end] + b"PK\x06\x06" + b"\xff" * 52 + locator + plain[end:]
    yield "zip with many end records", plain + b"PK\x05\x06" * 16000


def _tar(mode: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is a parameter
        for name in ("a", "../b", "ภาพ\udcff.jpg"):
            info = tarfile.TarInfo(name)
            info.size = 700
            archive.addfile(info, io.BytesIO(b"x" * 700))
    return file.getvalue()


def _tar_header(name: str, size: bytes, kind: bytes = b"0") -> bytes:
    """One header with a size field of our own making and a right checksum."""
    head = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT))
    head[124:136] = size
    head[156:157] = kind
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def _tar_tricks() -> Iterator[Named]:
    yield (
        "tar with a member of 8 exabytes",
        _tar_header("a", b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7) + bytes(2000),
    )
    yield "tar with a negative size", _tar_header("a", b"\xff" * 12) + bytes(2000)
    yield "tar with a long name of a gigabyte", _tar_header("a", b"10000000000\0", b"L") + bytes(2000)
    yield "tar with a pax header of junk", _tar_header("a", b"00000000777\0", b"x") + b"9" * 511 + bytes(2000)
    yield "tar that is sparse without end", _tar_header("a", b"00000001000\0", b"S") + bytes(2000)
    yield (
        "tar of every kind",
        b"".join(_tar_header("x", b"00000000000\0", bytes([kind])) for kind in range(32, 127)) + bytes(1024),
    )
    yield "tar of zeros after one header", _tar_header("a", b"00000000000\0") + bytes(3 << 20)


KINDS: Mapping[str, Callable[[], Iterator[Named]]] = {
    "pictures": pictures,
    "metadata": pictures_with_metadata,
    "videos": videos,
    "archives": archives,
}
