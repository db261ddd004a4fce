"""Tiny pictures of every kind, examined once before sealing so that nothing is loaded or compiled afterwards.

All are colour ramps. Most are encoded here; HEIF and AVIF are constants (16 by 16, made with pillow-heif 1.8 and
Pillow 13), because their encoders would start threads and take memory that a decoder never needs.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

_HEIF_RGB = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAXxtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAA"
    "AAAERAAAEAAQAAAAABoAABAAAAAAAAADkAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/GlwcnAA"
    "AADcaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQApQgEBA3AAAAMAkA"
    "AAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAA"
    "AChjbGFwAAAAEAAAAAEAAAAQAAAAAf///9AAAAAC////0AAAAAIAAAAQcGl4aQAAAAADCAgIAAAAGGlwbWEAAAAAAAAAAQABBYECAwWEAAAAQW"
    "1kYXQAAAA1KAGvUhasLOb6R9PDCldFvEMV2A3KBeZt6vrWW0C4lIwsm4dbyVpHZ7Ggr6AiK/tAqYSpAPg="
)
_HEIF_RGBA = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAmttZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAA"
    "AAAERAAAIAAQAAAAACjwABAAAAAAAAADkAAgAAAAACyAABAAAAAAAAACgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVp"
    "bmZlAgAAAAACAABodmMxAAAAAA5waXRtAAAAAAABAAABqmlwcnAAAAGCaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGE"
    "ABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAA"
    "ABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAChjbGFwAAAAEAAAAAEAAAAQAAAAAf///9AAAAAC////0AAAAAIAAAAQcG"
    "l4aQAAAAADCAgIAAAAcWh2Y0MBBAgAAACf+AAAAAAe8AD8/Pj4AAAPA2AAAQAXQAEMAf//BAgAAAMAn/gAAAMAAB66AkBhAAEAJkIBAQQIAAAD"
    "AJ/4AAADAAAewIIEFluqumubAgAAAwAyAAADAAIQYgABAAZEAcFzwYkAAAAOcGl4aQAAAAABCAAAACdhdXhDAAAAAHVybjptcGVnOmhldmM6Mj"
    "AxNTphdXhpZDoxAAAAACBpcG1hAAAAAAAAAAIAAQWBAgMFhAACBYYDB4iEAAAAGmlyZWYAAAAAAAAADmF1eGwAAgABAAEAAABpbWRhdAAAADUo"
    "Aa9SFqws5vpH08MKV0W8QxXYDcoF5m3q+tZbQLiUjCybh1vJWkdnsaCvoCIr+0CphKkA+AAAACQoAa6kJcHAtB5zwIkYNVq49A5AsG2nZwbmUV"
    "GQps/zJZmGQTg="
)
_AVIF_RGB = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcG"
    "l0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAALwAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABq"
    "aXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAEAAAABAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAAB"
    "dpcG1hAAAAAAAAAAEAAQQBAoMEAAAAN21kYXQSAAoJGAz/2iAhoNCAMiAax4eF4cwwwwKFAAB1d4UGQT3wjf/0N7CVQpVvh/+K8A=="
)
_AVIF_RGBA = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAAGGbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcG"
    "l0bQAAAAAAAQAAACxpbG9jAAAAAEQAAAIAAQAAAAEAAAHFAAAALwACAAAAAQAAAa4AAAAXAAAAQmlpbmYAAAAAAAIAAAAaaW5mZQIAAAAAAQAA"
    "YXYwMUNvbG9yAAAAABppbmZlAgAAAAACAABhdjAxQWxwaGEAAAAAGmlyZWYAAAAAAAAADmF1eGwAAgABAAEAAADDaXBycAAAAJ1pcGNvAAAAFG"
    "lzcGUAAAAAAAAAEAAAABAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAAA5waXhpAAAAAAEIAAAADGF2"
    "MUOBABwAAAAAOGF1eEMAAAAAdXJuOm1wZWc6bXBlZ0I6Y2ljcDpzeXN0ZW1zOmF1eGlsaWFyeTphbHBoYQAAAAAeaXBtYQAAAAAAAAACAAEEAQ"
    "KDBAACBAEFhgcAAABObWRhdBIACgUYDP/YVDIMGYBBAQAGQIawrEIwEgAKCRgM/9ogIaDQgDIgGseHheHMMMMChQAAdXeFBkE98I3/9DewlUKV"
    "b4f/ivA="
)


def all_kinds() -> Iterator[bytes]:
    """Every format, and the modes that take another road through the decoder."""
    ramp = np.zeros((96, 128, 3), np.uint8)
    ramp[..., 0] = np.arange(128) * 2
    ramp[..., 1] = np.arange(96)[:, None] * 2
    colour = Image.fromarray(ramp)
    grey = colour.convert("L")
    clear = colour.convert("RGBA")
    clear.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) << 8)
    yield _with_metadata(colour)
    for image in (colour, grey, colour.convert("CMYK")):
        yield _encoded(image, "JPEG")
    yield _encoded(colour, "JPEG")[:-200]
    yield _encoded(colour, "JPEG", progressive=True, subsampling="4:4:4")
    for image in (colour, grey, clear, grey.convert("1"), colour.convert("P"), clear.convert("LA"), deep):
        yield _encoded(image, "PNG")
    for image in (colour, clear):
        yield _encoded(image, "WEBP")
    for compression in ("raw", "tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        yield _encoded(colour, "TIFF", compression=compression)
    yield _encoded(colour, "GIF")
    yield _encoded(colour, "BMP")
    yield from (_HEIF_RGB, _HEIF_RGBA, _AVIF_RGB, _AVIF_RGBA)


def _encoded(image: Image.Image, format_name: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, format_name, **options)
    return target.getvalue()


def _with_metadata(image: Image.Image) -> bytes:
    """A JPEG with camera, time and place."""
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif[0x9003] = "2024:05:01 12:30:00"
    exif[0x8825] = {1: "N", 2: (13.0, 45.0, 0.0), 3: "E", 4: (100.0, 30.0, 0.0)}
    return _encoded(image, "JPEG", exif=exif)
