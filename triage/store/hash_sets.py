"""What is in force of the known-hash sets, for every machine; and where their releases lie in the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from hashsets.copying import Holding
from hashsets.keeping import InForce
from hashsets.library_state import LibraryState
from hashsets.states import EntryState, StateChange, States
from hashsets.vocabulary import StateKind

from .deployment_tables import entry_state_change, library_state, shelved_part, shelved_release
from .engine import database_now
from .rows import insert_new

_ROW = 1
_NEVER = date(1970, 1, 1)

Sealed = tuple[EntryState, bool, str]
"""What is said of an entry, whether it is taken back, and the seal."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The state on which every answer should rest. `serial` grows with each change, `day` is the last (UTC) seen.

    `policy` is the provenance of the matching policy in force; empty until somebody works.
    """

    serial: int = 0
    day: date = _NEVER
    version: str = "none"
    releases: LibraryState = LibraryState()  # noqa: RUF009 - frozen
    policy: str = ""


@dataclass(frozen=True, slots=True)
class HashSets:
    """Access within one unit of work."""

    connection: Connection

    def recorded(self) -> Recorded:
        """What is in force, as it stands."""
        return self._recorded(for_update=False)

    def hold(self) -> Recorded:
        """The same, and nobody else changes it until the unit ends. Take it before the custody log's lock."""
        first = {"id": _ROW, "serial": 0, "day": _NEVER, "version": "none", "policy": ""}
        insert_new(self.connection, library_state, [{**first, "enabled": [], "checkpoints": {}, "expiries": {}}])
        return self._recorded(for_update=True)

    def _recorded(self, *, for_update: bool) -> Recorded:
        query = select(library_state).where(library_state.c.id == _ROW)
        row = self.connection.execute(query.with_for_update() if for_update else query).one_or_none()
        if row is None:
            return Recorded()
        return Recorded(
            row.serial,
            row.day,
            row.version,
            LibraryState(tuple(row.enabled), row.checkpoints, row.expiries),
            row.policy,
        )

    def put_in_force(self, policy: str) -> None:
        """Make this the matching policy of all machines. Hold the state before."""
        self.connection.execute(update(library_state).where(library_state.c.id == _ROW).values(policy=policy))

    def write(self, held: InForce, version: str) -> None:
        """Make this the state in force. Hold it before; `held` has a day."""
        self.connection.execute(
            update(library_state)
            .where(library_state.c.id == _ROW)
            .values(
                serial=held.serial,
                day=held.day,
                version=version,
                enabled=list(held.releases.enabled),
                checkpoints=dict(held.releases.checkpoints),
                expiries=dict(held.releases.expiries),
            )
        )

    def today(self) -> date:
        """The day (UTC) by the database's clock, so that all machines change it at once."""
        seconds: float = self.connection.execute(select(database_now(self.connection))).scalar_one()
        return datetime.fromtimestamp(seconds, UTC).date()

    def say(self, states: States, said: Sealed) -> None:
        """Write the last change of what is said of entries; `states` are those after it."""
        state, cleared, seal = said
        row = {**asdict(state), "kind": state.kind.value, "number": states.changes, "cleared": cleared, "seal": seal}
        self.connection.execute(insert(entry_state_change).values(row))

    def said_after(self, number: int) -> list[Sealed]:
        """Later changes, in order."""
        query = select(entry_state_change).where(entry_state_change.c.number > number)
        rows = self.connection.execute(query.order_by(entry_state_change.c.number))
        return [(_state(row), row.cleared, row.seal) for row in rows]

    def history(self, set_name: str, entry_key: str) -> list[StateChange]:
        """All changes that concern one entry, in order."""
        query = (
            select(entry_state_change)
            .where(entry_state_change.c.set_name == set_name, entry_state_change.c.entry_key == entry_key)
            .order_by(entry_state_change.c.number)
        )
        return [StateChange(row.number, _state(row), row.cleared) for row in self.connection.execute(query)]

    def shelved(self, holding: Holding) -> str | None:
        """The seal of a holding that lies whole in the vault."""
        query = select(shelved_release.c.seal).where(_is(holding), shelved_release.c.whole)
        seal: str | None = self.connection.execute(query).scalar_one_or_none()
        return seal

    def shelve(self, holding: Holding, seal: str) -> int:
        """Begin to put a holding into the vault, or go on with it; its number."""
        row = {"release_id": holding.release_id, "merged": holding.merged, "seal": seal, "whole": False}
        insert_new(self.connection, shelved_release, [row])
        query = select(shelved_release.c.id).where(_is(holding), shelved_release.c.seal == seal)
        number: int = self.connection.execute(query).scalar_one()
        return number

    def parts_done(self, number: int) -> set[tuple[str, int]]:
        """Path and number of the parts that lie in the vault."""
        query = select(shelved_part.c.path, shelved_part.c.part).where(shelved_part.c.shelved_id == number)
        return {(row.path, row.part) for row in self.connection.execute(query)}

    def add_parts(self, number: int, parts: Mapping[tuple[str, int], Mapping[str, Any]]) -> None:
        """Write where parts lie; one that another process put there meanwhile stays as it is."""
        rows = [{"shelved_id": number, "path": path, "part": part, **row} for (path, part), row in parts.items()]
        insert_new(self.connection, shelved_part, rows)

    def shelve_whole(self, number: int, holding: Holding) -> bool:
        """Every part is there; whether this copy is now the one. Another one that was whole before stays the one."""
        if self.shelved(holding):
            return False
        self.connection.execute(update(shelved_release).where(shelved_release.c.id == number).values(whole=True))
        return True

    def parts(self, holding: Holding) -> Sequence[tuple[str, dict[str, Any]]]:
        """Path and locator of every part of a whole holding, by path and number."""
        query = (
            select(shelved_part)
            .join(shelved_release, shelved_release.c.id == shelved_part.c.shelved_id)
            .where(_is(holding), shelved_release.c.whole)
            .order_by(shelved_part.c.path, shelved_part.c.part)
        )
        return [(row["path"], _locator(row)) for row in map(dict, self.connection.execute(query).mappings())]


def _is(holding: Holding) -> Any:
    return (shelved_release.c.release_id == holding.release_id) & (shelved_release.c.merged == holding.merged)


def _locator(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"shelved_id", "path", "part"}}


def _state(row: Any) -> EntryState:
    return EntryState(row.set_name, row.entry_key, StateKind(row.kind), row.by, row.at, row.note, row.until)
