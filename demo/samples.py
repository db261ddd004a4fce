"""A made-up, benign seizure: three exhibits of two cases that share a camera, and one case that shares nothing.

Everything is drawn from a seed (noise, shapes, gradients); places lie at sea and cameras do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from demo.exhibits import Body, ExhibitMaker, Occasion, sides_of
from demo.files import PICTURE_KINDS
from demo.truth import ExhibitTruth, Listed, SampleFile, SeizureTruth
from triage.domain.items import Outcome

SERIES_A = "Synthetic series A"
SERIES_B = "Synthetic series B"

LATEST = datetime(2026, 3, 14, 16, 30)  # noqa: DTZ001  # a camera's wall clock has no zone
"""When the newest sample picture was taken, unless the caller says otherwise."""

_FIRST_BODY = Body("SynthCam", "SC-12 Pro", "SC12-004711", "SC back camera 5.7mm f/1.8", "SynthOS 4.2")
_SECOND_BODY = Body("Examplon", "EX-3", None)
_THIRD_BODY = Body("Examplon", "EX-9", "SC12-004711")  # the first body's serial on another model: no link
_AT_SEA = ((9.5142, 102.3131), (7.8450, 97.1022), (11.0417, 100.9820), (-8.2065, 88.4410))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all exhibits draw on."""

    seed: int
    scale: float
    latest: datetime

    def many(self, count: int) -> int:
        """A count of ordinary pictures at the wanted scale, never none."""
        return max(1, round(count * self.scale))

    def occasion(self, place: int, days_ago: float) -> Occasion:
        return Occasion(_AT_SEA[place], self.latest - timedelta(days=days_ago))

    def originals(self, first: int, count: int) -> tuple[Listed, ...]:
        """Pictures outside the exhibits, of which only altered versions are inside."""
        seeds = range(self.seed * 1_000_000 + 900_000 + first, self.seed * 1_000_000 + 900_000 + first + count)
        return tuple(Listed(seed, *sides_of(seed)) for seed in seeds)


def make_seizure(folder: Path, *, seed: int = 1, scale: float = 1.0, latest: datetime = LATEST) -> SeizureTruth:
    """Write the exhibits below `folder` (which must not hold them yet) and return what they must turn out to be.

    `scale` multiplies the ordinary pictures; at 1.0 there are about 250 files. Newest pictures are from `latest`.
    """
    plan = _Plan(seed, scale, latest)
    folder.mkdir(parents=True, exist_ok=True)
    makers = {
        letter: ExhibitMaker(folder / name, seed * 1_000_000 + number * 100_000)
        for number, (letter, name) in enumerate((("A", "exhibit-a"), ("B", "exhibit-b"), ("C", "exhibit-c")))
    }
    for maker in makers.values():
        maker.folder.mkdir()
    near = plan.originals(0, 5)
    series = _fill_a(plan, makers["A"], near)
    series |= _fill_b(plan, makers["B"], makers["A"], near)
    series |= _fill_c(plan, makers["C"], makers["A"])
    return SeizureTruth(
        exhibits=tuple(_truth(letter, maker) for letter, maker in makers.items()),
        near_originals=near,
        series=series,
        referrals=(frozenset("AB"), frozenset("C")),
    )


