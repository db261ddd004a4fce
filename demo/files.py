"""Writes made-up pictures as files of many kinds, with made-up camera facts."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import piexif
import pillow_heif
from PIL import Image

from demo.pictures import Raster

MAKER_NOTE = b"SYNTHETIC\x00" + bytes(range(256)) * 8
"""Stands where a camera keeps its private notes; the bytes mean nothing."""

THUMBNAIL_SIDE = 160


def write_jpeg(
    path: Path,
    raster: Raster,
    *,
    camera: tuple[str, str] | None = None,
    serial: str | None = None,
    lens: str | None = None,
    taken: datetime | None = None,
    offset: int | None = None,
    place: tuple[float, float] | None = None,
    software: str | None = None,
    thumbnail: Literal["own"] | Raster | None = None,
    maker_note: bool = False,
    quality: int = 85,
    progressive: bool = False,
) -> None:
    """Write uint8[height, width, 3] (RGB) as a JPEG with 4:2:0 colour and, where any fact is given, EXIF.

    `camera` is (make, model), `serial` the body's; `taken` is the camera's wall clock and `offset` its minutes east
    of UTC; `place` is (latitude, longitude) in degrees. `thumbnail` embeds a small version of the picture itself
    ("own") or of another raster, as an editor that forgets to renew it leaves behind.
    """
    exif = _exif(camera, serial, lens, taken, offset, place, software, _thumbnail(raster, thumbnail), maker_note)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(raster).save(
        path,
        "JPEG",
        quality=quality,
        subsampling="4:2:0",
        progressive=progressive,
        **({"exif": exif} if exif else {}),
    )


def write_picture(path: Path, raster: Raster, kind: str) -> None:
    """Write uint8[height, width, 3] (RGB) without metadata as one of `PICTURE_KINDS`.

    The kinds are those that decoders treat differently; `extension_of` names the usual extension of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _WRITERS[kind][1](Image.fromarray(raster), path)


def extension_of(kind: str) -> str:
    """The usual file name extension of a kind, without its dot."""
    return _WRITERS[kind][0]


def _saver(format_name: str, mode: str = "RGB", **options: object) -> Callable[[Image.Image, Path], None]:
    def save(picture: Image.Image, path: Path) -> None:
        picture.convert(mode).save(path, format_name, **options)

    return save


def _palette_saver(format_name: str, colours: int) -> Callable[[Image.Image, Path], None]:
    def save(picture: Image.Image, path: Path) -> None:
        picture.quantize(colours).save(path, format_name)

    return save


def _grey16_saver(format_name: str) -> Callable[[Image.Image, Path], None]:
    def save(picture: Image.Image, path: Path) -> None:
        Image.fromarray(np.asarray(picture.convert("L"), dtype=np.uint16) * np.uint16(257)).save(path, format_name)

    return save


def _save_with_alpha(picture: Image.Image, path: Path) -> None:
    """Opaque but for a fading lower edge: enough to tell alpha handling, too little to change the look."""
    opacity = np.clip(np.linspace(12 * 255, 200, picture.height), 0, 255).astype(np.uint8)
    picture.putalpha(Image.fromarray(np.repeat(opacity[:, None], picture.width, axis=1)))
    picture.save(path, "PNG", compress_level=3)


def _save_heic(picture: Image.Image, path: Path) -> None:
    pillow_heif.from_pillow(picture).save(path, quality=70)


_WRITERS: dict[str, tuple[str, Callable[[Image.Image, Path], None]]] = {
    "png": ("png", _saver("PNG", compress_level=3)),
    "png-palette": ("png", _palette_saver("PNG", 128)),
    "png-alpha": ("png", _save_with_alpha),
    "png-1bit": ("png", _saver("PNG", "1")),
    "png-grey16": ("png", _grey16_saver("PNG")),
    "jpeg-cmyk": ("jpg", _saver("JPEG", "CMYK", quality=88)),
    "jpeg-grey": ("jpg", _saver("JPEG", "L", quality=88)),
    "jpeg-progressive": ("jpg", _saver("JPEG", quality=82, progressive=True)),
    "gif": ("gif", _palette_saver("GIF", 255)),
    "webp": ("webp", _saver("WEBP", quality=82, method=2)),
    "heic": ("heic", _save_heic),
    "avif": ("avif", _saver("AVIF", quality=75, speed=9)),
    "tiff": ("tif", _saver("TIFF", compression="tiff_lzw")),
    "tiff-grey16": ("tif", _grey16_saver("TIFF")),
    "bmp": ("bmp", _saver("BMP")),
}

PICTURE_KINDS = tuple(_WRITERS)


def _thumbnail(raster: Raster, wanted: Literal["own"] | Raster | None) -> bytes | None:
    if wanted is None:
        return None
    small = Image.fromarray(raster if isinstance(wanted, str) else wanted)
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def _exif(
    camera: tuple[str, str] | None,
    serial: str | None,
    lens: str | None,
    taken: datetime | None,
    offset: int | None,
    place: tuple[float, float] | None,
    software: str | None,
    thumbnail: bytes | None,
    maker_note: bool,
) -> bytes | None:
    """The EXIF segment for those facts that are given, or None when none is."""
    main: dict[int, object] = {}
    details: dict[int, object] = {}
    if camera:
        main |= {piexif.ImageIFD.Make: camera[0].encode(), piexif.ImageIFD.Model: camera[1].encode()}
    if software:
        main[piexif.ImageIFD.Software] = software.encode()
    if serial:
        details[piexif.ExifIFD.BodySerialNumber] = serial.encode()
    if lens:
        details[piexif.ExifIFD.LensModel] = lens.encode()
    if taken:
        stamp = taken.strftime("%Y:%m:%d %H:%M:%S").encode()
        main[piexif.ImageIFD.DateTime] = stamp
        details |= {piexif.ExifIFD.DateTimeOriginal: stamp, piexif.ExifIFD.DateTimeDigitized: stamp}
    if taken and offset is not None:
        details[piexif.ExifIFD.OffsetTimeOriginal] = _offset_text(offset).encode()
    if maker_note:
        details[piexif.ExifIFD.MakerNote] = MAKER_NOTE
    if not (main or details or place or thumbnail):
        return None
    parts: dict[str, object] = {"0th": main, "Exif": details, "GPS": _gps(place) if place else {}}
    if thumbnail:
        parts |= {"1st": {piexif.ImageIFD.Compression: 6}, "thumbnail": thumbnail}
    return bytes(piexif.dump(parts))


def _offset_text(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _gps(place: tuple[float, float]) -> dict[int, object]:
    latitude, longitude = place
    return {
        piexif.GPSIFD.GPSLatitudeRef: b"N" if latitude >= 0 else b"S",
        piexif.GPSIFD.GPSLatitude: _sexagesimal(latitude),
        piexif.GPSIFD.GPSLongitudeRef: b"E" if longitude >= 0 else b"W",
        piexif.GPSIFD.GPSLongitude: _sexagesimal(longitude),
    }


def _sexagesimal(degrees: float) -> tuple[tuple[int, int], ...]:
    """Degrees, minutes and hundredths of seconds as EXIF's rationals."""
    hundredths = round(abs(degrees) * 360_000)
    return (hundredths // 360_000, 1), (hundredths // 6_000 % 60, 1), (hundredths % 6_000, 100)
