"""What a video's container tells, and one still of it: OpenCV with its own FFmpeg, on one thread. Runs in the child.

The bytes come through a stream, so no file is opened. FFmpeg may know hundreds of formats; here it is told the
demuxers of the format that the first bytes say, and which decoders may be used to find out what is inside: none of
sound. Frame counts, lengths and indexes are the file's own claims: a frame that a seek gives is taken only where its
time lies in the stretch that was asked for, and little follows the told end; else the file is decoded from its
beginning. The task's limits end that.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import cv2
import numpy as np

from triage.chamber.checks import MOST_FRAMES, MOST_SECONDS
from triage.chamber.decoders.colour import Pixels
from triage.chamber.decoders.raster import too_many_pixels
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.renditions import STILLS, frame_of

MODE = "RGB"

_DEMUXERS = {
    "mp4": "mov", "mov": "mov", "matroska": "matroska", "avi": "avi", "mpeg-ps": "mpeg,mpegvideo",
    "mpeg-ts": "mpegts", "flv": "flv,live_flv", "asf": "asf,asf_o",
}  # fmt: skip
_PROBED = (
    "h264,hevc,vvc,av1,vp8,vp9,vp7,vp6,vp6f,vp6a,theora,mpeg4,mpeg1video,mpeg2video,"
    "mpegvideo,msmpeg4v1,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,wmv3image,vc1,vc1image,mss1,mss2,"
    "h261,h263,h263i,h263p,flv,flashsv,flashsv2,mjpeg,mjpegb,jpeg2000,png,bmp,gif,tiff,"
    "rawvideo,v210,v210x,v410,r210,yuv4,prores,dnxhd,cfhd,ffv1,ffvhuff,huffyuv,utvideo,"
    "lagarith,magicyuv,dvvideo,cinepak,indeo2,indeo3,indeo4,indeo5,svq1,svq3,rpza,smc,qtrle,"
    "8bps,qdraw,msvideo1,msrle,cscd,tscc,tscc2,zmbv,fraps,hap,hqx,cllc,aic,mszh,zlib,rv10,"
    "rv20,rv30,rv40,snow,dirac"
)
_SETTINGS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
"""FFmpeg's options, as OpenCV takes them: by this variable of the environment, whenever it opens a stream."""

_CAREFUL = (
    cv2.CAP_PROP_N_THREADS, 1,
    cv2.CAP_PROP_HW_ACCELERATION, cv2.VIDEO_ACCELERATION_NONE,
)  # fmt: skip
_FEW = 25
"""Frames by which an honest container may tell too few, since it tells times."""
_NEARLY = 1.5
"""Frames by which a frame's own time may differ from its place among frames of one length."""


@dataclass(slots=True)
class Told:
    """What a container tells. Frames are 0 and seconds None where it tells none that can be; `notes` say why not."""

    width: int = 0
    height: int = 0
    frames: int = 0
    seconds: float | None = None
    notes: list[ProcessingNote] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether it may be decoded."""
        return not self.notes


def facts(file: io.BufferedReader, format_name: str, max_pixels: int) -> Told:
    """What the container tells, once its first frame was decoded. Never raises for what the bytes are, as `still`."""
    told = Told()

    def first(capture: cv2.VideoCapture, found: Told) -> None:
        nonlocal told
        told = found
        if _next_frame(capture, max_pixels, told.notes) is None and told.is_sound:
            told.notes.append(ProcessingNote(NoteCode.UNDECODABLE))

    notes = _with_capture(file, format_name, max_pixels, first)
    told.notes = told.notes or notes
    return told


def still(
    file: io.BufferedReader, format_name: str, number: int, max_pixels: int, notes: list[ProcessingNote]
) -> Pixels | None:
    """Still `number` of `STILLS`, as it is to be seen; None, with a note added, where none comes out.

    Never raises for what the bytes are, except MemoryError.
    """
    shown: Pixels | None = None
    count = 0

    def sought(capture: cv2.VideoCapture, told: Told) -> None:
        nonlocal shown
        shown = _sought(capture, told, number, max_pixels, notes)
        if shown is not None and _goes_on(capture, told):
            shown = None

    def counted(capture: cv2.VideoCapture, _: Told) -> None:
        nonlocal count
        while capture.grab():
            count += 1

    def walked(capture: cv2.VideoCapture, _: Told) -> None:
        nonlocal shown
        if all(capture.grab() for _ in range(frame_of(number, STILLS, count))):
            shown = _next_frame(capture, max_pixels, notes)

    for step in (sought, counted, walked):
        notes += _with_capture(file, format_name, max_pixels, step)
        if notes or shown is not None:
            break
    if shown is None and not notes:
        notes.append(ProcessingNote(NoteCode.UNDECODABLE))
    return None if notes else shown


def _sought(
    capture: cv2.VideoCapture, told: Told, number: int, max_pixels: int, notes: list[ProcessingNote]
) -> Pixels | None:
    """By the file's own index; None where it has none that leads where it says."""
    if not told.frames or told.seconds is None:
        return None
    wanted = frame_of(number, STILLS, told.frames)
    if wanted and not capture.set(cv2.CAP_PROP_POS_FRAMES, wanted):
        return None
    shown = _next_frame(capture, max_pixels, notes)
    each = told.seconds / told.frames
    late = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 - wanted * each
    return shown if abs(late) <= max(_NEARLY * each, told.seconds / (2 * STILLS)) else None


