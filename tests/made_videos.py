"""Videos made up for tests: each frame is one flat grey that tells its number, so that a still can be checked."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FRAMES = 90
RATE = 25
_DARKEST, _STEP = 20, 2

KINDS = {
    "mp4": "mp4v", "mov": "mp4v", "mkv": "mp4v", "avi": "MJPG", "webm": "VP80", "vp9.webm": "VP90", "mpg": "mpg1",
    "ts": "mpg2", "flv": "FLV1", "wmv": "WMV2", "ffv1.mkv": "FFV1", "xvid.avi": "XVID",
}  # fmt: skip
"""What this build of OpenCV can write, by the end of a file's name."""


def made_video(
    folder: Path,
    kind: str = "mp4",
    *,
    frames: int = FRAMES,
    sides: tuple[int, int] = (64, 48),
    rate: float = RATE,
    marked: bool = False,
) -> bytes:
    """A video of that kind. `marked`: its upper left quarter is white, so that turning it shows."""
    path = folder / f"made.{kind}"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*KINDS[kind]), rate, sides)
    assert writer.isOpened(), kind
    for number in range(frames):
        frame = np.full((sides[1], sides[0], 3), level(number), np.uint8)
        if marked:
            frame[: sides[1] // 2, : sides[0] // 2] = 255
        writer.write(frame)
    writer.release()
    data = path.read_bytes()
    path.unlink()
    return data


def level(number: int) -> int:
    """The grey of a frame, counted from 0; of frames beyond 117 the lightest."""
    return min(255, _DARKEST + _STEP * number)


def number_of(pixels: NDArray[np.uint8]) -> float:
    """Which frame it is, by its grey: the middle one of all pixels, so that a watermark is no matter."""
    return (float(np.median(pixels)) - _DARKEST) / _STEP
