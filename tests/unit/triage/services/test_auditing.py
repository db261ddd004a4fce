"""Auditing: every byte against its digest, the log against the items; each fault named, none hiding another."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import SetKind
from tests.unit.triage.services.listing import import_list
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of
from triage.domain.submissions import Delivery
from triage.services.auditing import Auditing, AuditReport
from triage.services.keeping import Keeping
from triage.services.receiving import Receiving
from triage.settings import ReceiveSettings
from triage.store.unit_of_work import Store
from triage.vault.local import LocalVault
from triage.vault.witness import LogMirror

FILES = {"a": b"\xff\xd8\xff small", "b": bytes(5_000), "c": b""}


@pytest.fixture
def auditing(
    store: Store,
    scene: Scene,
    vault: LocalVault,
    keeping: Keeping,
    library: Library,
    witness: LogMirror,
    source: Path,
    receive_settings: ReceiveSettings,
) -> Auditing:
    """Three files received."""
    for name, data in FILES.items():
        (source / name).write_bytes(data)
    receiving = Receiving(store, vault, receive_settings, lambda: NOW, ACTOR)
    receiving.receive(Delivery("CASE-1", "EXH-1", "Synthetic warrant", os.fsencode(source)))
    assert len(scene.outcomes()) == 3
    return Auditing(store, vault, keeping, library, witness, lambda: NOW, ACTOR)


def codes(report: AuditReport) -> list[tuple[str, str]]:
    return [(fault.code, fault.subject) for fault in report.faults]


def change(store: Store, statement: str, *values: object) -> None:
    with store.writing() as unit:
        unit.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        unit.connection.exec_driver_sql(statement, values)
        unit.commit()


def audit(auditing: Auditing) -> AuditReport:
    """With the witness fed first, as opening a deployment does."""
    auditing.store.feed_mirror()
    return auditing.audit()


def test_a_sound_deployment_is_clean_and_the_audit_is_on_record(auditing: Auditing, scene: Scene) -> None:
    """Items and bytes are counted; the log stands as it was when it was checked."""
    report = audit(auditing)
    assert (report.is_clean, report.items, report.bytes) == (True, 3, sum(map(len, FILES.values())))
    assert report.orphan_bytes == 0
    assert report.log_size == 5
    assert report.checkpoint.splitlines()[1] == "5"
    assert scene.log()[-1] == "audited deployment:all audit"
    assert audit(auditing).is_clean


def test_progress_is_told_with_what_was_found_so_far(auditing: Auditing) -> None:
    """A person at a long audit sees that it lives."""
    auditing.store.feed_mirror()
    told: list[int] = []
    auditing.audit(lambda report: told.append(report.items))
    assert told[-1] == 3


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE item SET sha256 = zeroblob(32) WHERE id = 1", "item-digest-changed"),
        ("DELETE FROM item WHERE id = 1", "item-missing"),
        ("UPDATE sealed_object SET size = 1 WHERE item_id = 1", "locator-invalid"),
        ("UPDATE sealed_object SET wrapped_key = zeroblob(60) WHERE item_id = 1", "key-unwrap-failed"),
        ("DELETE FROM sealed_object WHERE item_id = 1", "bytes-unlocated"),
    ],
)
def test_an_altered_row_is_named(auditing: Auditing, store: Store, statement: str, code: str) -> None:
    """By the item, whatever in its row was altered."""
    with store.writing() as unit:
        unit.connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    if statement.startswith("DELETE FROM item"):
        for table in ("occurrence", "sealed_object"):
            change(store, f"DELETE FROM {table} WHERE item_id = 1")
    change(store, statement)
    report = audit(auditing)
    assert (code, "I-1") in codes(report)
    assert {subject for _, subject in codes(report)} == {"I-1"}


def test_bytes_altered_on_disk_are_named_and_the_rest_is_checked(auditing: Auditing, tmp_path: Path) -> None:
    """The last byte of the vault belongs to one item's seal."""
    (segment,) = (tmp_path / "vault").iterdir()
    data = bytearray(segment.read_bytes())
    data[20] ^= 1
    segment.write_bytes(data)
    report = audit(auditing)
    assert [code for code, _ in codes(report)] == ["seal-broken"]
    assert report.items == 3


def test_two_items_whose_places_were_swapped_are_both_named(auditing: Auditing, store: Store) -> None:
    """Each opens, and gives another's bytes."""
    columns = "object_id, segment, offset, stored_length, size, wrapped_key"
    with store.writing() as unit:
        first = unit.connection.exec_driver_sql(f"SELECT {columns} FROM sealed_object WHERE item_id = 1").one()
        second = unit.connection.exec_driver_sql(f"SELECT {columns} FROM sealed_object WHERE item_id = 2").one()
        for item, row in ((1, second), (2, first)):
            setting = ", ".join(f"{name} = ?" for name in columns.split(", "))
            unit.connection.exec_driver_sql(f"UPDATE sealed_object SET {setting} WHERE item_id = {item}", tuple(row))
        unit.commit()
    assert codes(audit(auditing)) == [("content-changed", "I-1"), ("content-changed", "I-2")]


