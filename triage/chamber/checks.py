"""The trusted side's customs: whatever comes out of the chamber passes here or the child is ended.

The child has parsed hostile bytes and may by now be hostile itself. Types, lengths, ranges and vocabularies are
checked one by one; nothing is coerced. A single wrong field refuses the whole answer.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hashsets.vocabulary import TRANSFORMS, Fingerprint, FingerprintAlgorithm, Profile
from triage.chamber.sealing import LAYER_NAMES, Layer
from triage.chamber.sniff import VIDEO_FORMATS
from triage.domain.findings import (
    Camera,
    CaptureTime,
    Examination,
    Findings,
    NoteCode,
    Place,
    ProcessingNote,
    Raster,
    Subject,
    TakenFingerprint,
)

MAX_TEXT = 128
"""Characters kept of one metadata value."""

MAX_NAME = 4096
"""Bytes of a member's name."""

MAX_CLAIM = 1 << 62
"""Bytes; larger claims of a member's size are told as this."""

MAX_NOTES = 64
MAX_SIDE = 1 << 20
FORMATS = frozenset({"jpeg", "png", "gif", "webp", "bmp", "tiff", "heif", "avif"})
DECODERS = frozenset({"simplejpeg", "pillow", "pillow-heif"})
VIDEO_DECODER = "opencv-python-headless"
MOST_FRAMES = 1 << 31
MOST_SECONDS = 1e9
_PROFILES = {
    FingerprintAlgorithm.PDQ: (Profile.PDQ_REF512, Profile.PDQ_FULL, Profile.PDQ_LUMA, Profile.PDQ_LUMA512),
    FingerprintAlgorithm.PHASH: (Profile.IMAGEHASH,),
    FingerprintAlgorithm.DHASH: (Profile.IMAGEHASH,),
}
_DETAIL = re.compile(r"[a-z0-9 .,:;=-]{0,60}")
_MODE = re.compile(r"[A-Za-z0-9;]{1,12}")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})  # controls, bidirectional marks, lone surrogates


class Refuted(Exception):
    """The child said something that cannot be true."""


@dataclass(frozen=True, slots=True)
class MemberHeader:
    """What an archive says of one member. `name` is raw bytes, `mtime` seconds since 1970 in UTC or None."""

    name: bytes
    size: int
    mtime: int | None


def layers(untrusted_payload: bytes) -> tuple[Layer, ...]:
    """The child's layers, sent before it has seen any hostile byte."""
    rows = _list(_json(untrusted_payload), len(LAYER_NAMES))
    found = tuple(Layer(_text(r, "name"), _flag(r, "active"), _text(r, "detail")) for r in map(_record, rows))
    if {layer.name for layer in found} != set(LAYER_NAMES) or len(found) != len(LAYER_NAMES):
        raise Refuted("layers")
    return found


def examination(untrusted_payload: bytes, tools: Callable[[str], str]) -> Examination:
    """One picture's results; `tools` turns the decoder's word into the provenance string."""
    record = _record(_json(untrusted_payload))
    fingerprints = tuple(_fingerprint(_record(row)) for row in _list(record.get("fingerprints"), 12))
    raster = _raster(_record(record["raster"])) if record.get("raster") is not None else None
    decoder = None if record.get("decoder") is None else _word(record, "decoder")
    if decoder is not None and decoder not in DECODERS | {VIDEO_DECODER}:
        raise Refuted("decoder")
    if raster is not None and (decoder == VIDEO_DECODER) is not (raster.format in VIDEO_FORMATS):
        raise Refuted("decoder of another kind of picture")
    if fingerprints and (raster is None or raster.format in VIDEO_FORMATS):
        raise Refuted("fingerprints of what has none")
    mains = [t for t in fingerprints if t.subject is not Subject.THUMBNAIL]
    if any(t.fingerprint.profile.is_estimate for t in fingerprints) and not _is_estimated(fingerprints, raster):
        raise Refuted("estimates of what has none, or beside exact values")
    if (mains and raster is None) or len({_identity(t) for t in fingerprints}) != len(fingerprints):
        raise Refuted("fingerprints without a raster, or twice")
    return Examination(
        raster=raster,
        fingerprints=fingerprints,
        findings=_findings(_record(record.get("findings"))),
        thumbnail_distance=_thumbnail_distance(fingerprints),
        notes=notes(record.get("notes")),
        tool=tools(decoder or "none"),
    )


