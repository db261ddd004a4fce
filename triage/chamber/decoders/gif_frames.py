"""How many frames a GIF has, by walking its blocks: Pillow's own count decodes its way through and has no end.

Layout: GIF89a specification, sections 15 to 27.
"""

from __future__ import annotations

from typing import IO

MOST_FRAMES = 10_000
_MOST_BLOCKS = 400_000
"""A hundred megabytes of frames, or some tenths of a second of blocks of one byte."""

_HEAD, _DESCRIPTOR = 13, 9


def count(file: IO[bytes]) -> int:
    """Frames of a GIF, at least 1 and at most `MOST_FRAMES`; ends where the blocks make no sense."""
    file.seek(0)
    head = file.read(_HEAD)
    if len(head) < _HEAD:
        return 1
    _pass_palette(file, head[10])
    frames, blocks = 0, _MOST_BLOCKS
    while frames < MOST_FRAMES and blocks > 0:
        kind = file.read(1)
        if kind == b",":
            descriptor = file.read(_DESCRIPTOR)
            if len(descriptor) < _DESCRIPTOR:
                break
            frames += 1
            _pass_palette(file, descriptor[8])
        elif kind != b"!":
            break
        file.read(1)  # a frame's code size, an extension's label
        blocks = _pass_blocks(file, blocks)
    return max(1, frames)


def _pass_palette(file: IO[bytes], packed: int) -> None:
    if packed & 0x80:
        file.read(3 << (packed & 7) + 1)


def _pass_blocks(file: IO[bytes], left: int) -> int:
    while left > 0 and (length := file.read(1)) and length[0]:
        file.read(length[0])
        left -= 1
    return left - 1
