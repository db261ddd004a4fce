"""The seams of pictures: each decoder, metadata, the embedded thumbnail, and the first bytes."""

from __future__ import annotations

import functools
import io
import logging
import warnings
from collections.abc import Iterator

from fuzz.target import Target, require
from tests.hostile import corpus
from triage.chamber import checks, examining, sniff, wire
from triage.chamber.decoders import exif, raster, specimens, thumbnail
from triage.chamber.limits import ExamineLimits
from triage.chamber.protocol import MAX_JSON
from triage.domain.findings import Findings, ProcessingNote

LIMITS = ExamineLimits(max_pixels=1 << 20, max_thumbnail_pixels=1 << 18)
SMALL = 64 << 10


@functools.cache
def _prepared() -> None:
    warnings.simplefilter("ignore")  # as the child does
    logging.getLogger("exifread").setLevel(logging.CRITICAL + 1)
    raster.prepare()


@functools.cache
def _small_pictures() -> tuple[bytes, ...]:
    """Made once for all formats: the large ones among them take time."""
    made = (data for _, data in (*corpus.pictures(), *corpus.videos()) if len(data) <= SMALL)
    return (*specimens.all_kinds(), *made)


def examined(format_name: str) -> Target:
    """One decoder, with everything that is made of its pixels."""

    def check(data: bytes) -> None:
        _prepared()
        if sniff.format_of(data[: sniff.SNIFF_BYTES]) != format_name:
            return
        found = examining.examine(io.BufferedReader(io.BytesIO(data)), len(data), format_name, LIMITS)
        answer = wire.examination(found.raster, found.fingerprints, found.findings, found.notes, found.decoder)
        require(holds=len(answer) <= MAX_JSON, promise="an answer fits its frame")
        passed = checks.examination(answer, str)
        require(holds=passed.raster is not None or bool(passed.notes), promise="a result or a note")

    def seeds() -> Iterator[bytes]:
        for data in _small_pictures():
            if sniff.format_of(data[: sniff.SNIFF_BYTES]) == format_name:
                yield data

    promise = "nothing is raised; a result or a note; an honest answer passes the customs"
    return Target(format_name, promise, check, seeds, SMALL)


def _passes(findings: Findings, notes: tuple[ProcessingNote, ...]) -> None:
    answer = wire.examination(None, (), findings, notes, None)
    passed = checks.examination(answer, str)
    require(holds=passed.findings == findings and passed.notes == notes, promise="findings come through unchanged")


def _metadata(data: bytes) -> None:
    found = exif.read(io.BytesIO(data), LIMITS.max_thumbnail_bytes)
    _passes(found.findings, found.notes)
    require(holds=len(found.thumbnail or b"") <= LIMITS.max_thumbnail_bytes, promise="a thumbnail within its limit")


def _metadata_seeds() -> Iterator[bytes]:
    for _, block in corpus.metadata():
        if len(block) <= SMALL:
            yield block
    for data in specimens.all_kinds():
        block_of_jpeg = exif.jpeg_payload(data)
        if block_of_jpeg:
            yield block_of_jpeg


def _jpeg_segments(data: bytes) -> None:
    found = exif.jpeg_payload(data)
    require(holds=found is None or found in data, promise="an EXIF block is a piece of its file")


def _thumbnail(data: bytes) -> None:
    _prepared()
    for sides in ((4000, 3000), (1, 1 << 20)):
        pixels = thumbnail.decoded(data, LIMITS.max_thumbnail_pixels, *sides)
        require(holds=pixels is None or (pixels.size > 0 and pixels.ndim in {2, 3}), promise="pixels or none")


def _sniff(data: bytes) -> None:
    head = data[: sniff.SNIFF_BYTES]
    name, kind = sniff.format_of(head), sniff.kind_of(head)
    expected = "empty" if not head else "other" if name is None else kind
    require(holds=kind == expected, promise="kind and format agree")
    require(holds=(kind == "raster") == (name in checks.FORMATS), promise="a raster is a format that decodes")
    require(holds=(kind == "video") == (name in sniff.VIDEO_FORMATS), promise="a video is a format of videos")
    sniff.name_disagrees(data[:20].decode("latin-1"), name or "")


def _sniff_seeds() -> Iterator[bytes]:
    yield from (data[:600] for data in specimens.all_kinds())
    yield from (b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", bytes(257) + b"ustar", b"")


TARGETS = (
    *(examined(name) for name in sorted(checks.FORMATS | sniff.VIDEO_FORMATS)),
    Target("exif", "nothing is raised; findings pass the customs unchanged", _metadata, _metadata_seeds),
    Target(
        "jpeg-segments", "nothing is raised; a block is a piece of its file", _jpeg_segments, examined("jpeg").seeds
    ),
    Target("thumbnail", "nothing is raised; pixels or none", _thumbnail, examined("jpeg").seeds, SMALL),
    Target("sniff", "nothing is raised; kind and format agree", _sniff, _sniff_seeds, 600),
)
