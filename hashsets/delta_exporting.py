"""From two releases to a file of updates: whoever has the old one's content has the new one's after applying it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.delta_staging import Update
from hashsets.differences import Difference, diff
from hashsets.errors import HashSetError
from hashsets.exporting import ExportProgress, new_file, told
from hashsets.library import Library
from hashsets.manifests import Manifest
from hashsets.releases import Release, verify
from hashsets.vocabulary import Entry
from hashsets.volumes import sha256_of
from hashsets.writers.updates import write_updates

CONTINUED = re.compile(r"(.+)#[0-9]+")
"""How an import names what a source listed under one key again: `7#2`."""
BATCH = 10_000

Marks = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class DeltaExport:
    """What was written: numbers of entries by what became of them, of updates in the file, and the file's digest."""

    old: str
    new: str
    set_name: str
    added: int
    retracted: int
    changed: int
    updates: int
    checkpoint: str
    bytes: int
    sha256: str


def compare(library: Library, old_id: str, new_id: str) -> Difference:
    """What changed between two releases, in force or not. Raises HashSetError when there is no such; Damaged."""
    folders = [library.release_folder(release_id) for release_id in (old_id, new_id)]
    with closing(Release.open(folders[0])) as old, closing(Release.open(folders[1])) as new:
        return diff(old, new)


def export_delta(
    library: Library, old_id: str, new_id: str, path: Path, *, progress: ExportProgress | None = None
) -> DeltaExport:
    """Write the updates that lead from one release to another to the new file `path`, or leave nothing there.

    The checkpoint is the new release's id: what to compare with next time. Every byte of both releases is verified
    first. Raises HashSetError: `release-unknown`, `export-forbidden` (by the terms of either), `update-too-long`,
    `export-not-written`; Damaged.
    """
    for release_id in (old_id, new_id):
        folder = library.release_folder(release_id)
        if Manifest.read(folder).terms.forbid_sharing:
            raise HashSetError("export-forbidden", "the terms of a release forbid handing it on")
        verify(folder)
    difference = compare(library, old_id, new_id)
    folder = library.release_folder(new_id)
    manifest = Manifest.read(folder)
    with new_file(path), closing(Release.open(folder)) as release:
        entries = told(release.contents(), manifest.counts.entries, progress)
        updates = write_updates(updates_between(difference, entries), path, new_id)
        return DeltaExport(
            old=old_id,
            new=new_id,
            set_name=manifest.set_name,
            added=difference.added,
            retracted=difference.retracted,
            changed=difference.changed,
            updates=updates,
            checkpoint=new_id,
            bytes=path.stat().st_size,
            sha256=sha256_of(path),
        )


def updates_between(difference: Difference, entries: Iterable[Entry]) -> Iterator[Update]:
    """The updates that lead from the old release to the new one, which lists `entries`.

    An update of a key takes back whatever was continued under it, so what the new release still lists there is said
    again. An entry more than needed changes nothing; keys are told apart by 64 bits, 8 bytes of memory each.
    """
    touched = _marks(
        chain(difference.added_keys(), difference.changed_keys(), difference.retracted_keys()),
        difference.added + difference.changed + difference.retracted,
    )
    remaining = iter(entries)
    while batch := list(islice(remaining, BATCH)):
        keys = [entry.key for entry in batch]
        wanted = np.isin(_marks(keys, len(keys)), touched)
        while (above := [_first_key(key) for key in keys]) != keys:  # `7#2#2` continues `7#2`, which continues `7`
            keys = above
            wanted |= np.isin(_marks(keys, len(keys)), touched)
        for place in np.flatnonzero(wanted):
            yield batch[place].key, batch[place]
    for key in difference.retracted_keys():
        yield key, None


def _first_key(key: str) -> str:
    continued = CONTINUED.fullmatch(key)
    return continued[1] if continued else key


def _marks(keys: Iterable[str], count: int) -> Marks:
    digests = (int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") for key in keys)
    return np.fromiter(digests, np.uint64, count)