def _fill_a(plan: _Plan, maker: ExhibitMaker, near: tuple[Listed, ...]) -> dict[bytes, str]:
    """A phone's dump, with something of everything."""
    first = plan.occasion(0, days_ago=2)
    series = maker.camera_series("DCIM/100SYNTH/SC_{:04d}.JPG", plan.many(16), _FIRST_BODY, first)
    maker.camera_series("DCIM/101SYNTH/SC_{:04d}.JPG", plan.many(10), _FIRST_BODY, plan.occasion(1, days_ago=75))
    maker.camera_series("DCIM/102EXAMP/EX_{:04d}.JPG", plan.many(12), _SECOND_BODY, plan.occasion(2, days_ago=400))
    full_size = plan.occasion(0, days_ago=1.9)
    maker.camera_series("DCIM/103SYNTH/SC_{:04d}.JPG", plan.many(2), _FIRST_BODY, full_size, sides=(4032, 3024))
    web = maker.plain("Pictures/Saved/web-{:05d}.jpg", plan.many(30))
    maker.plain("รูปภาพ/ทดสอบ {:03d}.jpg", 5)
    known = maker.plain("Download/d{:04d}.jpg", plan.many(12), Outcome.KNOWN)
    for number, file in enumerate([*known[:4], *series[:3], *web[:3]]):
        maker.copy(file, f"Pictures/Sent/copy {number:03d}.jpg")
    for original in near[:4]:
        maker.versions("Download/albums", original.seed, Outcome.NEAR, with_original=False)
    for _ in range(3):
        maker.versions("Pictures/Edited", maker.fresh_seed(), Outcome.UNKNOWN, with_original=True)
    maker.plain("system/wallpapers/wall-{:02d}.jpg", 8, Outcome.KNOWN_GOOD)
    maker.flat("Pictures/Screenshots/shot-{:03d}.png", 10)
    for _ in range(2):
        maker.cropped_with_old_thumbnail("Pictures/Cropped", _FIRST_BODY, first)
    maker.every_kind("Pictures/Formats", PICTURE_KINDS)
    maker.broken("Lost")
    maker.name_in_invalid_utf8("Lost")
    maker.archive("Backup/backup.zip", series[3:5], known[4:6], stamp=plan.latest)
    return {file.sha256: SERIES_A for file in known}


def _fill_b(plan: _Plan, maker: ExhibitMaker, other: ExhibitMaker, near: tuple[Listed, ...]) -> dict[bytes, str]:
    """A laptop of another case: the first exhibit's camera body, some of its files, and files of its own."""
    maker.camera_series("Users/x/Camera/SC_{:04d}.JPG", plan.many(8), _FIRST_BODY, plan.occasion(3, days_ago=9))
    for number, file in enumerate(_named(other, "DCIM/100SYNTH")[:2]):
        maker.raw(f"Users/x/Received/r{number:02d}.jpg", _read(other, file), file.expected)
    known = maker.plain("Users/x/Received/k{:03d}.jpg", plan.many(4), Outcome.KNOWN)
    maker.versions("Users/x/Received", near[4].seed, Outcome.NEAR, with_original=False)
    maker.plain("Users/x/Pictures/p{:04d}.jpg", plan.many(12))
    maker.flat("Users/x/Screens/s{:02d}.png", 3)
    _share_wallpapers(maker, other, "Windows/Web", 4)
    return {file.sha256: SERIES_A for file in known}


def _fill_c(plan: _Plan, maker: ExhibitMaker, other: ExhibitMaker) -> dict[bytes, str]:
    """A case of its own. It shares wallpapers, a camera model, and a serial number on another model: no ties."""
    maker.camera_series("DCIM/EX_{:04d}.JPG", plan.many(8), _SECOND_BODY, plan.occasion(3, days_ago=700))
    maker.camera_series("DCIM/E9_{:04d}.JPG", plan.many(6), _THIRD_BODY, plan.occasion(1, days_ago=520))
    known = maker.plain("Download/{:03d}.jpg", plan.many(3), Outcome.KNOWN)
    maker.plain("Pictures/c{:04d}.jpg", plan.many(10))
    maker.flat("Pictures/Screenshots/s{:02d}.png", 2)
    _share_wallpapers(maker, other, "system/wallpapers", 4)
    return {file.sha256: SERIES_B for file in known}


def _share_wallpapers(maker: ExhibitMaker, other: ExhibitMaker, folder: str, count: int) -> None:
    for number, file in enumerate(_named(other, "system/wallpapers")[:count]):
        maker.raw(f"{folder}/wall-{number:02d}.jpg", _read(other, file), Outcome.KNOWN_GOOD)


def _named(maker: ExhibitMaker, folder: str) -> list[SampleFile]:
    return [file for file in maker.files if file.path.startswith(folder + "/")]


def _read(maker: ExhibitMaker, file: SampleFile) -> bytes:
    return (maker.folder / file.path).read_bytes()


def _truth(letter: str, maker: ExhibitMaker) -> ExhibitTruth:
    case = "SYNTH-2026-014" if letter == "A" else "SYNTH-2026-027" if letter == "B" else "SYNTH-2026-031"
    return ExhibitTruth(
        letter=letter,
        folder=maker.folder,
        case=case,
        exhibit=f"EXH-{letter}",
        basis=f"Synthetic warrant {letter}/2026 (demo; no real case)",
        files=tuple(maker.files),
    )
