"""What we ourselves say of entries: beside the immutable releases, never inside them.

One small SQLite file in the library's folder holds every change, in order and never overwritten, so that the states
behind an old answer can be told again. Each change is sealed together with the one before: `version` ends in the last
seal. A seal finds damage and mistakes; it is not a signature.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from hashsets.errors import Damaged, HashSetError
from hashsets.index.segment_files import seal_of, settle_folder
from hashsets.vocabulary import StateKind

FILE = "states.sqlite"
PATIENCE_SECONDS = 20
TEXT_MAX = 100

SCHEMA = """
CREATE TABLE change (
  number INTEGER PRIMARY KEY, set_name TEXT NOT NULL, entry_key TEXT NOT NULL, kind TEXT NOT NULL,
  by TEXT NOT NULL, at TEXT NOT NULL, note TEXT NOT NULL, until TEXT, cleared INTEGER NOT NULL, seal TEXT NOT NULL
)
"""


VERDICTS = frozenset({StateKind.CONFIRMED, StateKind.REFUTED})
"""Of these an entry has at most one: the later."""


@dataclass(frozen=True, slots=True)
class EntryState:
    """One thing said of one entry. `at` is ISO 8601 in UTC, `note` a code of the deployment's own that says why.

    `until` belongs to `DISABLED`: the first day (UTC) on which the entry answers again.
    """

    set_name: str
    entry_key: str
    kind: StateKind
    by: str
    at: str
    note: str = ""
    until: date | None = None

    def __post_init__(self) -> None:
        if (self.kind is StateKind.DISABLED) != (self.until is not None):
            raise HashSetError("state-date-unusable", "a day belongs to disabled entries, and to no other state")
        if self.kind is StateKind.QUARANTINED and not self.note:
            raise HashSetError("state-note-unusable", "an entry is quarantined for a reason: give its code")
        for text, least in ((self.by, 1), (self.note, 0)):
            if not least <= len(text) <= TEXT_MAX or not text.isprintable():
                raise HashSetError(
                    "state-note-unusable",
                    f"who and why are {TEXT_MAX} printable characters at most, and who is given",
                )

    def in_force(self, today: date) -> bool:
        """Whether it still holds."""
        return self.until is None or today < self.until


@dataclass(frozen=True, slots=True)
class Feedback:
    """What our analysts found, for the source of the set. It does not say who."""

    entry_key: str
    verdict: StateKind  # CONFIRMED or REFUTED
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class StateChange:
    """What was said, or, when `cleared`, taken back by the state's `by`. `number` counts all changes from 1."""

    number: int
    state: EntryState
    cleared: bool


@dataclass(frozen=True, slots=True)
class States:
    """All that is said of entries after some number of changes. Immutable."""

    changes: int = 0
    seal: str = ""
    _held: Mapping[tuple[str, str], tuple[EntryState, ...]] = field(default_factory=dict)

    def version(self, today: date) -> str | None:
        """Number of changes, how many disabled entries answer again, and the seal's beginning; None before any."""
        if not self.changes:
            return None
        lapsed = sum(not state.in_force(today) for held in self._held.values() for state in held)
        return f"states.{self.changes}.{lapsed}.{self.seal[:8]}"

    def all(self) -> Iterator[EntryState]:
        """By set, entry and kind, those included whose day has come."""
        for place in sorted(self._held):
            yield from self._held[place]

    def silences(self, set_name: str, entry_key: str, today: date) -> bool:
        """Whether an entry may not answer."""
        held = self._held.get((set_name, entry_key), ())
        return any(state.kind is not StateKind.CONFIRMED and state.in_force(today) for state in held)

    def silenced(self, set_name: str, today: date) -> int:
        """How many entries of a set may not answer."""
        return sum(name == set_name and self.silences(name, key, today) for name, key in self._held)

    def confirmation(self, set_name: str, entry_key: str) -> str | None:
        """`confirmed`, or nothing."""
        held = self._held.get((set_name, entry_key), ())
        return next((state.kind.value for state in held if state.kind is StateKind.CONFIRMED), None)

    def find(self, set_name: str, entry_key: str, kind: StateKind) -> EntryState | None:
        """What is said of an entry under one kind."""
        return next((state for state in self._held.get((set_name, entry_key), ()) if state.kind is kind), None)

    def sealed(self, state: EntryState, *, cleared: bool) -> str:
        """The seal of a change that would follow these."""
        return _seal(self.seal, state, cleared=cleared)

    def after(self, changes: Sequence[tuple[EntryState, bool, str]]) -> States:
        """With further changes: what is said, whether it is taken back, and the seal. Raises Damaged."""
        held = dict(self._held)
        seal = self.seal
        for state, cleared, sealed in changes:
            seal = _seal(seal, state, cleared=cleared)
            if seal != sealed:
                raise Damaged("states-seal-broken", "the states of entries are not as they were sealed")
            place = (state.set_name, state.entry_key)
            others = tuple(other for other in held.get(place, ()) if not _displaces(state, other))
            held[place] = others if cleared else tuple(sorted((*others, state), key=lambda one: one.kind))
        return replace(
            self,
            changes=self.changes + len(changes),
            seal=seal,
            _held={place: states for place, states in held.items() if states},
        )


