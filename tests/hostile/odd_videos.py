"""Videos sound in no usual way: absurd sides, counts and lengths, empty indexes, boxes within boxes without end.

Made of flat greys by `made_videos`, then bent. Layouts: ISO/IEC 14496-12; RFC 9559 (Matroska); AVI's RIFF.
"""

from __future__ import annotations

import random
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.made_videos import KINDS, made_video

Named = tuple[str, bytes]

MOST = 0xFFFFFFFF
_BRANDS = (b"isom", b"mp42", b"qt  ", b"3gp4", b"dash")
_TABLES = (b"stts", b"stsz", b"stsc", b"stco", b"stss", b"ctts", b"elst")
_DURATION = b"\x44\x89\x88"
_DEEP = 20_000


ENDLESS = "mp4 of a million frames that are one, the first of which lasts nearly all of the time"
"""Made to take CPU time: no seek finds what was asked for, and counting ends at the child's limit, as it should."""


def sound_videos() -> dict[str, bytes]:
    """One of each kind that can be written here."""
    with tempfile.TemporaryDirectory() as folder:
        return {kind: made_video(Path(folder), kind, frames=30) for kind in KINDS}


def odd_videos(sound: dict[str, bytes]) -> Iterator[Named]:
    """Every one."""
    yield from _heads()
    yield from _boxes(sound["mp4"])
    yield from _tables(sound["mp4"])
    yield from _matroska(sound["mkv"])
    yield from _avi(sound["avi"])
    yield "a made-up video of many frames behind an index of zeros", _without_index(sound["mp4"])
    yield ENDLESS, endless(sound["mp4"], 1_000_000)


def box(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    """A box of an MP4; `length` is what it claims."""
    return struct.pack(">I", 8 + len(body) if length is None else length) + kind + body


def endless(mp4: bytes, frames: int) -> bytes:
    """The same film, whose index names its first frame again and again."""
    first = struct.unpack_from(">I", mp4, mp4.find(b"stsz") + 16)[0]
    place = struct.unpack_from(">I", mp4, mp4.find(b"stco") + 12)[0]
    tables = {
        b"stts": struct.pack(">6I", 0, 2, 1, 0x7FFFFFFF, frames - 1, 1),  # the first lasts nearly all of the time
        b"stsz": struct.pack(">3I", 0, first, frames),
        b"stsc": struct.pack(">5I", 0, 1, 1, 1, 1),
        b"stco": struct.pack(">2I", 0, frames) + struct.pack(">I", place) * frames,
        b"stss": struct.pack(">3I", 0, 1, 1),
    }
    end = mp4.find(b"moov") - 4
    return mp4[:end] + _rewritten(mp4[end:], tables)


def _rewritten(boxes: bytes, tables: dict[bytes, bytes]) -> bytes:
    """Boxes with other bodies; a table of lengths and times that is not named falls away."""
    made, at = b"", 0
    while at + 8 <= len(boxes):
        length, kind = struct.unpack_from(">I4s", boxes, at)
        body = boxes[at + 8 : at + length]
        if kind in {b"moov", b"trak", b"mdia", b"minf", b"stbl"}:
            body = _rewritten(body, tables)
        if kind not in {b"ctts", b"edts", b"sdtp", b"udta"}:
            made += box(kind, tables.get(kind, body))
        at += length
    return made


def _heads() -> Iterator[Named]:
    noise = random.Random("heads").randbytes(20_000)
    for brand in _BRANDS:
        head = box(b"ftyp", brand + bytes(4) + brand)
        yield f"noise after ftyp {brand!r}", head + noise
        yield f"nothing after ftyp {brand!r}", head
    for name, magic in (
        ("matroska", b"\x1a\x45\xdf\xa3"),
        ("avi", b"RIFF\xff\xff\xff\xffAVI "),
        ("program stream", b"\0\0\x01\xba"),
        ("flv", b"FLV\x01\x05\0\0\0\x09"),
        ("asf", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")),
    ):
        yield f"noise after the first bytes of {name}", magic + noise
        yield f"zeros after the first bytes of {name}", magic + bytes(20_000)
    yield "a transport stream of empty packets", (b"\x47" + bytes(187)) * 200
    yield "a transport stream of noise", b"".join(b"\x47" + noise[at : at + 187] for at in range(0, 18_700, 187))


def _boxes(mp4: bytes) -> Iterator[Named]:
    head = box(b"ftyp", b"isom" + bytes(4) + b"isom")
    deep = b""
    for _ in range(_DEEP):
        deep = box(b"moov", deep)
        if len(deep) > 150_000:
            break
    yield "films within films", head + deep
    tracks = b""
    while len(tracks) < 100_000:
        tracks = box(b"trak", box(b"mdia", tracks))
    yield "tracks within tracks", head + box(b"moov", tracks)
    yield "a box that claims four gigabytes", head + box(b"moov", b"", MOST) + mp4
    yield "a box that holds itself", head + box(b"moov", b"", 0) + mp4
    yield "a box of one byte", head + box(b"moov", b"", 1) + bytes(16)
    yield "ten thousand empty tracks", head + box(b"moov", box(b"trak", b"") * 10_000)


def _tables(mp4: bytes) -> Iterator[Named]:
    """Counts of the sample tables, and the sides in header and sample entry, that cannot be."""
    for kind in _TABLES:
        place = mp4.find(kind)
        if place < 0:
            continue
        for value in (0, 1_000_000_000, MOST):
            for at, name in ((8, "first"), (12, "second")):
                bad = bytearray(mp4)
                struct.pack_into(">I", bad, place + at, value)
                yield f"mp4 whose {kind.decode()} says {value} in its {name} field", bytes(bad)
    entry = mp4.find(b"mp4v", mp4.find(b"stsd"))
    track = mp4.find(b"tkhd")
    for width, height in ((60_000, 60_000), (65_535, 65_535), (0, 0), (1, 65_535), (20_000, 20_000)):
        bad = bytearray(mp4)
        struct.pack_into(">HH", bad, entry + 28, width, height)
        struct.pack_into(">II", bad, track + 80, width << 16 & MOST, height << 16 & MOST)
        yield f"mp4 of {width}x{height}", bytes(bad)
    for box_name, at in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 24)):
        for value in (0, 1, MOST):
            bad = bytearray(mp4)
            struct.pack_into(">I", bad, mp4.find(box_name) + at, value)
            yield f"mp4 whose {box_name.decode()} says {value} in field {at}", bytes(bad)


