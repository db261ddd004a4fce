"""An address as a square that a telephone reads, drawn as one SVG path."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Square:
    """`side` in modules, its quiet zone included, and the dark ones as the `d` of a path."""

    side: int
    path: str


def square(text: str) -> Square:
    """Encode `text` (ASCII, some hundred characters). OpenCV does it: its encoder reads nothing hostile."""
    import cv2  # noqa: PLC0415 - half a second, for one page that few see

    modules = cv2.QRCodeEncoder.create().encode(text)
    runs = []
    for y, row in enumerate(modules):
        start = None
        for x, value in enumerate([*(int(one) for one in row), 255]):
            if value == 0 and start is None:
                start = x
            elif value != 0 and start is not None:
                runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
                start = None
    return Square(len(modules), "".join(runs))
