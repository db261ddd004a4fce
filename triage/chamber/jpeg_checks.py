"""Customs for renditions: what the child sends is one plain JPEG of the size that it states, and nothing besides.

The bytes go to a browser. They are walked segment by segment: tables and one or more scans, no application segment
but the eighteen constant bytes of JFIF, no comment, nothing after the end. The pixels are the
child's to say: one that was taken over can show another picture, but no file of another kind, size or metadata.
"""

from __future__ import annotations

from triage.chamber.checks import Refuted
from triage.chamber.protocol import MAX_RENDITION, RENDITION_SIZE, Kind
from triage.domain.renditions import Rendition

_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"
_JFIF = b"JFIF\x00\x01\x01"
_QUANTISATION, _HUFFMAN, _RESTART_INTERVAL, _SCAN, _JFIF_SEGMENT = 0xDB, 0xC4, 0xDD, 0xDA, 0xE0
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
_TABLES = frozenset({_QUANTISATION, _HUFFMAN, _RESTART_INTERVAL})
_JFIF_LENGTH = 14


def checked_rendition(kind: Kind, untrusted_payload: bytes, longest_side: int, *, is_grey: bool) -> Rendition:
    """The rendition in a frame. Raises Refuted."""
    if (
        kind is not Kind.RENDITION
        or not RENDITION_SIZE.size < len(untrusted_payload) <= RENDITION_SIZE.size + MAX_RENDITION
    ):
        raise Refuted("rendition's length")
    width, height = RENDITION_SIZE.unpack_from(untrusted_payload)
    jpeg = untrusted_payload[RENDITION_SIZE.size :]
    if not (0 < width <= longest_side and 0 < height <= longest_side):
        raise Refuted("rendition's sides")
    colours = {1} if is_grey else {1, 3}
    if _frame(jpeg) not in {(height, width, number, 8) for number in colours}:
        raise Refuted("rendition is not as stated")
    return Rendition(jpeg, width, height)


def _frame(jpeg: bytes) -> tuple[int, int, int, int]:
    """Height, width, colours and bits of the one frame, after every segment was looked at."""
    if jpeg[:2] != _BEGIN or jpeg[-2:] != _END:
        raise Refuted("not a JPEG")
    frames: list[tuple[int, int, int, int]] = []
    scans = 0
    place = 2
    while place < len(jpeg) - 2:
        marker, body = _segment(jpeg, place)
        place += 4 + len(body)
        if marker in _FRAMES:
            frames.append(_frame_header(body))
        elif marker == _SCAN:
            scans += 1
            place = _after_scan(jpeg, place)
        elif marker not in _TABLES and not (marker == _JFIF_SEGMENT and _is_plain_jfif(body)):
            raise Refuted("segment's kind")
    if len(frames) != 1 or not scans or place != len(jpeg) - 2:
        raise Refuted("frames")
    return frames[0]


def _segment(jpeg: bytes, place: int) -> tuple[int, bytes]:
    """A segment's marker and what follows its length."""
    if jpeg[place] != 0xFF or place + 4 > len(jpeg):
        raise Refuted("segment")
    length = int.from_bytes(jpeg[place + 2 : place + 4], "big")
    body = jpeg[place + 4 : place + 2 + length]
    if length < 2 or len(body) != length - 2:
        raise Refuted("segment's length")
    return jpeg[place + 1], body


def _is_plain_jfif(body: bytes) -> bool:
    """Version, density, and no thumbnail."""
    return len(body) == _JFIF_LENGTH and body.startswith(_JFIF) and body[-2:] == b"\x00\x00"


def _frame_header(body: bytes) -> tuple[int, int, int, int]:
    if len(body) < 6:
        raise Refuted("frame")
    return int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big"), body[5], body[0]


def _after_scan(jpeg: bytes, place: int) -> int:
    """Where the next segment begins: at a byte 255 that is neither stuffed nor a restart."""
    while True:
        place = jpeg.find(b"\xff", place)
        if place < 0 or place + 1 >= len(jpeg):
            raise Refuted("scan")
        after = jpeg[place + 1]
        if after != 0 and not 0xD0 <= after <= 0xD7:
            return place
        place += 2
