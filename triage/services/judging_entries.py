"""What our analysts say of single entries of hash sets, each with its place in the custody log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hashsets.library import Library
from hashsets.states import StateChange
from hashsets.vocabulary import StateKind

from .hash_set_errors import answered


@dataclass(frozen=True)
class JudgingEntries:
    """Says something of an entry, or takes it back. Releases stay as they are; only people judge."""

    library: Library
    actor: str

    def judge(
        self, set_name: str, entry_key: str, kind: StateKind, *, note: str = "", until: date | None = None
    ) -> StateChange:
        """Say it of an entry of the set's release in force; it holds for later releases too.

        `until`, the first day (UTC) on which the entry answers again, belongs to `DISABLED`; a `note` (a code: why)
        to `QUARANTINED` at least. Raises NotFound (set, entry), Conflict (nothing in force), Refused (note, day),
        Unavailable (no room to write), Tampered.
        """
        with answered():
            return self.library.set_state(set_name, entry_key, kind, by=self.actor, note=note, until=until)

    def take_back(self, set_name: str, entry_key: str, kind: StateKind, *, note: str = "") -> StateChange:
        """Take back what was said; that it was said stays on record. Raises NotFound, Unavailable, Tampered."""
        with answered():
            return self.library.clear_state(set_name, entry_key, kind, by=self.actor, note=note)
