"""A small made-up seizure with something of everything that a fault could double or lose, and a tell-tale picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

from demo.files import write_jpeg
from demo.pictures import photo_like
from hashsets.algorithms.pdq import pdq_full
from tests.integration.seizures import pictures, zipped

_TAKEN = datetime(2026, 3, 14, 16, 30)  # noqa: DTZ001 - a camera's wall clock has no zone
_TELL_TALE_SIDE = 40
_PIECE = 32
"""Bytes of the tell-tale picture that nobody else has: so many random ones are never met by chance."""


@dataclass(frozen=True)
class Seizure:
    """Exhibits by their letter, what is known of them, and what must never be found outside them."""

    exhibits: dict[str, Path]
    known: Path
    known_good: Path
    tell_tale: tuple[bytes, ...]


def make_seizure(folder: Path, many: int) -> Seizure:
    """`many` ordinary pictures beside those of one camera, copies, an archive, known content and unreadable files.

    Exhibits A and B hold pictures of one camera, so they are one network; C stands alone.
    """
    a, b, c = (folder / "exhibits" / letter for letter in "abc")
    pictures(a / "many", *range(many), sides=(64, 48))
    _by_one_camera(a / "camera", range(2_000, 2_004))
    _by_one_camera(b / "camera", range(2_010, 2_013))
    pictures(b / "others", *range(3_000, 3_006), sides=(64, 48))
    pictures(c, *range(4_000, 4_006), sides=(64, 48))
    for seed in range(3):
        write_jpeg(b / "smaller" / f"{seed}.jpg", photo_like(seed, 64, 48), quality=60)  # alike, not equal
        (c / f"copy-{seed}.jpg").write_bytes((a / "many" / f"{seed}.jpg").read_bytes())
    (c / "text.bin").write_bytes(b"no picture" * 40)
    (c / "torn.jpg").write_bytes((a / "many" / "4.jpg").read_bytes()[:500])
    pieces = _tell_tale(folder / "inside" / "tell-tale.bmp")
    (b / "tell-tale.bmp").write_bytes((folder / "inside" / "tell-tale.bmp").read_bytes())
    inside = pictures(folder / "inside", *range(5_000, 5_010), sides=(64, 48))
    zipped(a / "members.zip", inside.iterdir())
    return Seizure(
        {"A": a, "B": b, "C": c}, _known(folder / "known.txt", a), _known_good(folder / "good.txt", b), pieces
    )


def make_tiny(folder: Path, count: int) -> Seizure:
    """`count` tiny pictures, all different, a thousand to a folder: for counting, at the least cost of each."""
    random = np.random.default_rng(count)
    for number in range(count):
        path = folder / "exhibits" / "a" / f"{number // 1000:03d}" / f"{number:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(path)
    a = folder / "exhibits" / "a"
    pieces = _tell_tale(a / "tell-tale.bmp")
    known = folder / "known.txt"
    known.write_text(f"{hashlib.md5((a / '000' / '000000.png').read_bytes()).hexdigest()}\n", encoding="ascii")
    return Seizure({"A": a}, known, known, pieces)


def _by_one_camera(folder: Path, seeds: range) -> None:
    for number, seed in enumerate(seeds):
        taken = _TAKEN.replace(minute=number)
        write_jpeg(
            folder / f"{seed}.jpg",
            photo_like(seed, 96, 72),
            camera=("SynthCam", "SC-12 Pro"),
            serial="SC12-004711",
            taken=taken,
            offset=420,
            place=(9.5142, 102.3131),
        )


def _tell_tale(path: Path) -> tuple[bytes, ...]:
    """An uncompressed picture of noise; pieces of its file, of its decoded colours and of their grey."""
    raster = np.random.default_rng(0x7E11).integers(0, 256, (_TELL_TALE_SIDE, _TELL_TALE_SIDE, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(raster).save(path)
    data, decoded, grey = path.read_bytes(), raster.tobytes(), Image.fromarray(raster).convert("L").tobytes()
    places = range(100, len(grey) - _PIECE, 300)
    return tuple(source[at : at + _PIECE] for source in (data, decoded, grey) for at in places)


def _known(path: Path, exhibit: Path) -> Path:
    near = pdq_full(photo_like(2_001, 96, 72)).value.hex()
    return _listed(path, [exhibit / "many" / f"{seed}.jpg" for seed in range(5, 8)], f"pdq {near}\n")


def _known_good(path: Path, exhibit: Path) -> Path:
    return _listed(path, [exhibit / "others" / f"{seed}.jpg" for seed in range(3_000, 3_002)])


def _listed(path: Path, files: list[Path], more: str = "") -> Path:
    lines = [f"md5 {hashlib.md5(file.read_bytes()).hexdigest()}\n" for file in files]
    path.write_text("".join(lines) + more, encoding="ascii")
    return path
