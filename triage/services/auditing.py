"""Auditing: the custody log against its witness, every item's bytes against its digest, the log against the items."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hashsets.library import Library
from hashsets.vocabulary import DigestAlgorithm
from triage.domain.audit_log import LogUnderAudit, audit_log
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Tampered, TriageError
from triage.domain.log_records import StoredRecord
from triage.store.items import Kept
from triage.store.unit_of_work import Store, Unit
from triage.vault.seam import Vault, unreferenced
from triage.vault.witness import LogMirror

from .clock import Clock
from .keeping import Keeping

_CHUNK = 1 << 20
_ITEM = re.compile(r"item:[0-9]{1,18}")  # the record is not believed yet: it may name anything
_KEEPING_ACTIONS = frozenset({CustodyAction.SEALED, CustodyAction.REFERENCED})
_TOLD_ACTIONS = frozenset({CustodyAction.STATED, CustodyAction.SIGHTED})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not verify: a code, what it concerns, and a sentence for people."""

    code: str
    subject: str
    sentence: str


@dataclass(slots=True)
class AuditReport:
    """What an audit saw. Clean means: no faults."""

    log_size: int = 0
    checkpoint: str = ""
    items: int = 0
    not_held: int = 0  # of the items: nothing was ever kept of them
    erased: int = 0  # of the items: their bytes were lawfully deleted, by record
    bytes: int = 0
    orphan_bytes: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything verified."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one record of the log says of an item. `begins`: it is the first one of this item."""

    item_id: int
    algorithm: str
    digest: str
    is_held: bool
    begins: bool


@dataclass(slots=True)
class _Recorded:
    """What the log says of items, checked against the items table in slices while the log streams by."""

    unit: Unit
    waiting: list[_Claim] = field(default_factory=list)
    begun: int = 0
    erased: set[int] = field(default_factory=set)  # whose bytes the log says were deleted, and not received again
    faults: list[Fault] = field(default_factory=list)

    def watch(self, records: Iterator[StoredRecord]) -> Iterator[StoredRecord]:
        """Pass records through, noting which digest each item was received with."""
        for record in records:
            event = record.event
            if event is not None and event.action is CustodyAction.ERASED and _ITEM.fullmatch(event.subject):
                self.erased.add(int(event.subject.removeprefix("item:")))
            if event is not None and (claim := _claim(event)):
                if claim.is_held:
                    self.erased.discard(claim.item_id)
                self.begun += claim.begins
                self.waiting.append(claim)
                if len(self.waiting) >= 500:
                    self.settle()
            yield record

    def settle(self) -> None:
        """Compare what has gathered."""
        kept = {entry.item.id: entry for entry in self.unit.items.kept(sorted({one.item_id for one in self.waiting}))}
        for claim in self.waiting:
            entry = kept.get(claim.item_id)
            if entry is None:
                self._fault("item-missing", claim.item_id, "was received and is not in the database")
            elif (getattr(entry.item.digests, claim.algorithm) or b"").hex() != claim.digest:
                self._fault("item-digest-changed", claim.item_id, "has another digest than when it was received")
            elif claim.is_held and not entry.is_located and not entry.is_erased:
                self._fault("bytes-unlocated", claim.item_id, "was kept, and no place is recorded for its bytes")
        self.waiting.clear()

    def settle_erased(self, unit: Unit) -> None:
        """What the database calls deleted was deleted by record, and what was deleted by record stays so.

        `unit` sees the moment of the log.
        """
        noted = unit.erasures.in_force()
        for item_id in sorted(noted - self.erased):
            self._fault("erasure-unrecorded", item_id, "lacks its bytes, and no record says that they were deleted")
        for kept in unit.items.kept(sorted(self.erased)):
            if kept.is_located or kept.item.id not in noted:
                self._fault("erasure-undone", kept.item.id, "was deleted by record, and its bytes can be reached")

    def _fault(self, code: str, item_id: int, what: str) -> None:
        self.faults.append(Fault(code, f"I-{item_id}", f"Item I-{item_id} {what}."))


def _claim(event: CustodyEvent) -> _Claim | None:
    """What an event says of an item; None where it speaks of none. A later one of the same item has a `before`."""
    if event.action not in _KEEPING_ACTIONS | _TOLD_ACTIONS or not _ITEM.fullmatch(event.subject):
        return None
    algorithm = next((one.value for one in reversed(tuple(DigestAlgorithm)) if one.value in event.details), "sha256")
    return _Claim(
        int(event.subject.removeprefix("item:")),
        algorithm,
        str(event.details.get(algorithm)),
        is_held=event.action in _KEEPING_ACTIONS,
        begins="before" not in event.details,
    )


