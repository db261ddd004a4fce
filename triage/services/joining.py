"""A machine that joins a deployment: a whole witness of its own, and the releases in force."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from hashsets.library import Library
from triage.domain.checkpoints import verify
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Tampered
from triage.domain.merkle import Frontier
from triage.store.unit_of_work import Store

from .clock import Clock
from .hash_set_errors import answered
from .shelving import Shelf

_PAGE = 4_096


@dataclass(frozen=True, slots=True)
class Standing:
    """How a machine stands beside the database: records in the log and with this witness; releases and those missing.

    `version` names what is in force; `shared` says whether releases come from the vault.
    """

    records: int
    witnessed: int
    version: str
    missing: tuple[str, ...]
    shared: bool


@dataclass(frozen=True)
class Joining:
    """Makes this machine ready to work with a database that others write, too."""

    store: Store
    library: Library
    shelf: Shelf | None
    clock: Clock
    actor: str

    def join(self) -> Standing:
        """Feed the witness from the first record on and fetch the releases in force; may be interrupted and repeated.

        A witness that begins now vouches for what the database says now. So it begins only if the log's own hashes
        give the root that was signed, and that it began is on record. Raises Tampered, Unavailable.
        """
        if not self.store.mirror.view().size:
            self._compare_root()
            self._record()
        self.store.feed_mirror()
        with answered():
            self.library.refresh()
        return self.standing()

    def standing(self) -> Standing:
        """How this machine stands. Fetches nothing."""
        witnessed = self.store.mirror.view().size
        with self.store.reading() as unit:
            records, _ = unit.custody.head()
            recorded = unit.hash_sets.recorded()
        missing = self.shelf.missing(recorded.releases.enabled) if self.shelf else ()
        return Standing(records, witnessed, recorded.version, tuple(missing), self.shelf is not None)

    def _compare_root(self) -> None:
        with self.store.reading() as unit:
            size, note = unit.custody.head()
            if not size:
                return
            signed, tree = verify(note, self.store.signer.verifier), Frontier()
            for start in range(0, size, _PAGE):
                tree = tree.extended(unit.custody.leaves(start, min(_PAGE, size - start)))
        if (tree.size, tree.root) != (signed.size, signed.root):
            raise Tampered("custody-head-broken", "The custody log is not the one that was signed; run an audit.")

    def _record(self) -> None:
        with self.store.writing() as unit:
            details: dict[str, str | int | None] = {"machine": platform.node(), "records": unit.custody.head()[0]}
            unit.custody.append(
                [CustodyEvent(self.clock(), self.actor, CustodyAction.JOINED, "deployment:all", "join", details)]
            )
            unit.commit()
