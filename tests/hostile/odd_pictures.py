"""Pictures sound in no usual way: absurd sides, endless frames and scans, junk profiles, boxes of nonsense."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

Named = tuple[str, bytes]

SIDES = ((0, 0), (0, 5), (5, 0), (1, 1), (1, 65535), (65535, 1), (65535, 65535))
MILLION = 1_000_000

SLOW = "jpeg of 20,000 scans over nine million pixels"
"""Made to take CPU time: its child is ended by the limit, which is what should become of it."""


def odd_pictures(sound: dict[str, bytes]) -> Iterator[Named]:
    """Every one."""
    yield from _sides(sound)
    yield from _frames()
    yield from _modes()
    yield from _profiles(sound)
    yield from _boxes(sound)
    yield from _large_metadata(sound)
    yield SLOW, _scans(3000, 20_000)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, bits: int, colour: int, rows: bytes, *before: bytes, interlace: int = 0) -> bytes:
    """A PNG of these rows, each with its filter byte."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace))
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + body


def _sides(sound: dict[str, bytes]) -> Iterator[Named]:
    for width, height in SIDES:
        name = f"{width}x{height}"
        yield f"png of {name}", png(width, height, 8, 0, bytes(100))
        for kind, at, layout in (("GIF", 6, "<HH"), ("BMP", 18, "<ii")):
            data = bytearray(sound[kind])
            struct.pack_into(layout, data, at, width, height)
            yield f"{kind} of {name} in its header", bytes(data)
        data = bytearray(sound["JPEG"])
        struct.pack_into(">HH", data, data.find(b"\xff\xc0") + 5, height, width)
        yield f"JPEG of {name} in its header", bytes(data)
        entries = ((0x0100, 4, 1, width), (0x0101, 4, 1, height), (0x0111, 4, 1, 8), (0x0117, 4, 1, 99))
        rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
        yield f"tiff of {name}", b"II*\0\x08\0\0\0" + struct.pack("<H", 4) + rows + bytes(200)
        canvas = struct.pack("<I", max(width - 1, 0))[:3] + struct.pack("<I", max(height - 1, 0))[:3]
        extended = b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + canvas + sound["WEBP"][12:]
        yield f"webp with a canvas of {name}", b"RIFF" + struct.pack("<I", len(extended) + 4) + b"WEBP" + extended
        for kind in ("HEIF", "AVIF"):
            data = bytearray(sound[kind])
            place = data.find(b"ispe")
            struct.pack_into(">II", data, place + 8, width, height)
            yield f"{kind} of {name} in its box", bytes(data)


def _frames() -> Iterator[Named]:
    control = b"!\xf9\x04\0\0\0\0\0"
    frame = control + b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    head = b"GIF89a\x10\0\x10\0\x80\0\0" + bytes(3) + b"\xff\xff\xff"
    yield "gif of a million frames", head + frame * MILLION + b";"
    yield "gif of a million comments", head + b"!\xfe\0" * MILLION + frame + b";"
    yield "gif whose sub-blocks never end", head + b"!\xfe" + b"\x01x" * MILLION
    first = chunk(b"acTL", struct.pack(">II", MILLION, 0))
    yield "apng that claims a million frames", png(8, 8, 8, 0, bytes(72), first)
    control = struct.pack(">IIIIIHHBB", 0, 8, 8, 0, 0, 1, 10, 0, 0)
    piece = chunk(b"fcTL", control) + chunk(b"fdAT", struct.pack(">I", 1) + zlib.compress(bytes(72)))
    whole = png(8, 8, 8, 0, bytes(72), first)
    yield "apng of a hundred thousand frames", whole[:-12] + piece * 100_000 + whole[-12:]
    animated = b"ANIM" + struct.pack("<I", 6) + bytes(6) + (b"ANMF" + struct.pack("<I", 16) + bytes(16)) * 100_000
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + bytes(6) + animated
    yield "webp of a hundred thousand empty frames", b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    page = struct.pack("<H", 0)
    pages = b"".join(page + struct.pack("<I", 8 + 6 * (number + 1)) for number in range(200_000))
    yield "tiff of two hundred thousand pages", b"II*\0\x08\0\0\0" + pages


def _scans(side: int, count: int) -> bytes:
    target = io.BytesIO()
    Image.new("L", (side, side), 90).save(target, "JPEG", progressive=True)
    data = target.getvalue()
    scan = data.rfind(b"\xff\xda")
    return data[:-2] + data[scan:-2] * count + b"\xff\xd9"


def _modes() -> Iterator[Named]:
    for bits, colour, interlace in itertools.product((1, 2, 4, 8, 16, 3, 255), range(8), (0, 1)):
        yield (
            f"png of {bits} bits, colour {colour}, interlace {interlace}",
            png(16, 16, bits, colour, bytes(16 * 140), interlace=interlace),
        )
    plenty, empty = chunk(b"PLTE", bytes(300 * 3)), chunk(b"PLTE", b"")
    yield "png with a palette of 300", png(16, 16, 8, 3, bytes(17 * 16), plenty)
    yield "png with an empty palette", png(16, 16, 8, 3, bytes(17 * 16), empty)
    yield "png of indices beyond its palette", png(16, 16, 8, 3, b"\0" + b"\xff" * 16, chunk(b"PLTE", bytes(3)))
    yield (
        "png with more transparency than palette",
        png(16, 16, 8, 3, bytes(272), chunk(b"PLTE", bytes(3)), chunk(b"tRNS", bytes(256))),
    )
    ramp = Image.linear_gradient("L").resize((64, 64))
    for mode, kind in itertools.product(
        ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F"),
        ("TIFF", "PNG", "WEBP", "JPEG"),
    ):
        target = io.BytesIO()
        try:
            ramp.convert("RGB").convert(mode).save(target, kind)
        except (OSError, ValueError):
            continue  # this format has no such mode
        yield f"{kind} in {mode}", target.getvalue()
    for value in (np.inf, -np.inf, np.nan, 3e38):
        target = io.BytesIO()
        Image.fromarray(np.full((32, 32), value, np.float32)).save(target, "TIFF")
        yield f"tiff of {value}", target.getvalue()
    for bits in (0, 1, 2, 4, 16, 24, 32, 33, 65535):
        head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 999, 0, 0, 54, 40, 16, 16, 1, bits, 0, 0, 0, 0, 0xFFFFFFFF, 0)
        yield f"bmp of {bits} bits", head + bytes(2000)
    for method in range(1, 8):
        head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 999, 0, 0, 54, 40, 16, 16, 1, 8, method, 0, 0, 0, 2, 0)
        yield f"bmp of compression {method}", head + bytes([255, 1]) * 1000


