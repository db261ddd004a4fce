"""What of a library is in force, how that changes, and who keeps it: files beside the releases, or the house above.

Releases are immutable and lie in folders. What is in force of them, and what is said of their entries, is small and
changes. A library that stands alone keeps it in files of its own; a house in which several machines work keeps it in
one place and hands a `Keeper` in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from hashsets.library_state import LibraryState
from hashsets.states import EntryState, StateChange, States, append_state, read_history, read_states

Details = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class InForce:
    """What answers: the enabled releases, what is said of entries, and the day (UTC) for which it holds.

    Without a `day` it holds for today, whenever that is. `serial` is the keeper's own number of this state.
    """

    releases: LibraryState = field(default_factory=LibraryState)
    states: States = field(default_factory=States)
    day: date | None = None
    serial: int = 0


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """A release was made, put in or out of force, or given another end.

    `step` is `imported`, `applied`, `enabled`, `disabled` or `expires`; `details` is what a record of it tells.
    `apply` gives the new state from the one before, and raises HashSetError where that one no longer allows it.
    """

    step: str
    release_id: str
    details: Details
    apply: Callable[[LibraryState], LibraryState]


@dataclass(frozen=True, slots=True)
class EntryChange:
    """Something was said of an entry or, when `cleared`, taken back by the state's `by`."""

    state: EntryState
    cleared: bool


Change = ReleaseChange | EntryChange

VersionOf = Callable[[InForce], str]
"""The version of a library with this in force."""


class Keeper(Protocol):
    """Who keeps what is in force."""

    def read(self, known: InForce | None, version_of: VersionOf) -> InForce:
        """As it stands; `known`, from an earlier call, may spare work. Raises Damaged."""
        ...

    def change(self, change: Change, version_of: VersionOf) -> InForce:
        """Make a change true, on top of what stands now, and return what stands then.

        Raises HashSetError when the change no longer fits, or cannot be written; then nothing has changed.
        """
        ...

    def history(self, set_name: str, entry_key: str) -> list[StateChange]:
        """Everything that was ever said of an entry, or taken back, in order. Raises Damaged."""
        ...


@dataclass(frozen=True)
class FileKeeper:
    """Two files in the library's folder. Change them only while holding the library's lock."""

    root: Path

    def read(self, known: InForce | None, version_of: VersionOf) -> InForce:  # noqa: ARG002 - files name no version
        """See Keeper."""
        states = read_states(self.root, known.states if known else States())
        return InForce(LibraryState.read(self.root), states)

    def change(self, change: Change, version_of: VersionOf) -> InForce:
        """See Keeper."""
        before = self.read(None, version_of)
        if isinstance(change, EntryChange):
            states = append_state(self.root, before.states, change.state, cleared=change.cleared)
            return InForce(before.releases, states)
        releases = change.apply(before.releases)
        if releases != before.releases:
            releases.write(self.root)
        return InForce(releases, before.states)

    def history(self, set_name: str, entry_key: str) -> list[StateChange]:
        """See Keeper."""
        return read_history(self.root, set_name, entry_key)
