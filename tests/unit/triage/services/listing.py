"""Hash sets of a few values, imported as a person would."""

from __future__ import annotations

from pathlib import Path

from hashsets.library import Library
from hashsets.vocabulary import SetKind
from tests.unit.triage.stored import ACTOR, NOW
from triage.services.owing import Owing
from triage.services.recording_sets import RecordingSets
from triage.services.shelving import Shelf
from triage.store.unit_of_work import Store


def recorded_library(store: Store, root: Path, shelf: Shelf | None = None, policy: str = "policy 1") -> Library:
    """What one machine knows of the sets: what is in force stands in the database, the day stands still."""
    owing = Owing(policy, lambda: NOW, ACTOR)
    recording = RecordingSets(store, owing, shelf, lambda: NOW, ACTOR, lambda _: NOW.date())
    return Library.open(root, now=lambda: NOW, keeper=recording)


def import_list(library: Library, folder: Path, name: str, kind: SetKind, *lines: str) -> str:
    """A plain list put in force; its release's id."""
    path = folder / f"{name}.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return library.import_file(path, name=name, kind=kind).release.release_id
