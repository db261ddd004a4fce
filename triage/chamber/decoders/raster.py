"""Bytes in one of eight formats → one upright-as-stored raster in 8-bit RGB or grey.

The fast path for JPEG is simplejpeg (TurboJPEG); its pixels equal Pillow's bit for bit (a test proves it). EXIF
orientation is not applied: the PDQ reference does not, and the eight variants cover it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pillow_heif
import simplejpeg
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from triage.chamber.decoders import gif_frames
from triage.chamber.decoders.colour import Rasters, normalised
from triage.chamber.remote import read_whole
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind
from triage.domain.renditions import frame_of, stills_of

PLUGINS = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,  # a JPEG with a multi-picture index becomes one
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
"""Loaded here because nothing can be loaded once the process is sealed."""

_PILLOW_NAMES = {
    "jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "bmp": "BMP", "tiff": "TIFF", "heif": "HEIF",
    "avif": "AVIF",
}  # fmt: skip
_PIECEWISE = frozenset({"png", "gif", "bmp", "tiff"})
"""Formats that Pillow reads in pieces, so that a large file need not be in memory at once."""

_MAX_FRAMES_COUNTED = 256
_JPEG_MODES = {"Gray": "L", "YCbCr": "RGB", "RGB": "RGB"}


@dataclass(slots=True)
class Decoded:
    """What came out. `rasters` is None when nothing did, and then a note says why; `width` is 0 if unknown."""

    width: int = 0
    height: int = 0
    mode: str = ""
    frames: int = 1
    decoder: str | None = None
    rasters: Rasters | None = None
    exif: bytes | None = None  # as the container carries it; JPEG and TIFF are read from the file itself
    whole: bytes | bytearray | None = None  # the file, where it had to be read whole
    notes: list[ProcessingNote] = field(default_factory=list)


def prepare() -> None:
    """Set the libraries up for one careful process: one thread each, our own pixel limit, HEIF known to Pillow."""
    Image.MAX_IMAGE_PIXELS = None  # ours is checked before any pixel is decoded, and has a note of its own
    Image.init()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def decode(
    file: io.BufferedReader, size: int, format_name: str, max_pixels: int, still: int | None = None
) -> Decoded:
    """Decode the first picture of a file, or one still of an animation, from 1.

    Never raises for what the bytes are, except MemoryError.
    """
    if format_name == "jpeg":
        return decode_jpeg(read_whole(file, size), max_pixels)
    if format_name in _PIECEWISE:
        return _with_pillow(file, format_name, max_pixels, still)
    return _with_pillow(io.BytesIO(read_whole(file, size)), format_name, max_pixels, still)


def decode_jpeg(data: bytes | bytearray, max_pixels: int) -> Decoded:
    """Decode a JPEG that was read whole. Never raises for what the bytes are, except MemoryError."""
    found = _fast_jpeg(data, max_pixels) or _with_pillow(io.BytesIO(data), "jpeg", max_pixels)
    found.whole = data
    return found


def jpeg_luma(data: bytes | bytearray, least_pixels: int, max_pixels: int) -> Decoded | None:
    """The luma that a JPEG of three colours holds, at full size; None for other JPEGs and for any with a flaw."""
    try:
        height, width, colours, _subsampling = simplejpeg.decode_jpeg_header(data)
        if colours != "YCbCr" or not least_pixels <= width * height <= max_pixels:
            return None
        luma = simplejpeg.decode_jpeg(data, "GRAY")
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- any parser failure is data; the exact path will name it
        return None
    luma = luma.reshape(height, width)
    return Decoded(width, height, _JPEG_MODES[colours], decoder="simplejpeg", rasters=Rasters(luma), whole=data)


def _fast_jpeg(data: bytes | bytearray, max_pixels: int) -> Decoded | None:
    """Baseline and progressive, grey and three colours, without a flaw. None sends the file to Pillow."""
    try:
        height, width, colours, _subsampling = simplejpeg.decode_jpeg_header(data)
        mode = _JPEG_MODES.get(colours)
        if mode is None:
            return None
        found = Decoded(width, height, mode, decoder="simplejpeg")
        if width * height > max_pixels:
            found.notes.append(too_many_pixels(width, height))
            return found
        pixels = simplejpeg.decode_jpeg(data, "GRAY" if mode == "L" else "RGB")
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- any parser failure is data; the careful path will name it
        return None
    found.rasters = Rasters(pixels.reshape(height, width) if mode == "L" else pixels)
    return found


def _with_pillow(file: Any, format_name: str, max_pixels: int, still: int | None = None) -> Decoded:
    found = Decoded(decoder="pillow-heif" if format_name == "heif" else "pillow")
    try:
        image = Image.open(file, formats=[_PILLOW_NAMES[format_name]])
        found.width, found.height = image.size
        found.mode = str(image.mode)
        found.exif = _embedded_exif(image)
        if found.width * found.height > max_pixels:
            found.notes.append(too_many_pixels(found.width, found.height))
            return found
        image = _at_still(image, file, format_name, max_pixels, still) or _loaded(image, file, format_name, found)
        found.rasters = normalised(image)
        found.exif = found.exif or _embedded_exif(image)  # a PNG may carry it behind the pixels
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- any parser failure is data
        found.rasters = None
        found.notes.append(ProcessingNote(NoteCode.UNDECODABLE, type(error).__name__.lower()[:40]))
        return found
    found.frames = _frames(image, file, format_name)
    return found


def _loaded(image: ImageFile.ImageFile, file: Any, format_name: str, found: Decoded) -> ImageFile.ImageFile:
    """All pixels, or, when the bytes end early, those that are there, with a note."""
    try:
        image.load()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- any parser failure is data; what is there may still be decoded
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image = Image.open(file, formats=[_PILLOW_NAMES[format_name]])
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        found.notes.append(ProcessingNote(NoteCode.TRUNCATED))
    return image


def _at_still(
    image: ImageFile.ImageFile, file: Any, format_name: str, max_pixels: int, still: int | None
) -> ImageFile.ImageFile | None:
    """The frame in the middle of a still's stretch, or the last that comes before it; None of what does not move.

    Each frame is drawn over the one before, so all of them are decoded on the way.
    """
    frames = 1 if still is None else _frames(image, file, format_name)
    stills = stills_of(ItemKind.RASTER, format_name, frames)
    if still is None or stills == 1:
        return None
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # of a frame that is cut, what is there
    try:
        for place in range(1, frame_of(min(still, stills), stills, frames) + 1):
            try:
                image.seek(place)
            except EOFError:
                break
            if image.width * image.height > max_pixels:
                raise ValueError("a frame larger than its file said")
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    return image


def _embedded_exif(image: Image.Image) -> bytes | None:
    exif = image.info.get("exif")
    return exif if isinstance(exif, bytes) else None


def _frames(image: Image.Image, file: Any, format_name: str) -> int:
    """How many frames the file holds, at least; pages of a TIFF and frames of a GIF are followed only so far."""
    try:
        if format_name == "jpeg":
            return 1
        if format_name == "gif":
            return gif_frames.count(file)
        if format_name != "tiff":
            return max(1, int(getattr(image, "n_frames", 1)))
        for count in range(1, _MAX_FRAMES_COUNTED):
            try:
                image.seek(count)
            except EOFError:
                return count
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- any parser failure is data: the first frame is there
        return 1
    return _MAX_FRAMES_COUNTED


def too_many_pixels(width: int, height: int) -> ProcessingNote:
    """The note for a picture that is not decoded because of its size."""
    return ProcessingNote(NoteCode.TOO_MANY_PIXELS, f"{width}x{height}")
