"""What is in force of the known-hash sets: one truth for all machines, in the database, with its custody records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from hashsets.keeping import Change, Details, EntryChange, InForce, VersionOf
from hashsets.states import StateChange, States
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.store.hash_sets import Recorded, Sealed
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .owing import Owing
from .shelving import Shelf


def database_day(unit: Unit) -> date:
    """Today (UTC) by the database's clock: all machines change the day at once."""
    return unit.hash_sets.today()


@dataclass(frozen=True)
class RecordingSets:
    """Keeps what is in force for a library. A change, its custody record and the re-match owed are one commit.

    With a `shelf` releases are shared with other machines: they lie there before they come into force, and what is in
    force and missing here is fetched before this machine answers from it.
    """

    store: Store
    owing: Owing
    shelf: Shelf | None
    clock: Clock
    actor: str
    today: Callable[[Unit], date] = database_day

    def read(self, known: InForce | None, version_of: VersionOf) -> InForce:
        """What is in force, its releases on this machine. The first to ask on a new day records that it has come.

        Raises Damaged; Unavailable and Tampered when releases cannot be fetched.
        """
        while True:
            with self.store.reading() as unit:
                today, recorded = self.today(unit), unit.hash_sets.recorded()
                if known and known.serial == recorded.serial:
                    held = known
                else:
                    states = known.states if known and known.serial < recorded.serial else States()
                    said = unit.hash_sets.said_after(states.changes)
                    held = _held(recorded, states.after(said))
            if self.shelf and held is not known:
                self.shelf.fetch(held.releases.enabled)
            if recorded.day >= today:
                return held
            self._turn_day(held, today, version_of)
            known = held

    def change(self, change: Change, version_of: VersionOf) -> InForce:
        """See Keeper. Another machine's change meanwhile is taken up first; then this one is made on top of it."""
        while True:
            before = self.read(None, version_of)
            after, said = _after(change, before)
            if self.shelf:
                for release_id in sorted({*after.releases.enabled} - {*before.releases.enabled}):
                    self.shelf.put(release_id)
            with self.store.writing() as unit:
                if unit.hash_sets.hold().serial != before.serial:
                    continue
                unit.hash_sets.write(after, version_of(after))
                if said:
                    unit.hash_sets.say(after.states, said)
                event = self._event(change, after)
                self.owing.owe(unit, f"{event.details['step']} {event.subject.partition(':')[2]}", event)
                unit.commit()
            return after

    def history(self, set_name: str, entry_key: str) -> list[StateChange]:
        """See Keeper."""
        with self.store.reading() as unit:
            return unit.hash_sets.history(set_name, entry_key)

    def disclosed(self, subject: str, purpose: str, details: Details) -> None:
        """Record that something left the house as a file."""
        with self.store.writing() as unit:
            unit.custody.append(
                [CustodyEvent(self.clock(), self.actor, CustodyAction.DISCLOSED, subject, purpose, details)]
            )
            unit.commit()

    def _turn_day(self, before: InForce, today: date, version_of: VersionOf) -> None:
        """Record that a day has come: releases may expire on it, and entries answer again."""
        after = replace(before, day=today, serial=before.serial + 1)
        with self.store.writing() as unit:
            recorded = unit.hash_sets.hold()
            if recorded.serial != before.serial:
                return
            version = version_of(after)
            unit.hash_sets.write(after, version)
            if version != recorded.version:
                self.owing.owe(unit, "day-came")
            unit.commit()

    def _event(self, change: Change, after: InForce) -> CustodyEvent:
        if not isinstance(change, EntryChange):
            details: Details = {"step": change.step, **change.details}
            action, subject = CustodyAction.RELEASED, f"release:{change.release_id}"
        else:
            state = change.state
            details = {
                "step": "taken-back" if change.cleared else "said",
                "set": state.set_name,
                "entry": state.entry_key,
                "kind": state.kind.value,
                "note": state.note,
                "until": state.until.isoformat() if state.until else None,
            }
            action, subject = CustodyAction.JUDGED, f"entry-state:{after.states.changes}"
        return CustodyEvent(self.clock(), self.actor, action, subject, "releases", details)


def _held(recorded: Recorded, states: States) -> InForce:
    return InForce(recorded.releases, states, recorded.day, recorded.serial)


def _after(change: Change, before: InForce) -> tuple[InForce, Sealed | None]:
    """The state after a change; of a change of an entry also what is to be written."""
    serial = before.serial + 1
    if not isinstance(change, EntryChange):
        return replace(before, releases=change.apply(before.releases), serial=serial), None
    said = change.state, change.cleared, before.states.sealed(change.state, cleared=change.cleared)
    return replace(before, states=before.states.after([said]), serial=serial), said
