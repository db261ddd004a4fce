"""The audit of the custody log: what each kind of tampering looks like, and that a sound log is clean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from triage.domain.audit_log import LogUnderAudit, audit_log
from triage.domain.checkpoints import Checkpoint, LogSigner, sign
from triage.domain.custody import CustodyAction, CustodyEvent, commitment, custody_leaf
from triage.domain.log_records import FaultKind, StoredRecord
from triage.domain.merkle import Frontier

SIGNER = LogSigner("example.org/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = LogSigner("example.org/custody", Ed25519PrivateKey.from_private_bytes(bytes(32)))
EPOCH = datetime(2026, 11, 22, tzinfo=UTC)


def event(number: int, subject: str = "", action: CustodyAction = CustodyAction.EXAMINED) -> CustodyEvent:
    return CustodyEvent(
        EPOCH + timedelta(seconds=number), "worker-1", action, subject or f"item:{number}", "examine", {"job": number}
    )


def record(index: int, what: CustodyEvent | None = None, salt: bytes = b"s") -> StoredRecord:
    salted = salt + index.to_bytes(31, "big")
    committed = commitment(what or event(index), salted)
    return StoredRecord(index, salted, what or event(index), committed, custody_leaf(committed))


@dataclass
class Log:
    """A log of `size` records in batches of 8, for a test to damage."""

    size: int = 60
    records: list[StoredRecord] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    witnessed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = [record(index) for index in range(self.size)]
        self.sign_anew()

    def sign_anew(self) -> None:
        self.leaves = [r.leaf_hash for r in self.records]
        ends = [*range(8, self.size, 8), self.size]
        self.stored = [signed(self.leaves[:end]) for end in ends]
        self.witnessed = list(self.stored)

    def renumber(self) -> None:
        self.records = [replace(r, index=index) for index, r in enumerate(self.records)]

    def faults(self) -> list[tuple[str, int, int]]:
        log = LogUnderAudit(self.records, self.stored, self.leaves, self.witnessed, SIGNER.verifier, self.elsewhere)
        return sorted((f.kind.value, f.index, f.last_index) for f in audit_log(log))


def signed(leaves: list[bytes], signer: LogSigner = SIGNER) -> str:
    return sign(Checkpoint(signer.name, len(leaves), Frontier().extended(leaves).root), signer)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 60])
def test_a_sound_log_is_clean(size: int) -> None:
    """No fault at any size, empty included."""
    assert Log(size).faults() == []


def test_a_witness_that_is_behind_is_no_fault(log: Log) -> None:
    """A crash between commit and witness: the database's own checkpoint vouches for the rest."""
    log.leaves, log.witnessed = log.leaves[:44], log.witnessed[:5]
    assert log.faults() == []
    log = Log()
    log.witnessed = log.witnessed[:5]  # leaves on disk, the note not yet
    assert log.faults() == []
    log = Log()
    log.leaves = log.leaves[:57]  # the note on disk, its batch's leaves not all
    assert log.faults() == []


def test_a_witness_that_lost_older_leaves_is_named(log: Log) -> None:
    """Its own checkpoints say that it once had more than a power cut can cost."""
    log.leaves = log.leaves[:55]
    assert log.faults() == [("truncated", 55, 59)]


def test_a_changed_text_is_named(log: Log) -> None:
    """One word in one event."""
    log.records[13] = replace(log.records[13], event=replace(event(13), purpose="other"))
    assert log.faults() == [("changed", 13, 13)]


def test_a_changed_commitment_or_leaf_is_named_once(log: Log) -> None:
    """Columns that no longer belong together."""
    log.records[13] = replace(log.records[13], commitment=bytes(32))
    log.records[21] = replace(log.records[21], leaf_hash=bytes(32))
    log.records[30] = replace(log.records[30], salt=None)
    assert log.faults() == [("changed", 13, 13), ("changed", 21, 21), ("changed", 30, 30)]


def test_a_record_rewritten_with_all_its_hashes_is_named(log: Log) -> None:
    """Text, commitment and leaf changed together: the witness knows better."""
    log.records[13] = record(13, replace(event(13), actor="nobody"))
    assert log.faults() == [("changed", 13, 13)]


def test_a_rewritten_record_is_named_without_the_witness_too(log: Log) -> None:
    """Where the witness is behind, the signed checkpoint still narrows it down to a batch."""
    log.leaves, log.witnessed = log.leaves[:8], log.witnessed[:1]
    log.records[13] = record(13, replace(event(13), actor="nobody"))
    assert log.faults() == [("changed", 8, 15)]


