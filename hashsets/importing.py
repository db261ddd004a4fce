"""From a file of some source to a sealed release, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from hashsets.errors import HashSetError
from hashsets.formats.detect import HEAD, Format, detect, format_named
from hashsets.manifests import Manifest, checked_set_name
from hashsets.placing import GROWING, put_in_place, workshop
from hashsets.release_builder import ReleaseBuilder
from hashsets.vocabulary import SetKind

Progress = Callable[[int, int], None]
"""Told the bytes of the input read so far, and all of them."""


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a release before its file is read. `created` is ISO 8601, `replaced` in force until then."""

    set_name: str
    set_kind: SetKind
    source: str
    terms: str
    created: str
    replaced: str | None
    expires: date | None  # the first day (UTC) on which the release answers no more


def import_release(
    path: Path,
    releases: Path,
    description: Description,
    *,
    format_name: str,
    formats: Sequence[Format],
    columns: Mapping[str, str] | None,
    test_classes: Sequence[str],
    progress: Progress | None,
) -> Manifest:
    """Read `path` into a new folder under `releases`, renamed into place once it is sealed and has opened.

    Raises HashSetError when the file is unreadable as a whole, holds nothing, or changes meanwhile, and when the disk
    does not take the release.
    """
    checked_set_name(description.set_name)
    with workshop(releases) as folder:
        chosen = partial(_format_of, path=path, name=format_name, formats=formats)
        unsealed = _build(path, folder / GROWING, description, chosen, columns, test_classes, progress)
        return put_in_place(folder, unsealed)


def _build(
    path: Path,
    growing: Path,
    description: Description,
    choose: Callable[[BinaryIO], Format],
    columns: Mapping[str, str] | None,
    test_classes: Sequence[str],
    progress: Progress | None,
) -> Manifest:
    with _opened(path) as file:
        chosen = choose(file)
        source = _WatchedInput(file, path, progress)
        builder = ReleaseBuilder(growing, test_classes)
        try:
            builder.take(chosen.read(cast("BinaryIO", source), path, columns))
            source.finish()
            counts = builder.finish()
        finally:
            builder.abandon()
    if not counts.entries:
        raise HashSetError("no-entries", "the file holds no usable entry; the release in force stays")
    return Manifest(
        set_name=description.set_name,
        set_kind=description.set_kind,
        source=description.source,
        terms=description.terms,
        created=description.created,
        format=chosen.provenance,
        positions=chosen.positions,
        input_sha256=source.sha256,
        input_bytes=source.size,
        counts=counts,
        first_rejects=tuple((reject.position, reject.code.value) for reject in builder.first_rejects),
        replaced=description.replaced,
        expires=description.expires.isoformat() if description.expires else None,
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise HashSetError("file-unreadable", "the file cannot be opened for reading") from error
    with file:
        yield file


def _format_of(file: BinaryIO, *, path: Path, name: str, formats: Sequence[Format]) -> Format:
    if name != "auto":
        return format_named(name, formats)
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
