"""No tampering with a custody log goes unnoticed, whatever was done and wherever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.audit_log import LogUnderAudit, audit_log
from triage.domain.checkpoints import Checkpoint, LogSigner, sign
from triage.domain.custody import CustodyAction, CustodyEvent, commitment, custody_leaf
from triage.domain.log_records import LogFault, StoredRecord
from triage.domain.merkle import Frontier

SIGNER = LogSigner("example.org/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SIZE = 40


def record(index: int, purpose: str = "examine") -> StoredRecord:
    event = CustodyEvent(datetime(2026, 11, 22, tzinfo=UTC), "w", CustodyAction.EXAMINED, f"item:{index}", purpose)
    salt = index.to_bytes(32, "big")
    committed = commitment(event, salt)
    return StoredRecord(index, salt, event, committed, custody_leaf(committed))


RECORDS = [record(index) for index in range(SIZE)]
LEAVES = [r.leaf_hash for r in RECORDS]
NOTES = [
    sign(Checkpoint(SIGNER.name, end, Frontier().extended(LEAVES[:end]).root), SIGNER) for end in (5, 6, 16, 31, SIZE)
]
places = st.integers(0, SIZE - 1)


def faults(records: list[StoredRecord], leaves: list[bytes]) -> list[LogFault]:
    return list(audit_log(LogUnderAudit(records, NOTES, leaves, NOTES, SIGNER.verifier)))


def renumbered(records: list[StoredRecord]) -> list[StoredRecord]:
    return [replace(r, index=index) for index, r in enumerate(records)]


@given(gone=st.lists(places, unique=True, min_size=1, max_size=SIZE), renumber=st.booleans())
def test_every_deleted_record_is_named_and_no_other(gone: list[int], *, renumber: bool) -> None:
    """With or without renumbering: the faults cover exactly the deleted records (neighbours may count as moved)."""
    kept = [r for r in RECORDS if r.index not in gone]
    found = faults(renumbered(kept) if renumber else kept, LEAVES)
    covered = {index for fault in found for index in range(fault.index, fault.last_index + 1)}
    assert covered >= set(gone)
    if not renumber:
        assert covered == set(gone)


@given(st.lists(places, unique=True, min_size=1, max_size=SIZE))
def test_every_rewritten_record_is_named_and_no_other(changed: list[int]) -> None:
    """Text, commitment and leaf rewritten together, any number of records."""
    forged = [record(r.index, "other") if r.index in changed else r for r in RECORDS]
    assert sorted((f.kind.value, f.index) for f in faults(forged, LEAVES)) == sorted(("changed", i) for i in changed)


@given(st.permutations(range(SIZE)).filter(lambda order: order != [*range(SIZE)]))
def test_any_other_order_is_noticed(order: list[int]) -> None:
    """Every record that is told of as moved did move."""
    found = faults(renumbered([RECORDS[index] for index in order]), LEAVES)
    assert found
    assert {fault.kind.value for fault in found} <= {"reordered", "missing"}


@given(places, st.lists(places, unique=True, min_size=1, max_size=5))
def test_alterations_in_both_copies_are_noticed(first: int, also: list[int]) -> None:
    """The first batch that was altered in database and witness alike is named."""
    changed = {first, *also}
    forged = [record(r.index, "other") if r.index in changed else r for r in RECORDS]
    found = faults(forged, [r.leaf_hash for r in forged])
    assert [fault.index <= min(changed) <= fault.last_index for fault in found] == [True]


@given(st.lists(places, max_size=SIZE), st.lists(places, max_size=SIZE))
def test_any_mixture_of_rows_and_leaves_ends_with_an_answer(rows: list[int], leaves: list[int]) -> None:
    """Rows repeated and dropped, the witness shuffled: the audit ends, and only the log itself is clean."""
    if sorted(rows) != [*range(SIZE)]:
        assert faults([RECORDS[index] for index in sorted(rows)], [LEAVES[index] for index in leaves])