def test_a_deleted_record_is_named(log: Log) -> None:
    """A gap in the numbers."""
    del log.records[13]
    assert log.faults() == [("missing", 13, 13)]


@pytest.mark.parametrize(("first", "count"), [(13, 1), (0, 1), (8, 8), (5, 20), (15, 1), (57, 2)])
def test_deleted_records_are_named_though_the_rest_was_renumbered(log: Log, first: int, count: int) -> None:
    """Within a batch, whole batches, and across their borders: exactly the deleted ones."""
    del log.records[first : first + count]
    log.renumber()
    assert log.faults() == [("missing", first, first + count - 1)]


def test_deletions_and_changes_together_are_told_apart(log: Log) -> None:
    """Two deletions with renumbering and a rewritten record between them."""
    log.records[20] = record(20, replace(event(20), actor="nobody"))
    del log.records[40]
    del log.records[3]
    log.renumber()
    assert log.faults() == [("changed", 20, 20), ("missing", 3, 3), ("missing", 40, 40)]


@pytest.mark.parametrize(("one", "other"), [(13, 14), (13, 50), (0, 59), (58, 59), (7, 8), (10, 12)])
def test_two_exchanged_records_are_named(log: Log, one: int, other: int) -> None:
    """Neighbours, far apart, first and last, across a batch's border."""
    log.records[one], log.records[other] = log.records[other], log.records[one]
    log.renumber()
    assert log.faults() == [("reordered", one, one), ("reordered", other, other)]


@pytest.mark.parametrize(("origin", "target"), [(5, 30), (30, 5), (59, 3)])
def test_a_record_moved_elsewhere_is_named_alone(log: Log, origin: int, target: int) -> None:
    """Taken from its place and put in at another, all between them renumbered."""
    log.records.insert(target, log.records.pop(origin))
    log.renumber()
    assert log.faults() == [("reordered", origin, origin)]


@pytest.mark.parametrize("kept", [59, 56, 30, 1, 0])
def test_a_cut_tail_is_named(log: Log, kept: int) -> None:
    """The database ends early, its own checkpoints cut to fit."""
    del log.records[kept:]
    log.stored = [note for note in log.stored if int(note.split("\n")[1]) <= kept]
    assert log.faults() == [("truncated", kept, 59)]


def test_a_tail_cut_from_database_and_witness_leaves_is_named(log: Log) -> None:
    """The checkpoints remember how long the log was."""
    del log.records[44:], log.leaves[44:]
    assert log.faults() == [("truncated", 44, 59), ("truncated", 44, 59)]


def test_a_cut_back_to_an_old_checkpoint_needs_one_kept_elsewhere(log: Log) -> None:
    """When everything in the house is cut back alike, only a checkpoint outside shows it."""
    newest = log.stored[-1]
    del log.records[40:], log.leaves[40:], log.stored[5:], log.witnessed[5:]
    assert log.faults() == []
    log.elsewhere = [newest]
    assert log.faults() == [("truncated", 40, 59)]


def test_a_forged_record_at_the_end_is_named(log: Log) -> None:
    """No signed checkpoint covers it, whether or not the witness's leaves were given it too."""
    log.records.append(record(60))
    assert log.faults() == [("extra", 60, 60)]
    log.leaves.append(log.records[-1].leaf_hash)
    assert log.faults() == [("extra", 60, 60)]


@pytest.mark.parametrize("index", [0, 13, 16, 59])
def test_a_forged_record_slipped_in_between_is_named(log: Log, index: int) -> None:
    """All later records renumbered to make room."""
    log.records.insert(index, record(900))
    log.renumber()
    assert log.faults() == [("extra", index, index)]


def test_two_rows_of_one_number_are_not_both_believed(log: Log) -> None:
    """The second is extra."""
    log.records.insert(14, record(13, event(99)))
    assert log.faults() == [("extra", 13, 13)]


def test_records_that_nothing_vouches_for_are_extra(log: Log) -> None:
    """All checkpoints gone from both places."""
    log.stored, log.witnessed = [], []
    assert log.faults() == [("extra", 0, 59)]


