"""From a file of updates to a new release of a set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

from hashsets.delta_staging import Update
from hashsets.deltas import Delta
from hashsets.formats.nsrl_delta import read_nsrl_delta
from hashsets.formats.records import Read, Reject
from hashsets.formats.updates import Retracted, read_updates
from hashsets.library import Library
from hashsets.reports import ImportReport
from hashsets.terms import AS_BEFORE, TermsGiven
from hashsets.vocabulary import SetKind
from hashsets.watched_input import Progress, WatchedInput, opened_input


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
) -> ImportReport:
    """Apply the updates in a file to the set's release in force: see `Library.apply_delta`.

    Raises HashSetError, also when the file breaks off or changes while it is read; then nothing of it is applied.
    """
    with opened_input(path) as file:
        watched = WatchedInput(file, path, progress)
        updates = read_updates(cast("BinaryIO", watched))
        delta = Delta(_whole(updates.records, watched), updates.checkpoint, lambda: watched.sha256)
        return library.apply_delta(set_name, delta, kind=kind, source=source, terms=terms, expires=expires)


def apply_nsrl_deltas(
    library: Library, set_name: str, scripts: Sequence[Path], base: Path, *, progress: Progress | None = None
) -> ImportReport:
    """Apply NSRL's SQL deltas, all since the full database `base` and oldest first, to the set's release in force.

    That release is of this database, or of a delta since. No statement is run. Raises HashSetError, also when a
    script breaks off or changes while it is read; then nothing of it is applied.
    """
    with ExitStack() as opened:
        files = [opened.enter_context(opened_input(script)) for script in scripts]
        watched = [WatchedInput(file, script, progress) for file, script in zip(files, scripts, strict=True)]
        updates = read_nsrl_delta([cast("BinaryIO", one) for one in watched], base)
        return library.apply_delta(set_name, Delta(_all_whole(updates, watched), None, lambda: _sha256_of(watched)))


def _sha256_of(watched: Sequence[WatchedInput]) -> str:
    return hashlib.sha256("".join(one.sha256 for one in watched).encode()).hexdigest()


def _all_whole(updates: Iterator[Update | Reject], watched: Sequence[WatchedInput]) -> Iterator[Update | Reject]:
    yield from updates
    for one in watched:
        one.finish()


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
