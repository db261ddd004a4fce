"""From a release to a file of some format, with what the format could not carry counted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hashsets.errors import HashSetError
from hashsets.library import Library
from hashsets.manifests import Manifest
from hashsets.releases import Release, verify
from hashsets.vocabulary import Entry
from hashsets.volumes import sha256_of
from hashsets.writers.seam import Outline
from hashsets.writers.written_formats import written_format_named

TELL_EVERY = 1000

ExportProgress = Callable[[int, int], None]
"""Told the entries gone through so far, and all of them."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written. `written` counts entries of which anything was, `lost` what had no place: writers/seam.py."""

    release_id: str
    set_name: str
    format: str
    entries: int
    written: int
    lost: Mapping[str, int]
    bytes: int
    sha256: str


def export_release(
    library: Library,
    release_id: str,
    path: Path,
    *,
    format: str,  # noqa: A002  # the word of the command line and of the manifest
    columns: Mapping[str, str] | None = None,
    progress: ExportProgress | None = None,
) -> ExportReport:
    """Write a release, in force or not, to the new file `path`; nothing is left there when that fails.

    Every byte of the release is verified first. Raises HashSetError: `release-unknown`, `export-forbidden` (by the
    release's terms), `nothing-to-export` (the format has a place for none of it), `export-not-written`; Damaged.
    """
    chosen = written_format_named(format)
    folder = library.release_folder(release_id)
    manifest = Manifest.read(folder)
    if manifest.terms.forbid_sharing:
        raise HashSetError("export-forbidden", "the terms of this release forbid handing it on")
    verify(folder)
    with new_file(path), closing(Release.open(folder)) as release:
        entries = told(release.contents(), manifest.counts.entries, progress)
        tally = chosen.write(entries, path, Outline(manifest.counts.categories, columns))
        if not tally.written:
            raise HashSetError("nothing-to-export", "the format has a place for nothing of this release")
        return ExportReport(
            release_id=manifest.release_id,
            set_name=manifest.set_name,
            format=chosen.name,
            entries=manifest.counts.entries,
            written=tally.written,
            lost=dict(sorted(tally.lost.items())),
            bytes=path.stat().st_size,
            sha256=sha256_of(path),
        )


@contextmanager
def new_file(path: Path) -> Iterator[None]:
    """A file that is written inside: on the disk at the end, or gone when anything failed."""
    if path.exists():
        raise HashSetError("export-not-written", "a file of this name is there already")
    try:
        yield
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError | sqlite3.Error):
            raise HashSetError("export-not-written", "the file could not be written: is the disk full?") from error
        raise


def told(entries: Iterable[Entry], total: int, progress: ExportProgress | None) -> Iterator[Entry]:
    """The entries, of which there are `total`, and what `progress` is told on the way."""
    for number, entry in enumerate(entries):
        if progress and number % TELL_EVERY == 0:
            progress(number, total)
        yield entry
    if progress:
        progress(total, total)