@dataclass(frozen=True)
class Auditing:
    """Verifies a whole deployment. Reads every byte; shows none."""

    store: Store
    vault: Vault
    keeping: Keeping
    library: Library
    mirror: LogMirror
    clock: Clock
    actor: str

    def audit(
        self, tell: Callable[[AuditReport], None] = lambda _: None, kept_elsewhere: Sequence[str] = ()
    ) -> AuditReport:
        """Check everything and record that it was checked.

        `kept_elsewhere` are signed checkpoints from outside this deployment: only they can show that database,
        witness and checkpoints were cut back together.
        """
        report = AuditReport()
        self._audit_log(report, kept_elsewhere)
        tell(report)
        for batch in self._items():
            for kept in batch:
                self._audit_item(kept, report)
            tell(report)
        self._audit_orphans(report)
        self._audit_releases(report)
        self._record(report)
        return report

    def _audit_log(self, report: AuditReport, kept_elsewhere: Sequence[str]) -> None:
        view = self.mirror.view()
        with self.store.reading() as unit, self.store.reading() as items:
            recorded = _Recorded(items)
            log = LogUnderAudit(
                records=recorded.watch(unit.custody.records()),
                stored_checkpoints=unit.custody.checkpoints(),
                witness_leaves=view.leaf_hashes,
                witness_checkpoints=view.checkpoints,
                verifier=self.store.signer.verifier,
                other_checkpoints=kept_elsewhere,
            )
            for found in audit_log(log):
                report.faults.append(Fault(f"log-{found.kind.value}", f"custody:{found.index}", found.sentence))
            recorded.settle()
            recorded.settle_erased(unit)
            report.faults += recorded.faults
            report.log_size, report.checkpoint = unit.custody.head()
            count = unit.read.items_pending()[1]
        if count > recorded.begun:
            unrecorded = count - recorded.begun
            sentence = f"{unrecorded} items stand in the database and not in the custody log."
            report.faults.append(Fault("items-unrecorded", "items", sentence))

    def _items(self) -> Iterator[list[Kept]]:
        last = 0
        while True:
            with self.store.reading() as unit:
                batch = unit.items.kept_after(last)
            if not batch:
                return
            yield batch
            last = batch[-1].item.id

    def _audit_item(self, kept: Kept, report: AuditReport) -> None:
        report.items += 1
        if not kept.is_located:  # whether it should be is the custody log's to say
            report.not_held += not kept.is_erased
            report.erased += kept.is_erased
            return
        name = f"I-{kept.item.id}"
        try:
            source = self.keeping.open(kept)
        except TriageError as error:
            report.faults.append(Fault(error.code, name, f"Item {name}: {error.sentence}"))
            return
        try:
            digest, offset = hashlib.sha256(), 0
            while chunk := source.read_at(offset, _CHUNK):
                digest.update(chunk)
                offset += len(chunk)
            report.bytes += offset
            if digest.digest() != kept.item.digests.sha256:
                report.faults.append(Fault("content-changed", name, f"Item {name}: its bytes give another digest."))
        except TriageError as error:
            report.faults.append(Fault(error.code, name, f"Item {name}: {error.sentence}"))
        finally:
            source.close()

    def _audit_orphans(self, report: AuditReport) -> None:
        segments = list(self.vault.segments())
        with self.store.reading() as unit:
            referenced = unit.read.referenced_bytes()
        report.orphan_bytes = sum(loose.size for loose in unreferenced(segments, referenced))

    def _audit_releases(self, report: AuditReport) -> None:
        for check in self.library.verify():
            if check.fault:
                subject = f"release:{check.release_id}"
                report.faults.append(Fault(check.fault, subject, f"Release {check.release_id}: {check.sentence}."))

    def _record(self, report: AuditReport) -> None:
        details: dict[str, str | int | None] = {
            "items": report.items,
            "not_held": report.not_held,
            "erased": report.erased,
            "log_size": report.log_size,
            "faults": len(report.faults),
        }
        event = CustodyEvent(self.clock(), self.actor, CustodyAction.AUDITED, "deployment:all", "audit", details)
        try:
            with self.store.writing() as unit:
                unit.custody.append([event])
                unit.commit()
        except Tampered as error:
            # A log that nothing more can be written on is a finding; the others must be told with it.
            report.faults.append(Fault(error.code, "custody:end", error.sentence))
