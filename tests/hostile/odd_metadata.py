"""EXIF that lies: every field type broken, places and days that are none, texts that reorder, maker notes."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

Named = tuple[str, bytes]

HEAD = b"II*\0" + struct.pack("<I", 8)
ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SIGNED_RATIONAL = 2, 3, 4, 5, 7, 10
IMAGE_TAGS = (0x010F, 0x0110, 0x0112, 0x0131, 0xC62F)
EXIF_TAGS = (0x9003, 0x9011, 0xA431, 0xA434, 0xA435, 0x927C)
GPS_TAGS = (1, 2, 3, 4)
Field = tuple[int, int, int, bytes]
"""Tag, type, count, content: within the entry when it fits into four bytes."""

MOMENTS = (
    "0000:00:00 00:00:00", "0000:01:01 00:00:00", "0001:01:01 00:00:00", "9999:12:31 23:59:59",
    "10000:01:01 00:00:00",
    "2024:13:01 00:00:00", "2024:02:30 00:00:00", "2023:02:29 12:00:00", "2024:01:01 24:00:00", "2024:01:01 23:59:60",
    "-001:01:01 00:00:00", "2024:01:01", "2024:01:01 ", "    :  :     :  :  ",
    "\uff12\uff10\uff12\uff14:01:01 00:00:00", "2024-W01-1 00:00",
    "2024:01:01 00:00:00+14:00", "2024:01:01 00:00:00.999999999", "2024:01:01T00:00:00Z", "9" * 400,
)  # fmt: skip
OFFSETS = ("+99:99", "-14:01", "+14:00", "Z", "+0:00", "++0:00", "+\uff11\uff14:00", "")
TEXTS = (
    b"\x1b[2J\x1b[31mmaker", "\u202egnp.exe\u2066".encode(), b"a\0b\0c", b"\xff\xfe\xfd\x80", b"\r\n\r\nHTTP/1.1 200",
    b"<script>alert(1)</script>", b"'; DROP TABLE item; --", b"{{7*7}}${7*7}%n%s", "\ud800".encode("utf-8",
    "surrogatepass"),
    b"x" * 60_000, "\u0301".encode() * 500, b"\x7f" * 40, b" " * 300, "\U000e0041\U0001f600".encode(),
)  # fmt: skip
PLACES: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = (
    ("of no denominators", (1, 0, 1, 0, 1, 0), (1, 0, 1, 0, 1, 0)),
    ("of nothing over nothing", (0, 0) * 3, (0, 0) * 3),
    ("beyond the poles", (91, 1, 0, 1, 0, 1), (181, 1, 0, 1, 0, 1)),
    ("of giant numbers", (0xFFFFFFFF, 1) * 3, (0xFFFFFFFF, 1) * 3),
    ("of the smallest parts", (1, 0xFFFFFFFF) * 3, (1, 0xFFFFFFFF) * 3),
    ("of sixty minutes", (10, 1, 60, 1, 60, 1), (10, 1, 60, 1, 60, 1)),
    ("at the very pole", (90, 1, 0, 1, 0, 1), (180, 1, 0, 1, 0, 1)),
    ("of two parts", (10, 1, 10, 1), (10, 1, 10, 1)),
)


def directory(start: int, fields: list[Field], following: int = 0) -> bytes:
    """A directory at `start`, its longer contents behind it."""
    rows, tail = [], b""
    after = start + 2 + 12 * len(fields) + 4
    for tag, kind, count, content in fields:
        if len(content) <= 4:
            rows.append(struct.pack("<HHI4s", tag, kind, count, content))
        else:
            rows.append(struct.pack("<HHII", tag, kind, count, after + len(tail)))
            tail += content
    return struct.pack("<H", len(fields)) + b"".join(rows) + struct.pack("<I", following) + tail


def block(image: list[Field], exif: list[Field] = (), gps: list[Field] = ()) -> bytes:  # type: ignore[assignment]
    """A TIFF structure of up to three directories, in the order EXIF, GPS, main, so that offsets are known."""
    exif_at = 8
    exif_part = directory(exif_at, list(exif))
    gps_at = exif_at + len(exif_part)
    gps_part = directory(gps_at, list(gps))
    main_at = gps_at + len(gps_part)
    pointers: list[Field] = [
        (0x8769, LONG, 1, struct.pack("<I", exif_at)),
        (0x8825, LONG, 1, struct.pack("<I", gps_at)),
    ]
    return b"II*\0" + struct.pack("<I", main_at) + exif_part + gps_part + directory(main_at, [*image, *pointers])


def text(tag: int, value: bytes) -> Field:
    """A text field."""
    return tag, ASCII, len(value) + 1, value + b"\0"


def rationals(tag: int, numbers: tuple[int, ...]) -> Field:
    """A field of fractions."""
    return tag, RATIONAL, len(numbers) // 2, struct.pack(f"<{len(numbers)}I", *numbers)


def odd_metadata() -> Iterator[Named]:
    """Every block."""
    for kind in (*range(15), 129, 255, 65535):
        for count in (0, 1, 3, 1000, 0x7FFFFFFF, 0xFFFFFFFF):
            junk = random.Random(f"{kind} {count}").randbytes(24)
            parts = ([(tag, kind, count, junk) for tag in tags] for tags in (IMAGE_TAGS, EXIF_TAGS, GPS_TAGS))
            yield f"type {kind}, count {count} everywhere", block(*parts)
    for number, moment in enumerate(MOMENTS):
        offset = OFFSETS[number % len(OFFSETS)]
        yield f"moment {number}", block([], [text(0x9003, moment.encode()), text(0x9011, offset.encode())])
    for number, value in enumerate(TEXTS):
        both = [text(tag, value) for tag in (0x010F, 0x0110, 0x0131)]
        yield f"text {number}", block(both, [text(tag, value) for tag in (0xA431, 0xA434, 0xA435)])
    for name, latitude, longitude in PLACES:
        for north, east in ((b"N", b"E"), (b"X", b""), (b"S\0N", b"\xff")):
            fields = [text(1, north), rationals(2, latitude), text(3, east), rationals(4, longitude)]
            yield f"a place {name}, {north!r} and {east!r}", block([], gps=fields)
    signed = struct.pack("<6i", -10, 1, -10, -1, 10, -1)
    yield (
        "a place of negative fractions",
        block([], gps=[text(1, b"N"), (2, SIGNED_RATIONAL, 3, signed), text(3, b"E")]),
    )
    chance = random.Random("maker")
    for start in (
        b"Nikon\0\2\x10\0\0II*\0\x08\0\0\0",
        b"OLYMPUS\0II\3\0",
        b"Canon",
        b"FUJIFILM\x0c\0\0\0",
        b"SONY DSC ",
        b"",
    ):
        note = start + chance.randbytes(50_000)
        yield (
            f"a maker note of noise after {start[:8]!r}",
            block([text(0x010F, start[:5])], [(0x927C, UNDEFINED, len(note), note)]),
        )
    yield "sixteen thousand equal fields", block([text(0x010F, b"abc")] * 5000)
    yield "an orientation of 65535", block([(0x0112, SHORT, 1, b"\xff\xff")])
    yield "big-endian that is little", b"MM" + block([text(0x010F, b"maker")])[2:]
    yield "a bigtiff", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + struct.pack("<Q", 1 << 60)
