"""The custody log's rows: what is appended is a tree under our signature, and nothing is signed on top of another."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.triage.stored import NOW, Scene
from triage.domain.checkpoints import Checkpoint, LogSigner, sign, verify
from triage.domain.custody import CustodyAction, CustodyEvent, commitment, custody_leaf
from triage.domain.errors import Tampered
from triage.domain.merkle import Frontier
from triage.store.unit_of_work import Store


def event(number: int) -> CustodyEvent:
    return CustodyEvent(NOW, "tester", CustodyAction.NOTED, f"item:{number}", "test", {"number": number})


def append(store: Store, *numbers: int) -> None:
    with store.writing() as unit:
        unit.custody.append([event(number) for number in numbers])
        unit.commit()


def change(store: Store, *statements: str) -> None:
    """Alter the database behind the program's back."""
    with store.writing() as unit:
        for statement in statements:
            unit.connection.exec_driver_sql(statement)
        unit.commit()


def test_records_come_back_as_they_were_written(store: Store) -> None:
    """With index, salt, commitment and leaf, in order, over several commits."""
    append(store, 1, 2)
    append(store, 3)
    with store.reading() as unit:
        records = list(unit.custody.records())
    assert [(record.index, record.event) for record in records] == [(0, event(1)), (1, event(2)), (2, event(3))]
    for record in records:
        assert record.event is not None
        assert record.salt is not None
        assert record.commitment == commitment(record.event, record.salt)
        assert record.leaf_hash == custody_leaf(record.commitment)
    assert len({record.salt for record in records}) == 3


def test_each_commit_signs_the_tree_as_it_then_stands(store: Store, signer: LogSigner) -> None:
    """Every checkpoint verifies and its root is that of the leaves before it."""
    append(store, 1, 2)
    append(store, 3, 4, 5)
    with store.reading() as unit:
        leaves = unit.custody.leaves(0, 10)
        notes = list(unit.custody.checkpoints())
        assert unit.custody.head() == (5, notes[-1])
    expected = [Checkpoint(signer.name, size, Frontier().extended(leaves[:size]).root) for size in (2, 5)]
    assert [verify(note, signer.verifier) for note in notes] == expected


def test_two_appends_in_one_commit_are_two_steps_of_one_tree(store: Store, signer: LogSigner) -> None:
    """A service may record twice; the second stands on the first."""
    with store.writing() as unit:
        unit.custody.append([event(1)])
        unit.custody.append([])
        unit.custody.append([event(2)])
        unit.commit()
        assert unit.custody.appended == 2
    with store.reading() as unit:
        size, note = unit.custody.head()
        root = Frontier().extended(unit.custody.leaves(0, 10)).root
    assert verify(note, signer.verifier) == Checkpoint(signer.name, 2, root)
    assert size == 2


def test_leaves_are_read_in_slices(store: Store) -> None:
    """From any index, no more than asked."""
    append(store, *range(5))
    with store.reading() as unit:
        whole = unit.custody.leaves(0, 10)
        assert unit.custody.leaves(2, 2) == whole[2:4]
        assert unit.custody.leaves(5, 2) == []


def _older_frontier(store: Store) -> None:
    change(store, "UPDATE custody_head SET size = 1, frontier = substr(frontier, 1, 32)")


def _other_frontier(store: Store) -> None:
    change(store, "UPDATE custody_head SET frontier = randomblob(length(frontier))")


def _misfit(store: Store) -> None:
    change(store, "UPDATE custody_head SET frontier = x'00'")


def _no_head(store: Store) -> None:
    change(store, "DELETE FROM custody_head")


def _no_head_and_no_records(store: Store) -> None:
    change(store, "DELETE FROM custody_head", "DELETE FROM custody_event")


def _no_checkpoints(store: Store) -> None:
    change(store, "DELETE FROM custody_checkpoint")


def _another_head_and_no_checkpoints(store: Store) -> None:
    _older_frontier(store)
    change(store, "DELETE FROM custody_checkpoint", "DELETE FROM custody_event WHERE seq > 0")


def _unsigned(store: Store) -> None:
    change(store, "UPDATE custody_checkpoint SET note = replace(note, '— test', '— text')")


def _lost_checkpoint(store: Store) -> None:
    change(store, "DELETE FROM custody_checkpoint WHERE size = 3")


TAMPERINGS = [
    _older_frontier,
    _other_frontier,
    _misfit,
    _no_head,
    _no_head_and_no_records,
    _no_checkpoints,
    _another_head_and_no_checkpoints,
    _unsigned,
    _lost_checkpoint,
]


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_nothing_is_signed_on_top_of_a_head_that_our_last_signature_does_not_cover(
    store: Store, scene: Scene, tamper: Callable[[Store], None]
) -> None:
    """One append must never turn a changed head into a signed one."""
    append(store, 1, 2)
    append(store, 3)
    tamper(store)
    before = scene.rows("SELECT * FROM custody_event"), scene.rows("SELECT * FROM custody_checkpoint")
    with pytest.raises(Tampered):
        append(store, 4)
    assert (scene.rows("SELECT * FROM custody_event"), scene.rows("SELECT * FROM custody_checkpoint")) == before


def test_a_checkpoint_of_another_key_is_no_ground_to_stand_on(store: Store, signer: LogSigner) -> None:
    """Somebody who can write the database but does not hold the key cannot move the head."""
    append(store, 1, 2)
    forged = LogSigner(signer.name, Ed25519PrivateKey.generate())
    with store.writing() as unit:
        size, _ = unit.custody.head()
        note = sign(Checkpoint(signer.name, size, bytes(32)), forged)
        unit.connection.exec_driver_sql("UPDATE custody_checkpoint SET note = ?", (note,))
        unit.commit()
    with pytest.raises(Tampered) as tampered:
        append(store, 3)
    assert tampered.value.code in {"checkpoint-unsigned", "checkpoint-forged"}


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        '"text"',
        "{}",
        json.dumps({"at": 7}),
        json.dumps({"at": "2026-03-16T09:45:00.000000Z", "actor": "x", "action": "invented", "subject": "item:1"}),
    ],
)
def test_a_text_in_another_form_is_an_event_that_fits_no_commitment(store: Store, text: str) -> None:
    """Reading never fails: the audit names the record."""
    append(store, 1)
    with store.writing() as unit:
        unit.connection.exec_driver_sql("UPDATE custody_event SET event = ?", (text,))
        unit.commit()
    with store.reading() as unit:
        (record,) = unit.custody.records()
    assert record.event is not None
    assert record.salt is not None
    assert commitment(record.event, record.salt) != record.commitment


def test_the_same_event_written_another_way_does_not_pass(store: Store) -> None:
    """A space is enough: the log's text is canonical or it is not the log's."""
    append(store, 1)
    change(store, "UPDATE custody_event SET event = replace(event, '{', '{ ')")
    with store.reading() as unit:
        (record,) = unit.custody.records()
    assert record.event is not None
    assert record.event.purpose == "unreadable"


def test_a_lawfully_deleted_record_keeps_its_place(store: Store) -> None:
    """Text and salt are gone; the commitment stays in the tree."""
    append(store, 1, 2)
    change(store, "UPDATE custody_event SET event = NULL, salt = NULL WHERE seq = 0")
    with store.reading() as unit:
        first, _ = unit.custody.records()
    assert (first.event, first.salt, first.index) == (None, None, 0)
    append(store, 3)
