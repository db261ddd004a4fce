"""The audit of a custody log: database, witness and signed checkpoints laid side by side, in one streaming pass.

What is believed, in this order: a checkpoint that the log's key signed; then whichever copy of the leaves, the
witness's or the database's, gives the root of the next checkpoint; then nothing. Checkpoints are dense (one for each
batch), so where both copies were altered the damage is still narrowed down to one batch; from there on only
differences between the two copies can be told, since a Merkle root once missed cannot be regained.

What no audit here can see: database, witness and all checkpoints cut back together to an earlier checkpoint. For
that, hand in a checkpoint kept elsewhere (printed in a report, held by a partner).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from triage.domain.checkpoints import Checkpoint, LogVerifier, verify
from triage.domain.custody import CustodyAction
from triage.domain.errors import Tampered
from triage.domain.log_alignment import Ahead, Alignment
from triage.domain.log_records import FaultKind, LogFault, StoredRecord, cut, named, runs
from triage.domain.merkle import Frontier


@dataclass(frozen=True, slots=True)
class LogUnderAudit:
    """Everything that speaks about one log. Each stream is read once.

    `records` come ordered by index; `stored_checkpoints` (the database's), `witness_checkpoints` and
    `other_checkpoints` (kept elsewhere) oldest first, as whole signed notes. Read the witness before the database, or
    records in flight will look like a loss.
    """

    records: Iterable[StoredRecord]
    stored_checkpoints: Iterable[str]
    witness_leaves: Iterable[bytes]
    witness_checkpoints: Iterable[str]
    verifier: LogVerifier
    other_checkpoints: Iterable[str] = ()


def audit_log(log: LogUnderAudit) -> Iterator[LogFault]:
    """Every fault in the log, and nothing for a sound one. Order is that of discovery, not of index."""
    yield from _Audit(log).faults()


class _Audit:
    def __init__(self, log: LogUnderAudit) -> None:
        self._log = log
        self._redacted: set[int] = set()
        self._redactions_recorded: set[int] = set()
        self._noticed: list[LogFault] = []  # by the streams while they were being read
        self._records = Ahead(self._watched(log.records))
        self._leaves = Ahead(log.witness_leaves)
        self._leaves_taken = 0
        self._witness_covers = 0  # by its newest checkpoint
        self._witness_settled = 0  # by the one before: a power cut may cost the newest one its leaves, no more
        self._alignment = Alignment(self._records, self._leaves)
        self._frontier: Frontier | None = Frontier()  # of what was verified; None once the thread is lost
        self._covered = 0

    def faults(self) -> Iterator[LogFault]:
        stored = self._verified(self._log.stored_checkpoints, "database")
        witnessed = self._verified(self._log.witness_checkpoints, "witness")
        elsewhere = self._verified(self._log.other_checkpoints, "outside keeper")
        for checkpoint in heapq.merge(stored, witnessed, elsewhere, key=lambda c: c.size):
            yield from self._interval(checkpoint)
            yield from self._drained()
        yield from self._drained()
        yield from self._beyond()
        for first, last in runs(list(self._redacted - self._redactions_recorded)):
            sentence = f"{named(first, last)}: text deleted, and no record says so."
            yield LogFault(FaultKind.REDACTION_UNRECORDED, first, last, sentence)

    def _interval(self, checkpoint: Checkpoint) -> Iterator[LogFault]:
        """Judge the records between the last checkpoint and this one."""
        start, count = self._covered, checkpoint.size - self._covered
        if count == 0:
            if self._frontier is not None and self._frontier.root != checkpoint.root:
                self._notice_checkpoint(
                    checkpoint.size, f"Two signed checkpoints of size {checkpoint.size} disagree."
                )
            return
        witnessed = self._leaves.take(count)
        self._leaves_taken += len(witnessed)
        self._covered = checkpoint.size
        before, self._frontier = self._frontier, _reached(self._frontier, witnessed, checkpoint)
        if self._frontier is not None:
            yield from self._alignment.compare(start, witnessed)
            return
        stored = self._stored_leaves(start, count)
        whole = [leaf for leaf in stored if leaf is not None]
        self._frontier = _reached(before, whole, checkpoint)
        if self._frontier is not None:
            for number, leaf in enumerate(witnessed):
                if leaf != whole[number]:
                    yield _witness_changed(start + number)
            yield from self._alignment.compare(start, whole)
            return
        if before is not None and count in {len(witnessed), len(whole)}:
            yield _both_changed(start, checkpoint.size)
        # The best guess when neither copy can be believed: the witness's leaf, else the database's.
        yield from self._alignment.compare(start, [*witnessed, *stored[len(witnessed) :]])

    def _beyond(self) -> Iterator[LogFault]:
        """What no checkpoint covers, and what ends before its checkpoint."""
        if self._leaves_taken < self._witness_settled:
            yield cut("witness", self._leaves_taken, self._witness_covers)
        if self._records.peek() is None:
            # The witness follows the database: leaves of its own mean that the database lost their records.
            yield from self._alignment.compare(self._covered, list(self._leaves.rest()))
        yield from self._alignment.finished()

    def _verified(self, notes: Iterable[str], keeper: str) -> Iterator[Checkpoint]:
        """The checkpoints that can be believed, in order; faults are noticed on the way."""
        newest = 0
        for number, note in enumerate(notes):
            try:
                checkpoint = _checked(note, self._log.verifier)
            except Tampered as refusal:
                self._notice_checkpoint(number, f"Checkpoint {number} of the {keeper}: {refusal.sentence}")
                continue
            if checkpoint.size < newest:
                self._notice_checkpoint(
                    number, f"Checkpoint {number} of the {keeper} is older than the one before it."
                )
                continue
            if keeper == "witness":
                self._witness_settled, self._witness_covers = newest, checkpoint.size
            newest = checkpoint.size
            yield checkpoint

    def _notice_checkpoint(self, number: int, sentence: str) -> None:
        self._noticed.append(LogFault(FaultKind.CHECKPOINT_INVALID, number, number, sentence))

    def _drained(self) -> Iterator[LogFault]:
        yield from self._noticed
        self._noticed.clear()

    def _watched(self, records: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
        for record in records:
            if record.event is None:
                self._redacted.add(record.index)
            elif record.event.action is CustodyAction.REDACTED:
                kind, _, number = record.event.subject.partition(":")
                if kind == "custody" and number.isdecimal():
                    self._redactions_recorded.add(int(number))
            yield record

    def _stored_leaves(self, start: int, count: int) -> list[bytes | None]:
        """What the database says for these places; None where it has no record."""
        leaves: list[bytes | None] = [None] * count
        for record in self._records.window(count):
            place = self._alignment.place_of(record) - start
            if 0 <= place < count:
                leaves[place] = record.leaf_hash
        return leaves


@lru_cache(maxsize=64)
def _checked(note: str, verifier: LogVerifier) -> Checkpoint:
    """Database and witness hold the same notes: each is verified once."""
    return verify(note, verifier)


def _reached(frontier: Frontier | None, leaves: list[bytes], checkpoint: Checkpoint) -> Frontier | None:
    """The frontier after these leaves if it is the checkpoint's tree."""
    if frontier is None or frontier.size + len(leaves) != checkpoint.size:
        return None
    reached = frontier.extended(leaves)
    return reached if reached.root == checkpoint.root else None


def _both_changed(start: int, end: int) -> LogFault:
    sentence = (
        f"{named(start, end - 1)}: one or more were changed in database and witness alike; the signed checkpoint of "
        f"size {end} does not fit. Later checkpoints cannot be judged."
    )
    return LogFault(FaultKind.CHANGED, start, end - 1, sentence)


def _witness_changed(place: int) -> LogFault:
    return LogFault(FaultKind.CHANGED, place, place, f"The witness's copy of record {place} was changed.")
