"""One decode and all that it yields: raster, fingerprints, findings, thumbnail, notes. Runs in the sealed child.

Where the task allows it, a large JPEG is decoded to its own luma alone: estimates of PDQ that can say that nothing is
near. Where they would not be sure, the same task goes on to the exact decode.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace

from hashsets.algorithms import imagehash_family, pdq, pdq_luma
from hashsets.algorithms.grey_levels import concentration
from triage.chamber.checks import FORMATS, VIDEO_DECODER
from triage.chamber.decoders import exif, moving, raster, specimens, thumbnail
from triage.chamber.decoders.colour import Pixels, Rasters
from triage.chamber.limits import ExamineLimits
from triage.chamber.remote import read_whole
from triage.chamber.sniff import SNIFF_BYTES, VIDEO_FORMATS, format_of, name_disagrees
from triage.domain.estimates import has_much, is_clear
from triage.domain.findings import Findings, NoteCode, ProcessingNote, Raster, Subject, TakenFingerprint

LEAST_SIDE = 5
"""Pixels; PDQ is not defined below."""


@dataclass(slots=True)
class Examined:
    """Results before they are written to the parent."""

    raster: Raster | None = None
    fingerprints: list[TakenFingerprint] = field(default_factory=list)
    findings: Findings = exif.NO_FINDINGS
    notes: list[ProcessingNote] = field(default_factory=list)
    decoder: str | None = None


def examine(file: io.BufferedReader, size: int, name_extension: str, limits: ExamineLimits) -> Examined:
    """Examine the first picture in a file, or what a video tells.

    Never raises for what the bytes are, except MemoryError.
    """
    found = Examined()
    format_name = format_of(file.read(SNIFF_BYTES))
    if format_name in VIDEO_FORMATS:
        return _examine_video(file, format_name, name_extension, limits)
    if format_name not in FORMATS:
        found.notes.append(ProcessingNote(NoteCode.UNSUPPORTED_TYPE, format_name or ""))
        return found
    _compare_name(found, name_extension, format_name)
    file.seek(0)
    if format_name == "jpeg":
        whole = read_whole(file, size)
        if limits.luma_first and _examine_luma(found, file, whole, limits):
            return found
        decoded = raster.decode_jpeg(whole, limits.max_pixels)
    else:
        decoded = raster.decode(file, size, format_name, limits.max_pixels)
    found.decoder = decoded.decoder
    found.notes += decoded.notes
    if decoded.width and decoded.height:
        found.raster = Raster(format_name, decoded.width, decoded.height, decoded.mode, decoded.frames)
    if decoded.rasters is None:
        _read_metadata(found, file, format_name, decoded, limits, with_thumbnail=False)
        found.raster = None
        return found
    if decoded.frames > 1:
        found.notes.append(ProcessingNote(NoteCode.FIRST_FRAME_ONLY, f"{decoded.frames} frames"))
    if found.raster:
        found.raster = replace(found.raster, concentration=concentration(decoded.rasters.main))
    _take_fingerprints(found, decoded.rasters, limits.quality_floor)
    decoded.rasters = None
    _read_metadata(found, file, format_name, decoded, limits, with_thumbnail=bool(found.fingerprints))
    return found


def _examine_video(file: io.BufferedReader, format_name: str, name_extension: str, limits: ExamineLimits) -> Examined:
    """Facts of a video. No fingerprint: two that begin alike must never be called look-alikes."""
    found = Examined(decoder=VIDEO_DECODER)
    _compare_name(found, name_extension, format_name)
    told = moving.facts(file, format_name, limits.max_pixels)
    found.notes += told.notes
    if told.is_sound:
        found.raster = Raster(
            format_name, told.width, told.height, moving.MODE, max(1, told.frames), seconds=told.seconds
        )
        found.notes.append(ProcessingNote(NoteCode.VIDEO_NOT_COMPARED))
    return found


def _compare_name(found: Examined, name_extension: str, format_name: str) -> None:
    if name_disagrees(name_extension, format_name):
        found.notes.append(ProcessingNote(NoteCode.TYPE_DISAGREES, f"bytes are {format_name}"))


def _examine_luma(found: Examined, file: io.BufferedReader, whole: bytearray, limits: ExamineLimits) -> bool:
    """Examine a JPEG by its luma alone; false, with nothing found, where that is not sure enough to decide."""
    decoded = raster.jpeg_luma(whole, pdq_luma.LEAST_PIXELS, limits.max_pixels)
    if decoded is None or decoded.rasters is None:
        return False
    luma = decoded.rasters.main
    estimates = pdq_luma.pdq_luma(luma)
    if estimates is None or not is_clear(estimates, limits.quality_floor):
        return False
    grey_levels = concentration(luma)
    if not has_much(grey_levels, limits.little_information_from):
        return False
    decoded.rasters = None
    found.decoder = decoded.decoder
    found.raster = Raster("jpeg", decoded.width, decoded.height, decoded.mode, concentration=grey_levels)
    found.fingerprints += [TakenFingerprint(Subject.MAIN, estimate) for estimate in estimates]
    _read_metadata(found, file, "jpeg", decoded, limits, with_thumbnail=True)
    return True


def _take_fingerprints(found: Examined, rasters: Rasters, quality_floor: int) -> None:
    if min(rasters.main.shape[:2]) < LEAST_SIDE:
        found.notes.append(ProcessingNote(NoteCode.TOO_SMALL, f"{rasters.main.shape[1]}x{rasters.main.shape[0]}"))
        return
    found.fingerprints += _pdq(Subject.MAIN, rasters.main)
    quality = min(taken.fingerprint.quality or 0 for taken in found.fingerprints)
    if quality < quality_floor:
        found.notes.append(ProcessingNote(NoteCode.LOW_QUALITY, f"quality {quality}"))
    for fingerprint in imagehash_family.phash_and_dhash(rasters.main):
        found.fingerprints.append(TakenFingerprint(Subject.MAIN, fingerprint))
    if rasters.raw_rgb is not None:
        found.fingerprints += _pdq(Subject.RAW_RGB, rasters.raw_rgb)


def _pdq(subject: Subject, pixels: Pixels) -> list[TakenFingerprint]:
    return [TakenFingerprint(subject, fingerprint) for fingerprint in pdq.pdq_both(pixels)]


def _read_metadata(
    found: Examined,
    file: io.BufferedReader,
    format_name: str,
    decoded: raster.Decoded,
    limits: ExamineLimits,
    *,
    with_thumbnail: bool,
) -> None:
    tiff = exif_of(file, format_name, decoded)
    if tiff is None:
        return
    metadata = exif.read(tiff, limits.max_thumbnail_bytes)
    found.findings = metadata.findings
    found.notes += metadata.notes
    if metadata.thumbnail is None or not with_thumbnail:
        return
    pixels = thumbnail.decoded(metadata.thumbnail, limits.max_thumbnail_pixels, decoded.width, decoded.height)
    if pixels is None or min(pixels.shape[:2]) < LEAST_SIDE:
        found.notes.append(ProcessingNote(NoteCode.THUMBNAIL_UNREADABLE))
        return
    found.fingerprints += _pdq(Subject.THUMBNAIL, pixels)


def exif_of(
    file: io.BufferedReader, format_name: str, decoded: raster.Decoded
) -> io.BufferedReader | io.BytesIO | None:
    """The EXIF block of a decoded file, positioned; None where it has none."""
    if format_name == "tiff":
        file.seek(0)
        return file
    block = exif.jpeg_payload(decoded.whole) if decoded.whole is not None else decoded.exif
    return exif.open_payload(block) if block else None


def warm_up() -> None:
    """Import, compile and start everything that an examination can ever need, by examining one of each kind."""
    raster.prepare()
    pdq.warm_up()
    pdq_luma.warm_up()
    imagehash_family.warm_up()
    for specimen in specimens.all_kinds():
        examine(io.BufferedReader(io.BytesIO(specimen)), len(specimen), "", ExamineLimits())