def _is_estimated(fingerprints: tuple[TakenFingerprint, ...], raster: Raster | None) -> bool:
    """A JPEG with both estimates, eight variants each, and nothing exact but its thumbnail's."""
    mains = [t.fingerprint for t in fingerprints if t.subject is not Subject.THUMBNAIL]
    small = [t.fingerprint.profile for t in fingerprints if t.subject is Subject.THUMBNAIL]
    return (
        raster is not None
        and (raster.format, raster.concentration is None) == ("jpeg", False)
        and {one.profile for one in mains} == {Profile.PDQ_LUMA, Profile.PDQ_LUMA512}
        and all(len(one.variants) == len(TRANSFORMS) for one in mains)
        and not any(profile.is_estimate for profile in small)
    )


def member(untrusted_payload: bytes) -> MemberHeader:
    """One member's header."""
    record = _record(_json(untrusted_payload))
    try:
        name = base64.b64decode(record.get("name", ""), validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Refuted("name") from error
    if len(name) > MAX_NAME:
        raise Refuted("name")
    mtime = record.get("mtime")
    return MemberHeader(
        name, _integer(record, "size", 0, MAX_CLAIM), None if mtime is None else _integer(record, "mtime", 0, 1 << 40)
    )


def member_end(untrusted_payload: bytes) -> tuple[ProcessingNote, ...]:
    """What went wrong with one member, usually nothing."""
    return notes(_json(untrusted_payload))


def archive_end(untrusted_payload: bytes) -> tuple[ProcessingNote, ...]:
    """What could not be expanded."""
    return notes(_json(untrusted_payload))


def notes(untrusted: object) -> tuple[ProcessingNote, ...]:
    """Codes of the closed vocabulary; details of few characters, too few to carry a name out."""
    found = []
    for row in map(_record, _list(untrusted, MAX_NOTES)):
        code, detail = _word(row, "code"), _word(row, "detail")
        if code not in set(NoteCode) or not _DETAIL.fullmatch(detail):
            raise Refuted("note")
        found.append(ProcessingNote(NoteCode(code), detail))
    return tuple(found)


def plain_text(value: str) -> tuple[str, bool]:
    """A metadata value fit to store: hidden characters removed, trimmed; and whether it had to be cut."""
    kept = "".join(c for c in value[: 4 * MAX_TEXT] if unicodedata.category(c) not in _HIDDEN).strip()
    return kept[:MAX_TEXT], len(value) > 4 * MAX_TEXT or len(kept) > MAX_TEXT


def _json(untrusted_payload: bytes) -> object:
    def refuse(word: str) -> object:
        raise Refuted(f"number {word}")

    try:
        return json.loads(untrusted_payload.decode("ascii"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Refuted("not JSON") from error


def _record(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refuted("record")
    return value


def _list(value: object, longest: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > longest:
        raise Refuted("list")
    return value


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or plain_text(value) != (value, False):
        raise Refuted(key)
    return value


def _optional_text(record: dict[str, Any], key: str) -> str | None:
    return None if record.get(key) is None else _text(record, key)


def _flag(record: dict[str, Any], key: str) -> bool:
    value = record.get(key)
    if not isinstance(value, bool):
        raise Refuted(key)
    return value


def _integer(record: dict[str, Any], key: str, least: int, most: int) -> int:
    value = record.get(key)
    if type(value) is not int or not least <= value <= most:
        raise Refuted(key)
    return value


def _number(record: dict[str, Any], key: str, least: float, most: float) -> float:
    value: Any = record.get(key)
    if type(value) not in {int, float} or not math.isfinite(value) or not least <= value <= most:
        raise Refuted(key)
    return float(value)


def _raster(record: dict[str, Any]) -> Raster:
    format_name, mode = _word(record, "format"), _word(record, "mode")
    if format_name not in FORMATS | VIDEO_FORMATS or not _MODE.fullmatch(mode):
        raise Refuted("raster")
    return Raster(
        format=format_name,
        width=_integer(record, "width", 1, MAX_SIDE),
        height=_integer(record, "height", 1, MAX_SIDE),
        mode=mode,
        frames=_integer(record, "frames", 1, MOST_FRAMES),
        concentration=None if record.get("concentration") is None else _integer(record, "concentration", 0, 100),
        seconds=None if record.get("seconds") is None else _seconds(record, format_name),
    )


def _seconds(record: dict[str, Any], format_name: str) -> float:
    if format_name not in VIDEO_FORMATS:
        raise Refuted("seconds")
    return _number(record, "seconds", 0, MOST_SECONDS)


def _fingerprint(record: dict[str, Any]) -> TakenFingerprint:
    try:
        subject = Subject(_word(record, "subject"))
        algorithm = FingerprintAlgorithm(_word(record, "algorithm"))
        profile = Profile(_word(record, "profile"))
        value = bytes.fromhex(_hex(record.get("value")))
        variants = tuple(bytes.fromhex(_hex(v)) for v in _list(record.get("variants"), len(TRANSFORMS)))
        quality = _integer(record, "quality", 0, 100) if algorithm is FingerprintAlgorithm.PDQ else None
        if profile not in _PROFILES[algorithm] or any(len(v) != algorithm.size for v in variants):
            raise Refuted("fingerprint")
        return TakenFingerprint(subject, Fingerprint(algorithm, profile, value, quality, variants))
    except ValueError as error:
        raise Refuted("fingerprint") from error


def _word(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise Refuted(key)
    return value


def _hex(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{16}|[0-9a-f]{64}", value):
        raise Refuted("fingerprint")
    return value


def _identity(taken: TakenFingerprint) -> tuple[str, str, str]:
    return taken.subject, taken.fingerprint.algorithm, taken.fingerprint.profile


def _findings(record: dict[str, Any]) -> Findings:
    camera, captured, place = record.get("camera"), record.get("captured"), record.get("place")
    orientation = record.get("orientation")
    return Findings(
        camera=None if camera is None else _camera(_record(camera)),
        lens_model=_optional_text(record, "lens_model"),
        lens_serial=_optional_text(record, "lens_serial"),
        software=_optional_text(record, "software"),
        captured=None if captured is None else _captured(_record(captured)),
        place=None if place is None else _place(_record(place)),
        has_maker_note=_flag(record, "has_maker_note"),
        orientation=None if orientation is None else _integer(record, "orientation", 1, 8),
    )


def _camera(record: dict[str, Any]) -> Camera:
    return Camera(_text(record, "make"), _text(record, "model"), _optional_text(record, "serial"))


def _captured(record: dict[str, Any]) -> CaptureTime:
    local = record.get("local")
    if not isinstance(local, str) or not re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", local
    ):
        raise Refuted("captured")
    offset = record.get("offset_minutes")
    try:
        moment = datetime.fromisoformat(local)
    except ValueError as error:
        raise Refuted("captured") from error
    return CaptureTime(moment, None if offset is None else _integer(record, "offset_minutes", -840, 840))


def _place(record: dict[str, Any]) -> Place:
    return Place(_number(record, "latitude", -90, 90), _number(record, "longitude", -180, 180))


_COMPARABLE = 50
"""PDQ quality below which a distance says nothing (the reference's own advice: discard 49 and less)."""


def _thumbnail_distance(fingerprints: tuple[TakenFingerprint, ...]) -> int | None:
    """Bits between the embedded thumbnail and the main picture, least over symmetries and profiles.

    Computed here, so that the child is not believed. None where either is missing or too poor to say.
    """
    pdq = [
        t for t in fingerprints
        if t.fingerprint.algorithm is FingerprintAlgorithm.PDQ and (t.fingerprint.quality or 0) >= _COMPARABLE
    ]  # fmt: skip
    mains = [t.fingerprint for t in pdq if t.subject is Subject.MAIN]
    thumbnails = [t.fingerprint for t in pdq if t.subject is Subject.THUMBNAIL]
    distances = [
        (int.from_bytes(variant, "big") ^ int.from_bytes(thumbnail.value, "big")).bit_count()
        for thumbnail in thumbnails
        for main in mains
        if main.profile.exact is thumbnail.profile
        for variant in main.variants
    ]
    return min(distances, default=None)
