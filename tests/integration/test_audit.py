"""`triage audit` finds whatever was altered behind the program's back, says where, and is silent otherwise."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment
from triage.domain.merkle import Frontier

EXIT_TAMPERED = 8


@pytest.fixture
def worked(processed: Deployment, tmp_path: Path) -> Deployment:
    """A finished deployment to tamper with."""
    return processed.clone(tmp_path / "worked")


def faults(deployment: Deployment) -> set[tuple[str, str]]:
    """(code, what it concerns) of every fault of an audit that must fail."""
    ran = deployment.run("audit", "--json")
    assert ran.code == EXIT_TAMPERED, ran.out + ran.err
    assert not ran.json["clean"]
    assert all(fault["sentence"] for fault in ran.json["faults"])
    return {(fault["code"], fault["subject"]) for fault in ran.json["faults"]}


def log_size(deployment: Deployment) -> int:
    ((size,),) = deployment.rows("SELECT count(*) FROM custody_event")
    return int(size)


def test_an_untouched_deployment_is_clean(worked: Deployment) -> None:
    """Also the second time: the first audit's own record is part of the log then."""
    first, second = worked.run("audit", "--json"), worked.run("audit", "--json")
    assert (first.code, first.json["faults"], first.json["orphan_bytes"]) == (0, [], 0)
    assert (second.code, second.json["log_records"]) == (0, first.json["log_records"] + 1)


def test_a_failed_audit_is_one_document_and_a_plain_page(worked: Deployment) -> None:
    """A machine reads one JSON document; a person is told which item, without a traceback."""
    item_id = _break_seal(worked)
    assert json.loads(worked.run("audit", "--json").out)["clean"] is False
    page = worked.run("audit")
    assert page.code == EXIT_TAMPERED
    assert f"I-{item_id}" in page.out
    assert "audit-failed" in page.err


def test_one_changed_byte_in_the_vault_names_its_item(worked: Deployment) -> None:
    """And no other item, though they share a file."""
    item_id = _break_seal(worked)
    assert faults(worked) == {("seal-broken", f"I-{item_id}")}


def test_a_shortened_vault_file_names_what_was_at_its_end(worked: Deployment) -> None:
    """The items before it are still whole."""
    segment, item_id = worked.rows('SELECT segment, item_id FROM sealed_object ORDER BY segment, "offset" DESC')[0]
    path = worked.data / "vault" / segment
    os.truncate(path, path.stat().st_size - 1)
    assert faults(worked) == {("segment-truncated", f"I-{item_id}")}


def test_a_changed_digest_of_an_item_is_found_twice(worked: Deployment) -> None:
    """The bytes give another digest, and the log holds the one under which they came."""
    worked.change("UPDATE item SET sha256 = zeroblob(32) WHERE id = 7")
    found = faults(worked)
    assert ("content-changed", "I-7") in found
    assert {subject for _, subject in found} == {"I-7"}
    assert len(found) == 2


def test_an_item_that_the_log_never_saw_is_found(worked: Deployment) -> None:
    """Evidence that nobody received is no evidence."""
    worked.change(
        "INSERT INTO item (id, sha256, sha1, md5, size, kind, depth, outcome, first_seen) "
        "SELECT id + 100000, zeroblob(32), sha1, md5, size, kind, depth, outcome, first_seen FROM item WHERE id = 1"
    )
    assert "items-unrecorded" in {code for code, _ in faults(worked)}


def test_a_deleted_item_is_found(worked: Deployment) -> None:
    """The log says that it was received."""
    worked.change("DELETE FROM item WHERE id = 9")
    assert "I-9" in {subject for _, subject in faults(worked)}


def test_an_edited_event_is_named(worked: Deployment) -> None:
    """The text no longer fits its commitment."""
    worked.change("UPDATE custody_event SET event = replace(event, '2026', '2025') WHERE seq = 5")
    assert faults(worked) == {("log-changed", "custody:5")}


def test_an_event_deleted_in_the_middle_is_named(worked: Deployment) -> None:
    """Its number is missing, no other is blamed, and nothing more is written on such a log."""
    ((matched,),) = worked.rows('SELECT min(seq) FROM custody_event WHERE event LIKE \'%"action":"matched"%\'')
    worked.change("DELETE FROM custody_event WHERE seq = ?", matched)
    assert faults(worked) == {("log-missing", f"custody:{matched}"), ("custody-head-broken", "custody:end")}


