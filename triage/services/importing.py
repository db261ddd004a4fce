"""Hash-set releases that are made from files, each with its place in the custody log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hashsets.applying import apply_file, apply_nsrl_deltas
from hashsets.library import ImportReport, Library
from hashsets.terms import AS_BEFORE, UNSTATED, Terms, TermsGiven
from hashsets.vocabulary import SetKind

from .hash_set_errors import answered
from .shelving import Shelf


@dataclass(frozen=True)
class Importing:
    """Makes a file, or the release in force and a file of updates, the new release in force of a set."""

    library: Library
    shelf: Shelf | None

    def import_file(
        self,
        path: Path,
        *,
        name: str,
        kind: SetKind,
        format_name: str = "auto",
        source: str = "",
        terms: Terms = UNSTATED,
        columns: Mapping[str, str] | None = None,
        expires: date | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ImportReport:
        """Import; until it is whole the previous release stays in force.

        Raises Unreadable (the file), Refused (name, format, columns), Unavailable (no room to write), Tampered (a
        release on disk is damaged).
        """
        with answered():
            return self.library.import_file(
                path,
                name=name,
                kind=kind,
                format=format_name,
                source=source,
                terms=terms,
                columns=columns,
                expires=expires,
                progress=progress,
            )

    def merge(self, name: str, step: Callable[[str], None]) -> bool:
        """Merge what updates have added to a set with the release that it lies on, if that has become due.

        Changes no answer, waits for nobody and makes nobody wait; may be interrupted. Whether anything was merged.
        Raises Unavailable (no room to write), Tampered (a release on disk is damaged).
        """
        with answered():
            if self._take_merged(name) or not self.library.merge(name, step):
                return False
            if self.shelf and (merged := self.library.release_of(name)):
                self.shelf.put(merged)
        return True

    def apply_file(
        self,
        path: Path,
        *,
        name: str,
        kind: SetKind | None = None,
        source: str | None = None,
        terms: TermsGiven = AS_BEFORE,
        expires: date | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ImportReport:
        """Apply a file of updates to the set's release in force; until it is whole that one stays in force.

        What is not given is as in the release before. Updates that change nothing make no release. Raises Unreadable
        (the file), Conflict (the set has no release in force, or is of another kind), Refused (name), Unavailable (no
        room to write), Tampered (a release on disk is damaged).
        """
        with answered():
            self._take_merged(name)
            return apply_file(
                self.library,
                name,
                path,
                kind=kind,
                source=source,
                terms=terms,
                expires=expires,
                progress=progress,
            )

    def apply_nsrl_deltas(
        self, scripts: Sequence[Path], base: Path, *, name: str, progress: Callable[[int, int], None] | None = None
    ) -> ImportReport:
        """Apply NSRL's SQL deltas, all since the full database `base`, to the set's release in force.

        Raises as `apply_file`.
        """
        with answered():
            self._take_merged(name)
            return apply_nsrl_deltas(self.library, name, scripts, base, progress=progress)

    def _take_merged(self, name: str) -> bool:
        """Take the merged form of the release in force that another machine has made: later ones are laid on one."""
        if not self.shelf:
            return False
        self.library.refresh()
        found = self.library.release_of(name)
        return found is not None and self.shelf.fetch_merged(found)