def read_states(root: Path, known: States) -> States:
    """The states as they stand; `known` spares reading what was read before. Raises Damaged."""
    if not (root / FILE).exists():
        return States()
    try:
        with _opened(root / FILE) as connection:
            last = connection.execute("SELECT seal FROM change WHERE number = ?", (known.changes,)).fetchone()
            base = known if last == (known.seal,) else States()
            query = "SELECT * FROM change WHERE number > ? ORDER BY number"
            rows = connection.execute(query, (base.changes,)).fetchall()
        numbers = [row[0] for row in rows]
        changes = [_of_row(row) for row in rows]
    except (sqlite3.DatabaseError, ValueError, TypeError, HashSetError) as error:
        raise Damaged("states-unreadable", "the states of entries cannot be read") from error
    if numbers != list(range(base.changes + 1, base.changes + len(rows) + 1)):
        raise Damaged("states-seal-broken", "the states of entries are not as they were sealed")
    return base.after(changes) if changes else base


def read_history(root: Path, set_name: str, entry_key: str) -> list[StateChange]:
    """All changes that concern one entry, in order. Raises Damaged."""
    if not (root / FILE).exists():
        return []
    query = "SELECT * FROM change WHERE set_name = ? AND entry_key = ? ORDER BY number"
    try:
        with _opened(root / FILE) as connection:
            rows = connection.execute(query, (set_name, entry_key)).fetchall()
        changes = [(row[0], *_of_row(row)) for row in rows]
    except (sqlite3.DatabaseError, ValueError, TypeError, HashSetError) as error:
        raise Damaged("states-unreadable", "the states of entries cannot be read") from error
    return [StateChange(number, state, cleared) for number, state, cleared, _ in changes]


def append_state(root: Path, states: States, state: EntryState, *, cleared: bool) -> States:
    """Write one change after `states`, which must be all there are. Only while holding the library's lock.

    Raises HashSetError when the disk does not take it; then nothing has changed.
    """
    seal = states.sealed(state, cleared=cleared)
    until = state.until.isoformat() if state.until else None
    row = (states.changes + 1, state.set_name, state.entry_key, state.kind.value, state.by, state.at, state.note)
    try:
        if not (root / FILE).exists():
            _create(root)
        with _opened(root / FILE) as connection:
            connection.execute(
                "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, until, cleared, seal)
            )
    except (sqlite3.OperationalError, OSError) as error:
        raise HashSetError("state-not-written", "the state could not be written: is the disk full?") from error
    return states.after([(state, cleared, seal)])


def _create(root: Path) -> None:
    """Aside, then renamed: an empty file of this name is damage, never a beginning."""
    fresh = root / f"{FILE}.new"
    fresh.unlink(missing_ok=True)
    fresh.touch()
    with _opened(fresh) as connection:
        connection.execute(SCHEMA)
    fresh.rename(root / FILE)
    settle_folder(root)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing file; a reader too may have to undo what a killed writer left half done."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE_SECONDS)) as connection:
        yield connection


def _displaces(state: EntryState, other: EntryState) -> bool:
    return other.kind is state.kind or {other.kind, state.kind} <= VERDICTS


def _seal(before: str, state: EntryState, *, cleared: bool) -> str:
    until = state.until.isoformat() if state.until else None
    return seal_of({**asdict(state), "until": until, "cleared": cleared, "before": before})


def _of_row(row: tuple[Any, ...]) -> tuple[EntryState, bool, str]:
    _, set_name, entry_key, kind, by, at, note, until, cleared, seal = row
    day = date.fromisoformat(until) if until else None
    return EntryState(set_name, entry_key, StateKind(kind), by, at, note, day), bool(cleared), seal
