"""From a file of updates to a new release of a set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

from hashsets.delta_staging import Update
from hashsets.deltas import Delta
from hashsets.formats.records import Read, Reject
from hashsets.formats.updates import Retracted, read_updates
from hashsets.library import Library
from hashsets.reports import ImportReport
from hashsets.terms import AS_BEFORE, TermsGiven
from hashsets.vocabulary import SetKind
from hashsets.watched_input import Progress, WatchedInput, opened_input


@dataclass(frozen=True, slots=True)
class FileApplied:
    """What applying a file came to, and which file it was."""

    report: ImportReport
    input_sha256: str


def apply_file(
    library: Library,
    set_name: str,
    path: Path,
    *,
    kind: SetKind | None = None,
    source: str | None = None,
    terms: TermsGiven = AS_BEFORE,
    expires: date | None = None,
    progress: Progress | None = None,
) -> FileApplied:
    """Apply the updates in a file to the set's release in force: see `Library.apply_delta`.

    Raises HashSetError, also when the file breaks off or changes while it is read; then nothing of it is applied.
    """
    with opened_input(path) as file:
        watched = WatchedInput(file, path, progress)
        updates = read_updates(cast("BinaryIO", watched))
        delta = Delta(_whole(updates.records, watched), updates.checkpoint)
        report = library.apply_delta(set_name, delta, kind=kind, source=source, terms=terms, expires=expires)
    return FileApplied(report, watched.sha256)


def _whole(records: Iterator[Read | Retracted | Reject], watched: WatchedInput) -> Iterator[Update | Reject]:
    """The updates; ends only when the file has been read to its end and has not changed meanwhile."""
    for record in records:
        if isinstance(record, Read):
            yield record.entry.key, record.entry
        elif isinstance(record, Retracted):
            yield record.key, None
        else:
            yield record
    watched.finish()
