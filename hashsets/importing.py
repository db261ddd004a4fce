"""From a file of some source to a sealed release, whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from hashsets.errors import HashSetError
from hashsets.formats.detect import HEAD, Format, detect, format_named
from hashsets.index.segment_files import settle_folder
from hashsets.manifests import Manifest, checked_set_name
from hashsets.release_builder import ReleaseBuilder, files_of, sha256_of
from hashsets.releases import Release
from hashsets.vocabulary import SetKind

UNFINISHED = ".importing-"

Progress = Callable[[int, int], None]
"""Told the bytes of the input read so far, and all of them."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the person who imports a file says of it."""

    set_name: str
    set_kind: SetKind
    source: str
    terms: str


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the library's lock: one import or change at a time, over all processes. Ends with the process."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep(releases: Path) -> None:
    """Remove what imports that were killed have left. Only while holding the lock."""
    for left in releases.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


def import_release(
    path: Path,
    releases: Path,
    description: Description,
    *,
    format_name: str,
    columns: Mapping[str, str] | None,
    replaced: str | None,
    now: datetime,
    progress: Progress | None,
) -> Manifest:
    """Read `path` into a new folder under `releases`, renamed into place once it is sealed and has opened.

    Raises HashSetError when the file is unreadable as a whole, holds nothing, or changes meanwhile, and when the disk
    does not take the release.
    """
    checked_set_name(description.set_name)
    releases.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=releases))
    try:
        manifest = _build(path, folder, description, format_name, columns, replaced, now, progress)
        sealed = folder / manifest.release_id
        Release.open(sealed).close()
        final = releases / manifest.release_id
        sealed.rename(final)
        settle_folder(releases)
    except (OSError, sqlite3.Error) as error:  # reading the input has its own codes
        raise HashSetError("release-not-written", "the release could not be written: is the disk full?") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return manifest


def _build(
    path: Path,
    folder: Path,
    description: Description,
    format_name: str,
    columns: Mapping[str, str] | None,
    replaced: str | None,
    now: datetime,
    progress: Progress | None,
) -> Manifest:
    growing = folder / "release"
    growing.mkdir()
    with _opened(path) as file:
        chosen = _format_of(file, path, format_name)
        source = _WatchedInput(file, path, progress)
        builder = ReleaseBuilder(growing)
        try:
            builder.take(chosen.read(cast("BinaryIO", source), path, columns))
            source.finish()
            counts = builder.finish()
        finally:
            builder.abandon()
    if not counts.entries:
        raise HashSetError("no-entries", "the file holds no usable entry; the release in force stays")
    manifest = Manifest(
        set_name=description.set_name,
        set_kind=description.set_kind,
        source=description.source,
        terms=description.terms,
        created=now.isoformat(timespec="microseconds"),
        format=chosen.name,
        positions=chosen.positions,
        input_sha256=source.sha256,
        input_bytes=source.size,
        counts=counts,
        first_rejects=tuple((reject.position, reject.code.value) for reject in builder.first_rejects),
        replaced=replaced,
    ).with_files(
        {file.relative_to(growing).as_posix(): (file.stat().st_size, sha256_of(file)) for file in files_of(growing)}
    )
    manifest.write(growing)
    growing.rename(folder / manifest.release_id)
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise HashSetError("file-unreadable", "the file cannot be opened for reading") from error
    with file:
        yield file


def _format_of(file: BinaryIO, path: Path, name: str) -> Format:
    if name != "auto":
        return format_named(name)
    found = detect(file.read(HEAD), path)
    file.seek(0)
    return found


class _WatchedInput:
    """The input as readers see it: digested on the way, measured, and told of."""

    def __init__(self, file: BinaryIO, path: Path, progress: Progress | None) -> None:
        self._file = file
        self._path = path
        self._digest = hashlib.sha256()
        self._progress = progress
        self._before = os.fstat(file.fileno())
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """As a binary file's."""
        try:
            piece = self._file.read(size)
        except OSError as error:
            raise HashSetError("file-unreadable", "reading the file failed") from error
        self._digest.update(piece)
        self.size += len(piece)
        if self.size > self._before.st_size:  # one that grows while it is read could be read for ever
            raise _changed()
        if self._progress and piece:
            self._progress(self.size, self._before.st_size)
        return piece

    def finish(self) -> None:
        """Read what a reader left: everything, where it went by the path.

        Raises HashSetError when the file changed while it was read, or another was put in its place.
        """
        while self.read(1 << 20):
            pass
        try:
            after = self._path.stat()
        except OSError as error:
            raise _changed() from error
        if self.size != self._before.st_size or _state_of(after) != _state_of(self._before):
            raise _changed()

    @property
    def sha256(self) -> str:
        """Of everything read, in hexadecimal."""
        return self._digest.hexdigest()


def _state_of(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _changed() -> HashSetError:
    return HashSetError("file-changed", "the file changed while it was read; nothing was imported")
