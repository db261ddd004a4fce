"""Merging a release's layer with its ground into one volume, while readers go on reading the two.

The release stays the same one: see `merged_forms.py`. Arrays are merged as they lie; only the radius index is built.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from hashsets.entry_store import unjournalled
from hashsets.index.segment_files import settle_folder
from hashsets.manifests import Manifest
from hashsets.merged_forms import MERGED, MergedForm, merged_folder
from hashsets.placing import GROWING, sweep, workshop
from hashsets.release_builder import write_fingerprints
from hashsets.releases import Release, verify
from hashsets.vocabulary import DigestAlgorithm
from hashsets.volumes import ENTRIES, Volume, exact_folder, sealed_files

DUE_ABOVE = 10_000
"""Entries of a layer, and gone ones of its ground, from which on writing the next layer takes a noticeable time."""

Step = Callable[[str], None]
"""Told what is done next: `verify`, `entries`, a type of value, `seal`."""

ENTRIES_OF_BOTH = (
    "DELETE FROM opaque WHERE entry IN (SELECT number FROM gone)",
    "DELETE FROM continuation WHERE entry IN (SELECT number FROM gone)",
    "DELETE FROM entry WHERE id IN (SELECT number FROM gone)",
    """INSERT INTO opinion SELECT id + :opinions, category, series, victim_identified, offender_identified,
       distributed, tags FROM layer.opinion""",
    "INSERT INTO entry SELECT id + :span, key, opinion + :opinions, content FROM layer.entry ORDER BY id",
    "INSERT INTO opaque SELECT entry + :span, place, kind, value FROM layer.opaque ORDER BY entry, place",
)


def is_due(manifest: Manifest) -> bool:
    """Whether a release's layer has grown so that merging it pays."""
    return manifest.layer is not None and manifest.layer.entries + manifest.layer.gone > DUE_ABOVE


def merge(folder: Path, step: Step) -> bool:
    """Give the release in `folder` its merged form; whether it needed one and nobody else is merging.

    May be interrupted at any moment; then nothing has changed. Raises HashSetError when the disk does not take it;
    Damaged.
    """
    merged = merged_folder(folder)
    with _alone(folder.parent.parent) as alone:
        if not alone or merged.exists():
            return False
        sweep(merged.parent)
        step("verify")
        verify(folder)  # damage must not be sealed anew
        with closing(Release.open(folder)) as release, workshop(merged.parent) as aside:
            if not release.above:
                return False
            growing = aside / GROWING
            span = _merge_volumes(release, release.above, growing, step)
            step("seal")
            form = MergedForm(release.release_id, release.manifest.seal, span, sealed_files(growing))
            form.write(growing)
            Volume.open(growing, form.files, span).close()
            growing.rename(merged)
            settle_folder(merged.parent)
    return True


def _merge_volumes(release: Release, above: Volume, growing: Path, step: Step) -> int:
    """Write the volume of both; its span."""
    step("entries")
    span = _merge_entries(release, above, growing / ENTRIES)
    below = release.below
    stays = np.ones(below.span, bool)
    stays[release.gone] = False
    for algorithm in DigestAlgorithm:
        old, fresh = below.exact_segment(algorithm), above.exact_segment(algorithm)
        step(algorithm.value)
        shifted = fresh.renumbered(below.span) if fresh else None
        made = old.merged(stays[old.entries], shifted) if old else shifted
        if made and len(made):
            made.save(growing / exact_folder(algorithm))
    step("pdq")
    (old_values, old_owners), (values, owners) = below.fingerprints(), above.fingerprints()
    kept = stays[old_owners]
    values = np.concatenate((old_values[kept], values))
    if len(values):
        write_fingerprints(growing, values, np.concatenate((old_owners[kept], owners + np.uint32(below.span))))
    return span


def _merge_entries(release: Release, above: Volume, path: Path) -> int:
    """Copy the entries below and bring the copy up to date; numbers of those that are gone stay unused. The span."""
    shutil.copyfile(release.below.folder / ENTRIES, path)
    connection = unjournalled(path)
    try:
        connection.execute("ATTACH ? AS layer", (f"{(above.folder / ENTRIES).absolute().as_uri()}?mode=ro",))
        connection.execute("BEGIN")
        connection.execute("CREATE TEMP TABLE gone (number INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO gone VALUES (?)", ((number,) for number in release.gone.tolist()))
        (opinions,) = connection.execute("SELECT COALESCE(MAX(id) + 1, 0) FROM opinion").fetchone()
        for statement in ENTRIES_OF_BOTH:
            connection.execute(statement, {"opinions": opinions, "span": release.below.span})
        (span,) = connection.execute("SELECT COALESCE(MAX(id) + 1, 0) FROM entry").fetchone()
        connection.execute("COMMIT")
    finally:
        connection.close()
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return int(span)


@contextmanager
def _alone(root: Path) -> Iterator[bool]:
    """Whether nobody else is merging in this library. Whoever adds releases or reads them does not wait for this."""
    (root / MERGED).mkdir(exist_ok=True)
    with (root / "merging-lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
