"""Where the parts of a file begin, so that it can be cut at each: the boundaries at which readers go wrong."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

Named = tuple[str, bytes]

_ISO_PARENTS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"dinf": 0, b"iinf": 6, b"iref": 4}
"""Boxes that hold boxes, and how many bytes of their own come first."""

MOST_CUTS = 48


def boundaries(format_name: str, data: bytes) -> list[int]:
    """Offsets where a part begins or ends, in order, without 0 and the end."""
    found = sorted({at for at in _WALKS[format_name](data) if 0 < at < len(data)})
    return found if len(found) <= MOST_CUTS else random.Random(format_name).sample(found, MOST_CUTS)


def cut_at_boundaries(format_name: str, data: bytes) -> Iterator[Named]:
    """The file up to each boundary, and with the part that begins there taken out."""
    places = sorted(boundaries(format_name, data))
    for at, following in zip(places, [*places[1:], len(data)], strict=True):
        yield f"{format_name} up to its part at {at}", data[:at]
        yield f"{format_name} without its part at {at}", data[:at] + data[following:]


def flipped(format_name: str, data: bytes, copies: int) -> Iterator[Named]:
    """One bit changed in each copy, early bytes more often."""
    chance = random.Random(f"flip {format_name}")
    for _ in range(copies):
        at = min(int(chance.expovariate(1 / 120)), len(data) - 1)
        bit = chance.randrange(8)
        bad = bytearray(data)
        bad[at] ^= 1 << bit
        yield f"{format_name} with bit {bit} of byte {at} changed", bytes(bad)


def _jpeg(data: bytes) -> Iterator[int]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        yield from (at, at + 2, at + 4)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    yield at


def _png(data: bytes) -> Iterator[int]:
    at = 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield from (at, at + 4, at + 8, at + 8 + length)
        at += 12 + length


def _gif(data: bytes) -> Iterator[int]:
    yield from (6, 13)
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while at < len(data) and data[at] in b"!,":
        yield at
        at += 2 if data[at] == 0x21 else 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0)
        while at < len(data) and data[at]:
            yield at
            at += 1 + data[at]
        at += 1


def _riff(data: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield from (at, at + 4, at + 8, at + 8 + length)
        at += 8 + length + length % 2


def _bmp(data: bytes) -> Iterator[int]:
    yield from (2, 6, 10, 14, 18, 22, 26, 28, 30, 34, 54, int.from_bytes(data[10:14], "little"))


def _tiff(data: bytes) -> Iterator[int]:
    (at,) = struct.unpack_from("<I", data, 4)
    yield from (4, 8, at, at + 2)
    (count,) = struct.unpack_from("<H", data, at)
    yield from (at + 2 + 12 * number for number in range(count + 1))


def _iso(data: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    at, end = start, len(data) if end is None else end
    while at + 8 <= end:
        length = int.from_bytes(data[at : at + 4], "big") or end - at
        yield from (at, at + 4, at + 8)
        skipped = _ISO_PARENTS.get(data[at + 4 : at + 8])
        if skipped is not None:
            yield from _iso(data, at + 8 + skipped, at + length)
        at += max(length, 8)


_WALKS = {
    "JPEG": _jpeg, "PNG": _png, "GIF": _gif, "WEBP": _riff, "BMP": _bmp, "TIFF": _tiff, "HEIF": _iso, "AVIF": _iso,
}  # fmt: skip