def _profiles(sound: dict[str, bytes]) -> Iterator[Named]:
    profile = (
        struct.pack(">I", 200)
        + bytes(8)
        + b"mntrCMYKLab "
        + bytes(12)
        + b"acsp"
        + bytes(84)
        + struct.pack(">I", 0xFFFFFFFF)
    )
    ink = io.BytesIO()
    Image.new("CMYK", (32, 32)).save(ink, "JPEG")
    for name, body in (
        ("junk", b"junk" * 50),
        ("a giant table", profile),
        ("nothing", b""),
        ("60 KB of zeros", bytes(60_000)),
    ):
        segment = b"ICC_PROFILE\0\x01\x01" + body
        marked = b"\xff\xe2" + struct.pack(">H", len(segment) + 2) + segment
        yield f"jpeg with a profile of {name}", sound["JPEG"][:2] + marked + sound["JPEG"][2:]
        yield f"CMYK jpeg with a profile of {name}", ink.getvalue()[:2] + marked + ink.getvalue()[2:]
        yield (
            f"png with a profile of {name}",
            png(8, 8, 8, 0, bytes(72), chunk(b"iCCP", b"x\0\0" + zlib.compress(body))),
        )
    segment = b"ICC_PROFILE\0\x05\x02junk"
    marked = b"\xff\xe2" + struct.pack(">H", len(segment) + 2) + segment
    yield "jpeg with profile parts out of order", sound["JPEG"][:2] + marked * 300 + sound["JPEG"][2:]
    yield (
        "png with a profile that is a bomb",
        png(8, 8, 8, 0, bytes(72), chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50 << 20)))),
    )


def _boxes(sound: dict[str, bytes]) -> Iterator[Named]:
    for kind in ("HEIF", "AVIF"):
        data = sound[kind]
        for box in (
            b"ftyp",
            b"meta",
            b"hdlr",
            b"pitm",
            b"iloc",
            b"iinf",
            b"infe",
            b"iprp",
            b"ipco",
            b"ipma",
            b"ispe",
            b"mdat",
        ):
            at = data.find(box) - 4
            if at < 0:
                continue
            for size in (0, 1, 7, 8, 0x7FFFFFFF, 0xFFFFFFFF):
                yield (
                    f"{kind} whose {box.decode()} says {size} bytes",
                    data[:at] + struct.pack(">I", size) + data[at + 4 :],
                )
            yield f"{kind} with {box.decode()} named otherwise", data[: at + 4] + b"free" + data[at + 8 :]
            yield f"{kind} with noughts in {box.decode()}", data[: at + 8] + bytes(12) + data[at + 20 :]
            yield f"{kind} with all ones in {box.decode()}", data[: at + 8] + b"\xff" * 12 + data[at + 20 :]
    nested = b""
    for _ in range(2000):
        nested = struct.pack(">I", len(nested) + 8) + b"ipco" + nested
    yield (
        "heif of boxes two thousand deep",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + struct.pack(">I", len(nested) + 12) + b"meta\0\0\0\0" + nested,
    )


def _large_metadata(sound: dict[str, bytes]) -> Iterator[Named]:
    exif = b"Exif\0\0" + b"II*\0\x08\0\0\0" + b"\xff" * 65_000
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    yield "jpeg of 200 EXIF segments", sound["JPEG"][:2] + segment * 200 + sound["JPEG"][2:]
    xmp = (
        b"http://ns.adobe.com/xap/1.0/\0<?xml version='1.0'?><!DOCTYPE x ["
        + b"".join(b"<!ENTITY e%d '&e%d;&e%d;'>" % (n + 1, n, n) for n in range(30))
        + b"]><x>&e30;</x>"
    )
    yield (
        "jpeg with XMP that laughs",
        sound["JPEG"][:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + sound["JPEG"][2:],
    )
    yield (
        "png with XMP cut short",
        png(8, 8, 8, 0, bytes(72), chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + b"\x78\x9c<x")),
    )
    yield (
        "png with EXIF of ten megabytes",
        png(8, 8, 8, 0, bytes(72), chunk(b"eXIf", b"II*\0" + b"\x08" * (10 << 20))),
    )
    yield "png of a hundred thousand texts", png(8, 8, 8, 0, bytes(72), chunk(b"tEXt", b"k\0v") * 100_000)
    yield "png that is interlaced and huge", png(30_000, 30_000, 8, 0, bytes(1000), interlace=1)
    yield "png with a bomb of pixels", png(7700, 7700, 8, 0, bytes(7701 * 7700))
