"""The pictures that benches work on: made-up, photo-like JPEGs with camera facts, made once, kept in ./bench-data."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from demo.files import write_jpeg
from demo.pictures import photo_like

FOLDER = Path(__file__).resolve().parent.parent / "bench-data"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of JPEG in the mix; `quick` and `full` are how many of it a run takes."""

    name: str
    width: int
    height: int
    quality: int
    quick: int
    full: int


KINDS = (
    Kind("phone-12mp", 4032, 3024, 90, quick=4, full=40),
    Kind("web-2mp", 1920, 1080, 82, quick=12, full=400),
)


def bench_files(*, quick: bool) -> list[Path]:
    """The mix of 12 MP phone and 2 MP web JPEGs, made where absent; all different, order fixed."""
    return [path for kind in KINDS for path in files_of(kind, kind.quick if quick else kind.full)]


def files_of(kind: Kind, count: int) -> list[Path]:
    """The first `count` files of a kind, made where absent.

    Another process makes them: Linux keeps a parent's peak memory for the programs that it starts, and the peaks
    of those programs are what benches measure.
    """
    paths = [_path(kind, number) for number in range(count)]
    if not all(path.exists() for path in paths):
        subprocess.run([sys.executable, "-m", "bench.pictures", kind.name, str(count)], check=True, cwd=FOLDER.parent)
    return paths


def _path(kind: Kind, number: int) -> Path:
    return FOLDER / kind.name / f"{number:04d}.jpg"


def _make(kind: Kind, number: int) -> None:
    path = _path(kind, number)
    if path.exists():
        return
    unfinished = path.with_suffix(".part")
    write_jpeg(
        unfinished,
        photo_like(7_000_000 + kind.width * 1000 + number, kind.width, kind.height),
        camera=("SynthCam", "SC-12 Pro"),
        serial=f"SC12-{number % 3:06d}",
        lens="SC back camera 5.7mm f/1.8",
        taken=datetime(2026, 1, 2, 3, 4, 5) + timedelta(minutes=number),  # noqa: DTZ001  # a camera's wall clock
        offset=420,
        place=(9.5, 102.3 + number * 0.01),
        software="SynthOS 4.2",
        thumbnail="own",
        maker_note=True,
        quality=kind.quality,
    )
    unfinished.rename(path)


if __name__ == "__main__":
    for wanted in range(int(sys.argv[2])):
        _make(next(kind for kind in KINDS if kind.name == sys.argv[1]), wanted)