def test_an_item_that_the_log_does_not_know_is_told(auditing: Auditing, scene: Scene) -> None:
    """Written past the program."""
    scene.item(1, name="smuggled in")
    found = codes(audit(auditing))
    assert ("items-unrecorded", "items") in found


def test_a_referenced_file_that_changed_is_named(
    auditing: Auditing, store: Store, vault: LocalVault, tmp_path: Path, receive_settings: ReceiveSettings
) -> None:
    """In place nothing protects it; the audit says so."""
    other = tmp_path / "in place"
    other.mkdir()
    (other / "x").write_bytes(b"\xff\xd8\xff in place")
    receiving = Receiving(store, vault, receive_settings, lambda: NOW, ACTOR)
    receiving.receive(Delivery("CASE-1", "EXH-2", "Synthetic warrant", os.fsencode(other), in_place=True))
    assert audit(auditing).is_clean
    (other / "x").write_bytes(b"\xff\xd8\xff IN PLACE")
    os.utime(other / "x", ns=(1, 1))
    assert codes(audit(auditing)) == [("source-changed", "I-4")]


def test_an_item_referenced_and_later_sealed_is_one_item_of_the_log(
    auditing: Auditing,
    store: Store,
    scene: Scene,
    vault: LocalVault,
    tmp_path: Path,
    receive_settings: ReceiveSettings,
) -> None:
    """Two records, one item: an item smuggled in beside it still shows."""
    other = tmp_path / "in place"
    other.mkdir()
    (other / "x").write_bytes(b"\xff\xd8\xff in place")
    receiving = Receiving(store, vault, receive_settings, lambda: NOW, ACTOR)
    for exhibit, in_place in (("EXH-2", True), ("EXH-3", False)):
        receiving.receive(Delivery("CASE-1", exhibit, "Synthetic warrant", os.fsencode(other), in_place))
    assert audit(auditing).is_clean
    scene.item(1, name="smuggled in")
    assert ("items-unrecorded", "items") in codes(audit(auditing))


def test_bytes_that_belong_to_no_item_are_counted_and_no_fault(auditing: Auditing, vault: LocalVault) -> None:
    """A run killed between sealing and its commit leaves such: harmless, and visible."""
    with vault.writer() as writer:
        sealed = writer.seal([bytes(100)])
        writer.sync()
    report = audit(auditing)
    assert (report.is_clean, report.orphan_bytes) == (True, sealed.stored_length)


def test_a_release_that_is_not_as_sealed_is_named(auditing: Auditing, library: Library, tmp_path: Path) -> None:
    """Nothing may be answered from it."""
    release = import_list(library, tmp_path, "known", SetKind.KNOWN, digests_of(b"a").md5.hex())
    (values,) = (tmp_path / "hashsets" / "releases" / release).rglob("values.bin")
    values.write_bytes(bytes(16))
    assert [subject for _, subject in codes(audit(auditing))] == [f"release:{release}"]


@pytest.mark.parametrize("subject", ["item:x", "item:" + "9" * 30, "item:-1"])
def test_a_record_whose_subject_is_no_item_number_is_a_fault_and_not_a_crash(
    auditing: Auditing, store: Store, subject: str
) -> None:
    """The database is another's to alter: nothing in it is believed before it is checked."""
    change(store, "UPDATE custody_event SET event = replace(event, 'item:1', ?) WHERE seq = 1", subject)
    found = codes(audit(auditing))
    assert ("log-changed", "custody:1") in found
    assert ("items-unrecorded", "items") in found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody_event SET event = replace(event, 'EXH', 'XXX'), salt = zeroblob(32) WHERE seq = 0",
        "DELETE FROM custody_checkpoint",
        "DELETE FROM custody_head",
        "DELETE FROM custody_event WHERE seq = 4",
    ],
)
def test_whatever_is_done_to_the_log_the_audit_ends_with_a_report(
    auditing: Auditing, store: Store, statement: str
) -> None:
    """A log that cannot be written on is one fault among the others; the items are checked all the same."""
    auditing.store.feed_mirror()
    change(store, statement)
    report = auditing.audit()
    assert not report.is_clean
    assert report.items == 3


def test_a_checkpoint_kept_elsewhere_that_the_log_does_not_continue_is_told(
    auditing: Auditing, store: Store, tell_nothing: Callable[[AuditReport], None]
) -> None:
    """Only it can show that database, witness and checkpoints were cut back together."""
    with store.reading() as unit:
        _, note = unit.custody.head()
    auditing.store.feed_mirror()
    assert auditing.audit(tell_nothing, [note]).is_clean
    assert not replace(auditing).audit(tell_nothing, [note.replace("\n5\n", "\n4\n")]).is_clean


@pytest.fixture
def tell_nothing() -> Callable[[AuditReport], None]:
    return lambda _: None
