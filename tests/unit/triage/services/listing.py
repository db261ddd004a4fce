"""Hash sets of a few values, imported as a person would."""

from __future__ import annotations

from pathlib import Path

from hashsets.library import Library
from hashsets.vocabulary import SetKind


def import_list(library: Library, folder: Path, name: str, kind: SetKind, *lines: str) -> str:
    """A plain list put in force; its release's id."""
    path = folder / f"{name}.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return library.import_file(path, name=name, kind=kind).release.release_id