def _goes_on(capture: cv2.VideoCapture, told: Told) -> bool:
    """Whether more than a stretch of frames follows where the container says that it ends."""
    capture.set(cv2.CAP_PROP_POS_FRAMES, told.frames - 1)
    left = told.frames // STILLS + _FEW
    while left and capture.grab():
        left -= 1
    return not left


def _next_frame(capture: cv2.VideoCapture, max_pixels: int, notes: list[ProcessingNote]) -> Pixels | None:
    is_there, frame = capture.read()
    if not is_there or frame.ndim != 3:
        return None
    height, width = frame.shape[:2]
    if height * width > max_pixels:  # larger than its container said
        notes.append(too_many_pixels(width, height))
        return None
    return np.ascontiguousarray(frame[:, :, ::-1])


def _with_capture(
    file: io.BufferedReader, format_name: str, max_pixels: int, work: Callable[[cv2.VideoCapture, Told], None]
) -> list[ProcessingNote]:
    """Open the file anew and do some work with it, unless its pictures are too large; returns why not."""
    try:
        with _opened(file, format_name) as capture:
            told = _told(capture, max_pixels)
            if told.is_sound:
                work(capture, told)
            return [] if told.is_sound else told.notes
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        return [ProcessingNote(NoteCode.UNDECODABLE, "opencv")]


def _told(capture: cv2.VideoCapture, max_pixels: int) -> Told:
    if not capture.isOpened():
        return Told(notes=[ProcessingNote(NoteCode.UNDECODABLE)])
    width, height = (
        _whole(capture.get(one), max_pixels + 1) for one in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    if not width or not height:
        return Told(notes=[ProcessingNote(NoteCode.UNDECODABLE, "no sides")])
    if width * height > max_pixels:
        return Told(notes=[too_many_pixels(width, height)])
    frames = _whole(capture.get(cv2.CAP_PROP_FRAME_COUNT), MOST_FRAMES)
    rate = capture.get(cv2.CAP_PROP_FPS)
    seconds = frames / rate if frames and math.isfinite(rate) and rate > 0 else 0.0
    return Told(width, height, frames, seconds if 0 < seconds <= MOST_SECONDS else None)


def _whole(claimed: float, most: int) -> int:
    """A count or a length as a file claims it: 0 where it can be none."""
    return min(int(claimed), most) if math.isfinite(claimed) and claimed >= 1 else 0


class _Stream(io.BufferedIOBase):
    """The file as OpenCV reads it. What cannot pass through a library in C is kept, and the file ends there."""

    def __init__(self, file: io.BufferedReader) -> None:
        super().__init__()
        self._file = file
        self.failure: BaseException | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """As files do."""
        if self.failure:
            return b""
        try:
            return self._file.read(size)
        except BaseException as failure:  # noqa: BLE001 -- the parent's refusal, or its end, raised again outside
            self.failure = failure
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As files do; a place before the start is none, and nothing moves."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):
            return -1


@contextmanager
def _opened(file: io.BufferedReader, format_name: str) -> Iterator[cv2.VideoCapture]:
    """A capture from the beginning. Raises what the file raised, and cv2.error."""
    file.seek(0)
    os.environ[_SETTINGS] = f"format_whitelist;{_DEMUXERS[format_name]}|codec_whitelist;{_PROBED}"
    stream = _Stream(file)
    capture: cv2.VideoCapture | None = None
    try:
        capture = cv2.VideoCapture(cast("Any", stream), cv2.CAP_FFMPEG, _CAREFUL)
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        yield capture
    finally:
        if capture is not None:
            capture.release()
        if stream.failure:
            raise stream.failure