def test_a_checkpoint_of_another_key_is_named_and_not_believed(log: Log) -> None:
    """A forged log with forged checkpoints: each is named by its place, and the forged records stay extra."""
    log.records.append(record(60))
    log.leaves.append(log.records[-1].leaf_hash)
    log.stored.append(signed(log.leaves, OTHER))
    assert log.faults() == [("checkpoint-invalid", 8, 8), ("extra", 60, 60)]


def test_an_altered_checkpoint_is_named(log: Log) -> None:
    """Its other copy still vouches for the records."""
    log.witnessed[2] = log.witnessed[2].replace("\n24\n", "\n25\n", 1)
    log.stored[4] = "nonsense"
    assert log.faults() == [("checkpoint-invalid", 2, 2), ("checkpoint-invalid", 4, 4)]


def test_checkpoints_out_of_order_are_named(log: Log) -> None:
    """An old one laid on top to hide the newer."""
    log.stored.append(log.stored[0])
    assert log.faults() == [("checkpoint-invalid", 8, 8)]


def test_two_signed_histories_are_named(log: Log) -> None:
    """The key itself signed two trees of one size: only its holder can have done that."""
    log.witnessed.insert(1, signed([*log.leaves[:15], bytes(32)]))
    assert log.faults() == [("checkpoint-invalid", 16, 16)]


def test_a_change_in_the_witness_alone_is_named(log: Log) -> None:
    """The database's copy fits the checkpoint, so the witness is the one that was changed."""
    log.leaves[13] = bytes(32)
    log.leaves[50] = bytes(32)
    assert log.faults() == [("changed", 13, 13), ("changed", 50, 50)]


def test_a_change_in_both_copies_is_narrowed_to_its_batch(log: Log) -> None:
    """Text, hashes and witness altered alike: the dense checkpoints say which batch."""
    log.records[13] = record(13, replace(event(13), actor="nobody"))
    log.leaves[13] = log.records[13].leaf_hash
    assert log.faults() == [("changed", 8, 15)]


def test_after_the_thread_is_lost_differences_still_show(log: Log) -> None:
    """Later batches cannot be judged by checkpoints, but records and witness are still compared."""
    log.records[13] = record(13, replace(event(13), actor="nobody"))
    log.leaves[13] = log.records[13].leaf_hash
    log.records[40] = replace(log.records[40], event=replace(event(40), purpose="other"))
    del log.records[50]
    assert log.faults() == [("changed", 8, 15), ("changed", 40, 40), ("missing", 50, 50)]


def test_a_lawfully_deleted_text_is_clean_and_an_unlawful_one_is_not(log: Log) -> None:
    """Text and salt go, the commitment stays; a REDACTED record must say so."""
    log.records[59] = record(59, event(59, "custody:13", CustodyAction.REDACTED))
    log.sign_anew()
    log.records[13] = replace(log.records[13], event=None, salt=None)
    assert log.faults() == []
    log.records[14] = replace(log.records[14], event=None, salt=None)
    assert log.faults() == [("redaction-unrecorded", 14, 14)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda log: log.records.clear(),
        lambda log: log.leaves.clear(),
        lambda log: log.records.reverse(),
        lambda log: log.leaves.reverse(),
        lambda log: log.records.extend(log.records),
    ],
)
def test_gross_damage_is_reported_and_ends(log: Log, damage: Callable[[Log], None]) -> None:
    """Whatever was done, the audit comes to an end and finds something."""
    damage(log)
    assert log.faults()


def test_many_deleted_records_in_a_long_log_are_found_exactly() -> None:
    """Beyond the near window the streams meet again; the few records seen on the way count as moved."""
    log = Log(3000)
    del log.records[500:1500]
    log.renumber()
    faults = log.faults()
    missing = sum(last - first + 1 for kind, first, last in faults if kind == "missing")
    moved = sum(1 for kind, _, _ in faults if kind == "reordered")
    assert missing == 1000
    assert moved < 10
    assert {kind for kind, _, _ in faults} <= {"missing", "reordered"}


def test_sentences_carry_numbers_only(log: Log) -> None:
    """A fault names records by index; nothing of their text."""
    log.records[13] = replace(log.records[13], event=replace(event(13), actor="a-name"))
    under = LogUnderAudit(log.records, log.stored, log.leaves, log.witnessed, SIGNER.verifier)
    [fault] = audit_log(under)
    assert (fault.kind, fault.sentence) == (FaultKind.CHANGED, "Record 13 was changed after it was logged.")
