"""Hash-set releases coming into and out of force, each with its place in the custody log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hashsets.errors import Damaged, HashSetError
from hashsets.library import ImportReport, Library
from hashsets.vocabulary import SetKind
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Tampered, Unavailable, Unreadable
from triage.store.unit_of_work import Store

from .clock import Clock
from .rematching import Rematching


@dataclass(frozen=True)
class Importing:
    """Makes a file the release in force of a set, and puts releases in and out of force."""

    store: Store
    library: Library
    rematching: Rematching
    clock: Clock
    actor: str

    def import_file(
        self,
        path: Path,
        *,
        name: str,
        kind: SetKind,
        format_name: str = "auto",
        source: str = "",
        terms: str = "",
        columns: Mapping[str, str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ImportReport:
        """Import; until it is whole the previous release stays in force.

        Raises Unreadable (the file), Unavailable (no room to write), Tampered (a release on disk is damaged).
        """
        try:
            report = self.library.import_file(
                path,
                name=name,
                kind=kind,
                format=format_name,
                source=source,
                terms=terms,
                columns=columns,
                progress=progress,
            )
        except Damaged as error:
            raise Tampered(error.code, error.sentence) from error
        except HashSetError as error:
            answer = Unavailable if error.code == "release-not-written" else Unreadable
            raise answer(error.code, error.sentence) from error
        release = report.release
        details: dict[str, str | int | None] = {
            "step": "imported",
            "set": release.set_name,
            "kind": release.set_kind.value,
            "entries": release.counts.entries,
            "input_sha256": release.input_sha256,
            "replaced": release.replaced,
        }
        self._record(release.release_id, details)
        return report

    def enable(self, release_id: str) -> None:
        """Put a release in force, and its set's other one out of it. Raises HashSetError for an unknown one."""
        self.library.enable(release_id)
        self._record(release_id, {"step": "enabled"})

    def disable(self, release_id: str) -> None:
        """Put a release out of force; it stays on disk. Raises HashSetError for one not in force."""
        self.library.disable(release_id)
        self._record(release_id, {"step": "disabled"})

    def _record(self, release_id: str, details: Mapping[str, str | int | None]) -> None:
        event = CustodyEvent(
            self.clock(), self.actor, CustodyAction.RELEASED, f"release:{release_id}", "releases", details
        )
        with self.store.writing() as unit:
            self.rematching.owe(unit, f"{details['step']} {release_id}", event)
            unit.commit()
