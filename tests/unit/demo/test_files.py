"""Files of made-up pictures say what they were told to say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import piexif
import pytest
from PIL import Image
from pillow_heif import HeifImageFile, register_heif_opener

from demo.files import MAKER_NOTE, PICTURE_KINDS, extension_of, write_jpeg, write_picture
from demo.pictures import photo_like

PICTURE = photo_like(1, 160, 120)


def test_every_camera_fact_reaches_the_file(tmp_path: Path) -> None:
    """Each keyword of `write_jpeg` can be read back from EXIF."""
    path = tmp_path / "facts.jpg"
    write_jpeg(
        path,
        PICTURE,
        camera=("SynthCam", "SC-1"),
        serial="A-1",
        lens="a lens",
        taken=datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001  # a camera's wall clock has no zone
        offset=-210,
        place=(-8.5, 100.25),
        software="SynthOS",
        maker_note=True,
    )
    exif = piexif.load(str(path))
    assert exif["0th"][piexif.ImageIFD.Make] == b"SynthCam"
    assert exif["0th"][piexif.ImageIFD.Model] == b"SC-1"
    assert exif["0th"][piexif.ImageIFD.Software] == b"SynthOS"
    assert exif["Exif"][piexif.ExifIFD.BodySerialNumber] == b"A-1"
    assert exif["Exif"][piexif.ExifIFD.LensModel] == b"a lens"
    assert exif["Exif"][piexif.ExifIFD.DateTimeOriginal] == b"2026:01:02 03:04:05"
    assert exif["Exif"][piexif.ExifIFD.OffsetTimeOriginal] == b"-03:30"
    assert exif["Exif"][piexif.ExifIFD.MakerNote] == MAKER_NOTE
    assert exif["GPS"][piexif.GPSIFD.GPSLatitudeRef] == b"S"
    assert exif["GPS"][piexif.GPSIFD.GPSLatitude] == ((8, 1), (30, 1), (0, 100))
    assert exif["GPS"][piexif.GPSIFD.GPSLongitude] == ((100, 1), (15, 1), (0, 100))


def test_no_fact_means_no_exif(tmp_path: Path) -> None:
    """A picture as the web hands it out carries nothing."""
    write_jpeg(tmp_path / "plain.jpg", PICTURE)
    with Image.open(tmp_path / "plain.jpg") as picture:
        assert "exif" not in picture.info


def test_an_old_thumbnail_can_outlive_a_crop(tmp_path: Path) -> None:
    """The embedded thumbnail shows the raster it was given, at 160 pixels at most."""
    whole = photo_like(2, 800, 400)
    write_jpeg(tmp_path / "crop.jpg", PICTURE, thumbnail=whole)
    embedded = piexif.load(str(tmp_path / "crop.jpg"))["thumbnail"]
    (tmp_path / "thumbnail.jpg").write_bytes(embedded)
    with Image.open(tmp_path / "thumbnail.jpg") as thumbnail:
        assert thumbnail.size == (160, 80)


@pytest.mark.parametrize("kind", PICTURE_KINDS)
def test_every_kind_of_file_shows_the_picture(tmp_path: Path, kind: str) -> None:
    """Whatever the format and colour mode, what a viewer shows is the same picture in grey."""
    register_heif_opener()
    path = tmp_path / f"{kind}.{extension_of(kind)}"
    write_picture(path, PICTURE, kind)
    with Image.open(path) as picture:
        assert isinstance(picture, HeifImageFile) == (kind == "heic")
        grey = _as_shown(picture)
    wanted = np.asarray(Image.fromarray(PICTURE).convert("L"), dtype=float)
    assert np.abs(grey.reshape(12, 10, 16, 10).mean((1, 3)) - wanted.reshape(12, 10, 16, 10).mean((1, 3))).mean() < 12


def _as_shown(picture: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    if picture.mode.startswith("I"):
        return np.asarray(picture, dtype=float) / 257
    if picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture.convert("RGB").convert("L"), dtype=float)
