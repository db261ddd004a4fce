"""Going on after the database was put back from a backup: what is lost is told and recorded, and never forgotten.

A witness that holds records which the database lacks stops every writer, since a restored database looks like one
that was cut. This is the lawful way on: a person says why, the custody log records what the witness had, and the
witness is set aside whole, never deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Refused, Tampered, Unavailable
from triage.store.unit_of_work import Store
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of
from triage.vault.witness import LogMirror

from .clock import Clock

_log = logger_of("services")


@dataclass(frozen=True, slots=True)
class Restored:
    """`kept` records stand in database and witness alike, `lost` only with the witness, `added` only in the database.

    `set_aside` is how the names of the old witness's files end; empty where there was none.
    """

    kept: int
    lost: int | None
    added: int
    set_aside: str


@dataclass(frozen=True, slots=True)
class _Unwitnessed:
    """The mirror of the one record that says why the witness does not follow."""

    size: int = 0
    settled: int = 0

    def view(self) -> _Unwitnessed:
        """Nothing held."""
        return self

    def extend(self, start: int, leaf_hashes: Sequence[bytes], checkpoint: str) -> int:  # noqa: ARG002 - the seam's
        """Nothing kept."""
        return start + len(leaf_hashes)


@dataclass(frozen=True)
class Restoring:
    """Compares hashes only; no evidence is opened. Nobody may be working meanwhile."""

    store: Store
    mirror: LogMirror
    new_mirror: Callable[[], LogMirror]
    clock: Clock
    actor: str

    def go_on(self, because: str, *, witness_lost: bool = False) -> Restored:
        """Record that the database was put back, and let the witness follow it from now on.

        `witness_lost` begins a new witness where none is left; what was lost with it nobody can say. Raises Refused
        `reason-missing`, `nothing-restored`, `witness-there`; Tampered `witness-disagrees` when records were changed
        or taken out in the middle: no backup does that, and `triage audit` says where. Killed on its way it is run
        again.
        """
        if not because.strip():
            raise Refused("reason-missing", "Say why the database was put back: it is recorded.")
        if witness_lost:
            return self._without_witness(because.strip())
        kept, lost, added = self._compared()
        if not lost:
            raise Refused("nothing-restored", "The database has every record that the witness has.")
        leaves, checkpoint = self._recorded(because.strip(), kept, lost, added)
        label = self.mirror.begin_again(leaves, checkpoint)
        _log.warning(Event.LOG_RESUMED, records=kept, lost=lost)
        return Restored(kept, lost, added, label)

    def _without_witness(self, because: str) -> Restored:
        with suppress(Unavailable):
            self.mirror.view()
            raise Refused("witness-there", "The witness is there; it is not replaced.")
        with self.store.reading() as unit:
            size = unit.custody.head()[0]
        leaves, checkpoint = self._recorded(because, size, None, 0)
        self.new_mirror().extend(0, leaves, checkpoint)
        _log.warning(Event.LOG_RESUMED, records=size)
        return Restored(size, None, 0, "")

    def _recorded(self, because: str, kept: int, lost: int | None, added: int) -> tuple[list[bytes], str]:
        """Record it where no witness follows yet; the whole log's leaves and its head."""
        details: dict[str, str | int | None] = {
            "because": because,
            "records_kept": kept,
            "records_lost": lost,
            "records_added": added,
        }
        event = CustodyEvent(self.clock(), self.actor, CustodyAction.RESTORED, "deployment:all", "restore", details)
        with Store(self.store.engine, self.store.signer, _Unwitnessed()).writing() as unit:
            unit.custody.append([event])
            unit.commit()
        with self.store.reading() as unit:
            size, checkpoint = unit.custody.head()
            return unit.custody.leaves(0, size), checkpoint

    def _compared(self) -> tuple[int, int, int]:
        """How many records both begin with, how many the witness has beyond them, and how many the database."""
        view = self.mirror.view()
        kept, lost, added = 0, 0, 0
        beyond: set[bytes] = set()
        with self.store.reading() as unit:
            for mine, seen in zip_longest(unit.custody.leaf_stream(), view.leaf_hashes):
                if mine == seen and not lost and not added:
                    kept += 1
                    continue
                if mine == seen:
                    raise _changed()
                lost, added = lost + (seen is not None), added + (mine is not None)
                for leaf in (mine, seen):
                    if leaf is not None and leaf in beyond:
                        raise _changed()
                beyond.update(leaf for leaf in (mine, seen) if leaf is not None)
        return kept, lost, added


def _changed() -> Tampered:
    """Leaves are salted: the same leaf is the same record, and here it stands after one that differs."""
    return Tampered("witness-disagrees", "Records before others were changed or taken out; run an audit.")
