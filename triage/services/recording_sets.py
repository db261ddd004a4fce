"""The custody records of hash sets: what changed in them, and what of them left the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.store.unit_of_work import Store

from .clock import Clock
from .rematching import Rematching

Details = Mapping[str, str | int | None]


@dataclass(frozen=True)
class RecordingSets:
    """Writes custody events of hash sets. Every change that can alter answers passes through `changed`."""

    store: Store
    rematching: Rematching
    clock: Clock
    actor: str

    def changed(self, action: CustodyAction, subject: str, details: Details) -> None:
        """Record a change after which the sets may answer otherwise, and owe to match again what they answered."""
        because = f"{details['step']} {subject.partition(':')[2]}"
        with self.store.writing() as unit:
            self.rematching.owe(unit, because, self._event(action, subject, "releases", details))
            unit.commit()

    def record(self, action: CustodyAction, subject: str, purpose: str, details: Details) -> None:
        """Record what leaves the answers as they are."""
        with self.store.writing() as unit:
            unit.custody.append([self._event(action, subject, purpose, details)])
            unit.commit()

    def _event(self, action: CustodyAction, subject: str, purpose: str, details: Details) -> CustodyEvent:
        return CustodyEvent(self.clock(), self.actor, action, subject, purpose, details)