def test_deleted_last_events_are_named(worked: Deployment) -> None:
    """The head and the signed checkpoints say how long the log was."""
    size = log_size(worked)
    worked.change("DELETE FROM custody_event WHERE seq >= ?", size - 3)
    found = faults(worked)
    assert {code for code, _ in found} <= {"log-truncated", "log-missing", "custody-head-broken"}
    assert f"custody:{size - 3}" in {subject for _, subject in found}


def test_a_tail_cut_from_events_checkpoints_and_head_alike_is_found(worked: Deployment) -> None:
    """Whoever rewinds the whole database still meets the witness outside it."""
    size = log_size(worked)
    end = max(covered for (covered,) in worked.rows("SELECT size FROM custody_checkpoint") if covered <= size - 3)
    leaves = [leaf for (leaf,) in worked.rows("SELECT leaf FROM custody_event WHERE seq < ? ORDER BY seq", end)]
    worked.change("DELETE FROM custody_event WHERE seq >= ?", end)
    worked.change("DELETE FROM custody_checkpoint WHERE size > ?", end)
    peaks = b"".join(Frontier().extended(leaves).peaks)
    worked.change("UPDATE custody_head SET size = ?, frontier = ?", end, peaks)
    assert ("log-truncated", f"custody:{end}") in faults(worked)


def test_two_swapped_events_are_named(worked: Deployment) -> None:
    """Each stands where the other belongs."""
    columns = "event, salt, commitment, leaf"
    rows = {row[0]: row[1:] for row in worked.rows(f"SELECT seq, {columns} FROM custody_event")}
    for here, there in ((3, 8), (8, 3)):
        worked.change(
            "UPDATE custody_event SET event = ?, salt = ?, commitment = ?, leaf = ? WHERE seq = ?", *rows[there], here
        )
    assert faults(worked) == {
        ("log-reordered", "custody:3"),
        ("log-reordered", "custody:8"),
        ("witness-disagrees", "custody:end"),
    }


def test_a_witness_whose_tail_is_gone_is_found(worked: Deployment) -> None:
    """More than a crash can lose (what the newest checkpoint covers): its older ones say that it held more."""
    witness = worked.data / "custody"
    covered = [int(line) for line in (witness / "checkpoints").read_text().splitlines() if line.isdigit()]
    end = covered[-2] - 1
    os.truncate(witness / "leaves", end * 32)
    assert faults(worked) == {("log-truncated", f"custody:{end}"), ("witness-cut", "custody:end")}


def test_what_a_crash_can_cost_the_witness_is_fed_again(worked: Deployment) -> None:
    """A power cut between the two files' syncs may take the newest batch: that is nobody's doing and is mended."""
    leaves = worked.data / "custody" / "leaves"
    os.truncate(leaves, leaves.stat().st_size - 32)
    worked.assert_audit_is_clean()


def test_a_changed_leaf_of_the_witness_is_found(worked: Deployment) -> None:
    """The database is right then, and the witness is blamed."""
    with (worked.data / "custody" / "leaves").open("r+b") as file:
        file.seek(4 * 32)
        file.write(bytes(32))
    assert ("log-changed", "custody:4") in faults(worked)


@pytest.mark.parametrize("first_page", [0, 1])
def test_a_damaged_database_file_is_a_sentence(worked: Deployment, first_page: int) -> None:
    """No longer a database, or one whose pages are torn: exit status 8 for every command, and no traceback."""
    size = worked.database.stat().st_size
    with worked.database.open("r+b") as file:
        for start in range(first_page * 4096, size, 4096):
            file.seek(start)
            file.write(b"\xff" * 64)
    for command in (("audit", "--json"), ("status",), ("work",)):
        ran = worked.run(*command)
        assert (ran.code, "database-damaged" in ran.err) == (EXIT_TAMPERED, True), ran.err


def test_an_altered_hash_set_is_found(worked: Deployment) -> None:
    """A release that was changed after its import could have hidden a match."""
    sealed = max((worked.data / "hashsets").rglob("*"), key=lambda path: path.is_file() and path.stat().st_size)
    sealed.chmod(0o600)
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.write_bytes(data)
    ran = worked.run("audit", "--json")
    assert ran.code != 0
    assert "release" in ran.out or "segment" in ran.out


def _break_seal(worked: Deployment) -> int:
    """Flip one bit in the middle of an item's sealed bytes; the item's id."""
    item_id, segment, offset, length = worked.rows(
        'SELECT item_id, segment, "offset", stored_length FROM sealed_object ORDER BY stored_length LIMIT 1 OFFSET 20'
    )[0]
    with (worked.data / "vault" / segment).open("r+b") as file:
        file.seek(offset + length // 2)
        byte = file.read(1)[0]
        file.seek(offset + length // 2)
        file.write(bytes([byte ^ 1]))
    return int(item_id)
