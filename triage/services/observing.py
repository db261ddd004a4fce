"""Observing: what operators are told of a deployment, from the database's truth, and whether it can answer at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hashsets.errors import HashSetError
from hashsets.library import Library
from triage.domain.errors import TriageError
from triage.store.current_schema import require_current_schema
from triage.store.figures import Figures
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror


@dataclass(frozen=True, slots=True)
class ReleaseFigures:
    """One release of a hash set on this machine."""

    set_name: str
    release_id: str
    in_force: bool
    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that metrics tell."""

    figures: Figures
    witnessed: int  # records of the custody log that its witness holds
    releases: tuple[ReleaseFigures, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether one part answers. `code` is `ok` or the code of the error that it gave."""

    name: str
    code: str

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        return self.code == "ok"


_REST = 10
"""Counting for a page takes at most one part in so many of the time, however many pages are open."""


@dataclass
class _Counted:
    figures: Figures | None = None
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Observing:
    """Counts and looks; changes nothing, opens no evidence."""

    store: Store
    library: Library
    mirror: LogMirror
    vault_answers: Callable[[], None]
    _counted: _Counted = field(default_factory=_Counted, repr=False)

    def observe(self) -> Observed:
        """Count everything. Raises Unavailable, Tampered; HashSetError for a library that does not open."""
        with self.store.reading() as unit:
            figures = unit.figures.figures()
        # The database first: what the witness has by then, the database had before.
        return Observed(figures, self.mirror.view().size, tuple(self._releases()))

    def recent_figures(self) -> Figures:
        """The deployment's figures, as old as ten times what counting them took: a small one's are of now."""
        with self._counted.lock:
            started = time.monotonic()
            if self._counted.figures is None or started >= self._counted.until:
                with self.store.reading() as unit:
                    self._counted.figures = unit.figures.figures()
                ended = time.monotonic()
                self._counted.until = ended + _REST * (ended - started)
            return self._counted.figures

    def readiness(self) -> list[Readiness]:
        """Ask each part that work needs. Never raises for what a part answers."""
        return [
            _asked("database", self._database_answers),
            _asked("schema", lambda: require_current_schema(self.store.engine)),
            _asked("vault", self.vault_answers),
            _asked("witness", self._witness_answers),
            _asked("library", self._library_answers),
        ]

    def _database_answers(self) -> None:
        with self.store.reading() as unit:
            unit.figures.seconds_behind(0.0)

    def _witness_answers(self) -> None:
        self.mirror.view()

    def _library_answers(self) -> None:
        self.library.refresh()

    def _releases(self) -> Iterator[ReleaseFigures]:
        for release in self.library.releases():
            files: Sequence[int] = [
                path.stat().st_size for path in self.library.release_folder(release.release_id).iterdir()
            ]
            yield ReleaseFigures(
                release.set_name,
                release.release_id,
                release.enabled and not release.expired,
                release.counts.entries,
                sum(files),
            )


def _asked(name: str, ask: Callable[[], object]) -> Readiness:
    try:
        ask()
    except (TriageError, HashSetError) as error:
        return Readiness(name, error.code)
    return Readiness(name, "ok")