def _without_index(mp4: bytes) -> bytes:
    place = mp4.find(b"stco")
    end = place + struct.unpack_from(">I", mp4, place - 4)[0] - 4
    return mp4[: place + 8] + bytes(end - place - 8) + mp4[end:]


def _matroska(mkv: bytes) -> Iterator[Named]:
    place = mkv.find(_DURATION) + len(_DURATION)
    for length in (0.0, -1.0, 1e300, float("nan"), float("inf"), 4e13):
        bad = bytearray(mkv)
        struct.pack_into(">d", bad, place, length)
        yield f"matroska that lasts {length}", bytes(bad)
    for name, element in (("width", 0xB0), ("height", 0xBA)):
        for size in (1, 2):
            at = mkv.find(bytes([element, 0x80 | size]))
            if at > 0:
                yield f"matroska of a {name} of {size} ones", mkv[: at + 2] + b"\xff" * size + mkv[at + 2 + size :]
    master = b"\x18\x53\x80\x67\x01" + b"\xff" * 7  # a segment of unknown length
    yield "segments within segments", mkv[: mkv.find(b"\x18\x53\x80\x67")] + master * 5_000


def _avi(avi: bytes) -> Iterator[Named]:
    head = avi.find(b"avih") + 8
    for field, name in ((0, "microseconds"), (16, "frames"), (32, "width"), (36, "height")):
        for value in (0, 60_000, MOST):
            bad = bytearray(avi)
            struct.pack_into("<I", bad, head + field, value)
            yield f"avi whose header says {value} {name}", bytes(bad)
    stream = avi.find(b"strh") + 8
    for field, name in ((20, "scale"), (24, "rate"), (32, "length")):
        for value in (0, 1, MOST):
            bad = bytearray(avi)
            struct.pack_into("<I", bad, stream + field, value)
            yield f"avi whose stream says {value} {name}", bytes(bad)
    shape = avi.find(b"strf") + 8
    for width, height in ((60_000, 60_000), (-1, -1), (0, 0), (20_000, 20_000)):
        bad = bytearray(avi)
        struct.pack_into("<ii", bad, shape + 4, width, height)
        yield f"avi of {width}x{height}", bytes(bad)
    index = avi.find(b"idx1")
    if index > 0:
        yield "avi with an index of zeros", avi[: index + 8] + bytes(len(avi) - index - 8)
        yield "avi with an index of ones", avi[: index + 8] + b"\xff" * (len(avi) - index - 8)
