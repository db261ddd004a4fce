"""Writes one exhibit's folder and remembers what each file in it must turn out to be."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from demo.files import extension_of, write_jpeg, write_picture
from demo.pictures import Raster, crop, flat_picture, photo_like, resized
from demo.truth import SampleFile, describe
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome

SIDES = ((800, 600), (640, 480), (1024, 768), (600, 800), (720, 540))
"""Sides of the small pictures, in turn."""


@dataclass(frozen=True, slots=True)
class Body:
    """A made-up camera. `serial` None stands for makers that do not write it."""

    make: str
    model: str
    serial: str | None
    lens: str | None = None
    software: str | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """A place and a time at which a series is taken. `offset` is minutes east of UTC."""

    place: tuple[float, float]
    begins: datetime
    offset: int = 420


@dataclass
class ExhibitMaker:
    """Adds files of one kind after another to a folder; `files` is the record of them.

    `first_seed` starts the exhibit's own run of picture seeds, so that exhibits share no picture by accident.
    """

    folder: Path
    first_seed: int
    files: list[SampleFile] = field(default_factory=list)
    _used: int = 0

    def fresh_seed(self) -> int:
        """The seed of a picture that no other file shows."""
        self._used += 1
        return self.first_seed + self._used

    def next_picture(self) -> tuple[int, Raster]:
        """A picture that no other file shows, with its seed."""
        seed = self.fresh_seed()
        return seed, photo_like(seed, *sides_of(seed))

    def record(
        self, path: str, expected: Outcome, *, note: NoteCode | None = None, look: int | None = None
    ) -> SampleFile:
        """Remember a file that lies in the folder."""
        data = (self.folder / path).read_bytes()
        file = describe(path, data, expected, note=note, look=look, member=False)
        self.files.append(file)
        return file

    def raw(self, path: str, data: bytes, expected: Outcome, note: NoteCode | None = None) -> SampleFile:
        """Add a file of these bytes."""
        where = self.folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(data)
        return self.record(path, expected, note=note)

    def copy(self, file: SampleFile, path: str) -> None:
        """Add the same bytes under another path."""
        self.raw(path, (self.folder / file.path).read_bytes(), file.expected, file.note)

    def camera_series(
        self, pattern: str, count: int, body: Body, occasion: Occasion, *, sides: tuple[int, int] | None = None
    ) -> list[SampleFile]:
        """Pictures of one camera at one occasion, three minutes apart; `pattern` takes their number."""
        made = []
        for number in range(count):
            seed = self.fresh_seed()
            path = pattern.format(number + 1)
            drift = number % 5 * 0.00002  # about two metres: one place, never quite the same reading
            write_jpeg(
                self.folder / path,
                photo_like(seed, *(sides or sides_of(seed))),
                camera=(body.make, body.model),
                serial=body.serial,
                lens=body.lens,
                software=body.software,
                taken=occasion.begins + timedelta(minutes=3 * number),
                offset=occasion.offset,
                place=(occasion.place[0] + drift, occasion.place[1] - drift),
                thumbnail="own",
                maker_note=body.serial is not None,
            )
            made.append(self.record(path, Outcome.UNKNOWN))
        return made

    def plain(self, pattern: str, count: int, expected: Outcome = Outcome.UNKNOWN) -> list[SampleFile]:
        """Pictures without metadata, as the web hands them out; `pattern` takes their number."""
        made = []
        for number in range(count):
            path = pattern.format(number + 1)
            write_jpeg(self.folder / path, self.next_picture()[1], quality=80)
            made.append(self.record(path, expected))
        return made

    def versions(self, folder: str, seed: int, expected: Outcome, *, with_original: bool) -> None:
        """Altered versions of one picture: smaller, recompressed, turned, mirrored, other format."""
        original = photo_like(seed, *sides_of(seed))
        writers: dict[str, Callable[[Path], None]] = {
            "smaller.jpg": lambda path: write_jpeg(path, resized(original, 0.6), quality=80),
            "recompressed.jpg": lambda path: write_jpeg(path, original, quality=35),
            "turned.jpg": lambda path: write_jpeg(path, np.ascontiguousarray(np.rot90(original)), quality=80),
            "mirrored.jpg": lambda path: write_jpeg(path, np.ascontiguousarray(original[:, ::-1]), quality=80),
            "converted.webp": lambda path: write_picture(path, original, "webp"),
        }
        if with_original:
            writers["original.jpg"] = lambda path: write_jpeg(path, original, quality=92)
        for name, write in writers.items():
            path = f"{folder}/{seed % 10_000:04d}-{name}"
            write(self.folder / path)
            self.record(path, expected, look=seed)

    def every_kind(self, folder: str, kinds: tuple[str, ...]) -> None:
        """One picture in many formats and colour modes; all look alike."""
        seed, raster = self.next_picture()
        for kind in kinds:
            path = f"{folder}/{kind}.{extension_of(kind)}"
            write_picture(self.folder / path, raster, kind)
            self.record(path, Outcome.UNKNOWN, look=seed)

    def cropped_with_old_thumbnail(self, folder: str, body: Body, occasion: Occasion) -> None:
        """A picture, and a part of it whose embedded thumbnail still shows the whole."""
        seed, whole = self.next_picture()
        facts = {"camera": (body.make, body.model), "serial": body.serial, "taken": occasion.begins}
        for name, raster in (("whole", whole), ("cropped", crop(whole, 0.45, 0.4, 0.95, 0.9))):
            path = f"{folder}/{seed % 10_000:04d}-{name}.jpg"
            write_jpeg(self.folder / path, raster, thumbnail=whole, **facts)  # type: ignore[arg-type]  # facts is a mixed dict of valid keywords
            self.record(path, Outcome.UNKNOWN)

    def flat(self, pattern: str, count: int) -> None:
        """Nearly empty screens: too poor for a fingerprint that means anything."""
        for number in range(count):
            path = pattern.format(number + 1)
            write_picture(self.folder / path, flat_picture(self.fresh_seed(), 360, 640), "png")
            self.record(path, Outcome.TOO_POOR, note=NoteCode.LOW_QUALITY)

    def broken(self, folder: str) -> None:
        """Files that end early, lie about their kind, are empty, or are no pictures at all."""
        buffer = self.folder / folder / "ends-early.jpg"
        write_jpeg(buffer, self.next_picture()[1], quality=90)
        whole = buffer.read_bytes()
        self.raw(f"{folder}/ends-early.jpg", whole[: len(whole) * 7 // 10], Outcome.UNKNOWN, NoteCode.TRUNCATED)
        self.raw(f"{folder}/head-only.jpg", whole[:300], Outcome.UNDECODABLE)
        self.raw(f"{folder}/empty.jpg", b"", Outcome.UNDECODABLE, NoteCode.EMPTY)
        self.raw(f"{folder}/.nomedia", b"", Outcome.UNDECODABLE, NoteCode.EMPTY)
        self.raw(f"{folder}/letter.jpg", b"This is a letter, whatever its name says.\n" * 20, Outcome.UNDECODABLE)
        self.raw(f"{folder}/readme.txt", b"A synthetic text file.\n", Outcome.UNDECODABLE)
        self.raw(f"{folder}/cache.db", bytes(range(256)) * 16, Outcome.UNDECODABLE)
        write_picture(self.folder / folder / "really-png.jpg", self.next_picture()[1], "png")
        self.record(f"{folder}/really-png.jpg", Outcome.UNKNOWN, note=NoteCode.TYPE_DISAGREES)

    def name_in_invalid_utf8(self, folder: str) -> None:
        """A picture whose name is no valid UTF-8, as old phones leave behind."""
        path = f"{folder}/{os.fsdecode(b'caf' + bytes([0xE9]) + b'.jpg')}"
        write_jpeg(self.folder / path, self.next_picture()[1])
        self.record(path, Outcome.UNKNOWN)

    def archive(self, path: str, outside: list[SampleFile], known: list[SampleFile], *, stamp: datetime) -> None:
        """A ZIP with new pictures and copies of `outside`, and in it a TAR with more and copies of `known`."""
        inner: dict[str, tuple[bytes, Outcome]] = {
            f"inner/{number:02d}.jpg": (self._fresh_jpeg(), Outcome.UNKNOWN) for number in range(4)
        }
        inner |= {f"inner/known-{n}.jpg": (self._bytes_of(file), file.expected) for n, file in enumerate(known)}
        tar = _tar({name: data for name, (data, _) in inner.items()}, stamp)
        outer: dict[str, tuple[bytes, Outcome]] = {
            f"set/{number:02d}.jpg": (self._fresh_jpeg(), Outcome.UNKNOWN) for number in range(5)
        }
        outer |= {f"set/copy-{n}.jpg": (self._bytes_of(file), file.expected) for n, file in enumerate(outside)}
        outer["set/about.txt"] = (b"Synthetic members.\n", Outcome.UNDECODABLE)
        outer["set/inner.tar"] = (tar, Outcome.CONTAINER)
        self.raw(path, _zip({name: data for name, (data, _) in outer.items()}, stamp), Outcome.CONTAINER)
        for prefix, members in ((path, outer), (f"{path}/set/inner.tar", inner)):
            for name, (data, expected) in members.items():
                self.files.append(describe(f"{prefix}/{name}", data, expected, note=None, look=None, member=True))

    def _bytes_of(self, file: SampleFile) -> bytes:
        return (self.folder / file.path).read_bytes()

    def _fresh_jpeg(self) -> bytes:
        scratch = self.folder / ".scratch.jpg"
        write_jpeg(scratch, self.next_picture()[1], quality=80)
        data = scratch.read_bytes()
        scratch.unlink()
        return data


def sides_of(seed: int) -> tuple[int, int]:
    """The sides in pixels, (width, height), in which the small picture of a seed is made."""
    return SIDES[seed % len(SIDES)]


def _zip(members: dict[str, bytes], stamp: datetime) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            when = (stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, 0)
            archive.writestr(zipfile.ZipInfo(name, when), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _tar(members: dict[str, bytes], stamp: datetime) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mtime = int((stamp - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001  # a camera's wall clock has no zone
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
