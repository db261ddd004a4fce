"""One picture as it may be shown: made small, or grey and blurred besides, and written all over. Runs in the child.

Nothing of the file's own is copied but pixels: no metadata, no profile, no thumbnail. Of moving pictures one still is
shown, the one that was asked for; no sound is ever decoded. The writing is Pillow's own bitmap font, which lies in
memory: nothing can be opened in here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from triage.chamber.checks import FORMATS
from triage.chamber.decoders import exif, moving, raster, specimens
from triage.chamber.decoders.colour import Pixels
from triage.chamber.examining import exif_of
from triage.chamber.limits import RenditionLimits
from triage.chamber.protocol import MAX_RENDITION
from triage.chamber.sniff import SNIFF_BYTES, VIDEO_FORMATS, format_of
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.renditions import STILLS

_LEAST = (160, 96)
"""Pixels of a rendition, at least: smaller pictures stand in the middle of a grey field, so that the writing fits."""

_BLUR = 2.5
_FIELD = 128
_LINE_HEIGHT = 12
_MARGIN = 14
_QUALITIES = (85, 70, 50, 30)
_THUMBNAIL_BYTES = 0
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture of each EXIF orientation upright."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A JPEG and its sides in pixels."""

    jpeg: bytes
    width: int
    height: int


def render(
    file: io.BufferedReader, size: int, limits: RenditionLimits, notes: list[ProcessingNote]
) -> Rendered | None:
    """The picture of a file, or one still of what moves; None, with a note added, where none comes out.

    Never raises for what the bytes are, except MemoryError.
    """
    format_name = format_of(file.read(SNIFF_BYTES))
    if format_name in VIDEO_FORMATS:
        frame = moving.still(file, format_name, min(limits.still, STILLS), limits.max_pixels, notes)
        return None if frame is None else _finished(_smaller(Image.fromarray(frame), limits), limits)
    if format_name not in FORMATS:
        notes.append(ProcessingNote(NoteCode.UNSUPPORTED_TYPE, format_name or ""))
        return None
    file.seek(0)
    decoded = raster.decode(file, size, format_name, limits.max_pixels, limits.still)
    notes += decoded.notes
    if decoded.rasters is None:
        return None
    shown = Image.fromarray(decoded.rasters.main)
    decoded.rasters = None
    return _finished(_upright(_smaller(shown, limits), _orientation(file, format_name, decoded)), limits)


def _finished(shown: Image.Image, limits: RenditionLimits) -> Rendered | None:
    pixels = np.array(_on_field(shown))
    _write_over(pixels, limits.lines)
    return _encoded(pixels)


def _smaller(shown: Image.Image, limits: RenditionLimits) -> Image.Image:
    if limits.is_reduced:
        shown = shown.convert("L")
    scale = limits.longest_side / max(shown.size)
    if scale < 1:
        sides = (max(1, int(shown.width * scale)), max(1, int(shown.height * scale)))
        shown = shown.resize(sides, Image.Resampling.BOX)
    return shown.filter(ImageFilter.GaussianBlur(_BLUR)) if limits.is_reduced else shown


def _orientation(file: io.BufferedReader, format_name: str, decoded: raster.Decoded) -> int:
    tiff = exif_of(file, format_name, decoded)
    return (exif.read(tiff, _THUMBNAIL_BYTES).findings.orientation or 1) if tiff is not None else 1


def _upright(shown: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT.get(orientation)
    return shown if turn is None else shown.transpose(turn)


def _on_field(shown: Image.Image) -> Image.Image:
    sides = (max(shown.width, _LEAST[0]), max(shown.height, _LEAST[1]))
    if sides == shown.size:
        return shown
    field = Image.new(shown.mode, sides, _FIELD if shown.mode == "L" else (_FIELD,) * 3)
    field.paste(shown, ((sides[0] - shown.width) // 2, (sides[1] - shown.height) // 2))
    return field


def _write_over(pixels: Pixels, lines: tuple[str, ...]) -> None:
    """The lines again and again, light with a dark edge, so that no piece worth cutting out is without them."""
    height, width = pixels.shape[:2]
    letters = _tiled(_block(lines, max(1, min(height, width) // 600)), height, width)
    edge = np.zeros_like(letters)
    edge[1:, 1:] = letters[:-1, :-1]
    edge &= ~letters
    pixels[letters] = (pixels[letters].astype(np.uint16) * 2 + 255 * 3) // 5
    pixels[edge] = pixels[edge].astype(np.uint16) * 2 // 5


def _block(lines: tuple[str, ...], scale: int) -> NDArray[np.bool_]:
    font = ImageFont.load_default_imagefont()
    width = max((int(font.getlength(line)) for line in lines), default=0) + _MARGIN
    block = Image.new("L", (width, _LINE_HEIGHT * len(lines) + _MARGIN), 0)
    draw = ImageDraw.Draw(block)
    for number, line in enumerate(lines):
        draw.text((_MARGIN // 2, _MARGIN // 2 + number * _LINE_HEIGHT), line, fill=255, font=font)
    letters = np.asarray(block) > 127
    return letters.repeat(scale, axis=0).repeat(scale, axis=1)


def _tiled(block: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Rows of blocks, every other one moved by half a block."""
    across = 2 + width // block.shape[1]
    row = np.tile(block, (1, across))
    moved = np.roll(row, block.shape[1] // 2, axis=1)
    down = 1 + height // (2 * block.shape[0])
    return np.tile(np.concatenate([row, moved]), (down, 1))[:height, :width]


def _encoded(pixels: Pixels) -> Rendered | None:
    grey = pixels.ndim == 2
    ready = np.ascontiguousarray(pixels[:, :, None] if grey else pixels)
    for quality in _QUALITIES:
        jpeg = simplejpeg.encode_jpeg(ready, quality, "GRAY" if grey else "RGB", "Gray" if grey else "420")
        if len(jpeg) <= MAX_RENDITION:
            return Rendered(jpeg, pixels.shape[1], pixels.shape[0])
    return None


def warm_up() -> None:
    """Load whatever a rendition can need, by making each kind of one."""
    for specimen in specimens.all_kinds():
        for is_reduced in (True, False):
            limits = RenditionLimits(is_reduced, ("warm",), 64, 1_000_000)
            render(io.BufferedReader(io.BytesIO(specimen)), len(specimen), limits, [])
