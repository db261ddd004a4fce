"""Transactions: all or nothing, nothing without a commit, and the witness fed after each."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.unit.triage.stored import NOW, Scene
from triage.domain.checkpoints import LogSigner
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Tampered, Unavailable
from triage.store import unit_of_work
from triage.store.engine import open_engine
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

NOTED = CustodyEvent(NOW, "tester", CustodyAction.NOTED, "item:1", "test")


def note(store: Store, count: int = 1) -> None:
    with store.writing() as unit:
        unit.custody.append([NOTED] * count)
        unit.commit()


def test_leaving_without_a_commit_changes_nothing(store: Store, scene: Scene) -> None:
    """Neither rows nor the custody log nor its witness."""
    with store.writing() as unit:
        unit.custody.append([NOTED])
        unit.connection.exec_driver_sql("INSERT INTO provenance (tool) VALUES ('x')")
    assert scene.rows("SELECT count(*) FROM provenance") == [(0,)]
    assert scene.log() == []
    assert store.mirror.view().size == 0


def test_an_error_inside_changes_nothing(store: Store, scene: Scene) -> None:
    """Whatever was written before it."""

    def fail() -> None:
        with store.writing() as unit:
            unit.custody.append([NOTED])
            unit.connection.exec_driver_sql("not SQL")

    with pytest.raises(Unavailable):
        fail()
    assert scene.log() == []
    assert store.mirror.view().size == 0


def test_the_witness_follows_in_time(store: Store, witness: LogMirror) -> None:
    """At once, then at most so often; closing brings it up to date. Its leaves are the log's leaves."""
    note(store, 3)
    assert witness.view().size == 3
    note(store, 2)
    assert witness.view().size == 3
    store.feed_mirror()
    with store.reading() as unit:
        assert list(witness.view().leaf_hashes) == unit.custody.leaves(0, 10)
    assert witness.view().size == 5


def test_a_commit_that_died_before_its_copy_is_caught_up(
    store: Store, tmp_path: Path, database: Path, signer: LogSigner, witness: LogMirror
) -> None:
    """A crash between commit and copy leaves the witness behind, never ahead; opening again feeds it."""
    note(store, 2)
    before = tmp_path / "before"
    shutil.copytree(tmp_path / "witness", before)
    note(store, 3)
    store.feed_mirror()
    behind = LogMirror(before)
    again = Store(open_engine(f"sqlite:///{database}"), signer, behind)
    again.feed_mirror()
    assert list(behind.view().leaf_hashes) == list(witness.view().leaf_hashes)
    again.feed_mirror()
    assert behind.view().size == 5
    again.engine.dispose()


def test_a_witness_that_is_behind_is_fed_by_the_next_commit(
    store: Store, tmp_path: Path, database: Path, signer: LogSigner
) -> None:
    """Without waiting for the program to be opened again."""
    before = tmp_path / "before"
    shutil.copytree(tmp_path / "witness", before)
    note(store, 3)
    behind = LogMirror(before)
    again = Store(open_engine(f"sqlite:///{database}"), signer, behind)
    note(again, 1)
    with store.reading() as unit:
        assert list(behind.view().leaf_hashes) == unit.custody.leaves(0, 10)
    again.engine.dispose()


def test_a_new_witness_is_fed_from_the_first_record_on_in_pages(
    store: Store, witness: LogMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a machine joins. A page ends with a checkpoint, and a commit larger than a page is fed whole."""
    monkeypatch.setattr(unit_of_work, "_COMPARED", 5)
    monkeypatch.setattr(LogMirror, "extend", lambda *_: 0)
    for count in (2, 2, 2, 12, 1, 1, 3):
        note(store, count)
    monkeypatch.undo()
    monkeypatch.setattr(unit_of_work, "_COMPARED", 5)
    pages: list[tuple[int, int]] = []
    extend = LogMirror.extend

    def watched(mirror: LogMirror, start: int, leaves: Sequence[bytes], checkpoint: str) -> int:
        pages.append((start, len(leaves)))
        return extend(mirror, start, leaves, checkpoint)

    monkeypatch.setattr(LogMirror, "extend", watched)
    Store(store.engine, store.signer, witness).feed_mirror()
    assert pages == [(0, 4), (4, 2), (6, 12), (18, 5)]
    with store.reading() as unit:
        assert list(witness.view().leaf_hashes) == unit.custody.leaves(0, 100)


def test_a_witness_that_holds_other_records_stops_the_line(
    store: Store, tmp_path: Path, database: Path, signer: LogSigner
) -> None:
    """A database put back from an older copy, and written to: what the witness saw since is not what is there now."""
    older = tmp_path / "older.sqlite3"
    shutil.copyfile(database, older)
    note(store, 2)
    put_back = Store(open_engine(f"sqlite:///{older}"), signer, store.mirror)
    with pytest.raises(Tampered) as tampered:
        note(put_back, 2)
    assert tampered.value.code == "witness-disagrees"
    put_back.engine.dispose()


def test_a_database_that_ends_before_its_witness_stops_the_line(
    store: Store, tmp_path: Path, database: Path, signer: LogSigner
) -> None:
    """Put back from an older copy, it must not be written to as if nothing had been."""
    older = tmp_path / "older.sqlite3"
    shutil.copyfile(database, older)
    note(store, 3)
    put_back = Store(open_engine(f"sqlite:///{older}"), signer, store.mirror)
    with pytest.raises(Tampered) as tampered:
        note(put_back, 1)
    assert tampered.value.code == "witness-ahead"
    put_back.engine.dispose()


def test_threads_of_one_process_queue_for_writing(store: Store) -> None:
    """The second unit begins when the first has ended: no lock is ever met."""
    with store.writing():
        assert not store._writers.acquire(blocking=False)
    assert store._writers.acquire(blocking=False)
    store._writers.release()


def run_in_a_unit(store: Store, *statements: str) -> None:
    with store.writing() as unit:
        for statement in statements:
            unit.connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["SELECT 'a value' FROM"], "The database does not answer."),
        (["SELECT 'a value' FROM nowhere"], "The database does not have the schema of this program."),
        (["PRAGMA query_only=ON", "INSERT INTO provenance (tool) VALUES ('x')"], "The database cannot be written."),
    ],
)
def test_a_database_in_trouble_is_a_machine_in_trouble(store: Store, statements: list[str], sentence: str) -> None:
    """One code and a sentence without anything from the statement: values in it may be evidence."""
    with pytest.raises(Unavailable) as trouble:
        run_in_a_unit(store, *statements)
    assert (trouble.value.code, trouble.value.sentence) == ("database-unavailable", sentence)


def test_a_full_disk_is_named(store: Store) -> None:
    """SQLite's own limit stands in for the disk's."""
    large = "INSERT INTO provenance (tool) VALUES (hex(randomblob(90000)))"
    with pytest.raises(Unavailable) as trouble:
        run_in_a_unit(store, "PRAGMA max_page_count=1", large, large)
    assert trouble.value.sentence == "The disk that holds the database is full."


def test_the_meter_counts_what_units_cost(store: Store) -> None:
    """The share of queue and database in a run is measured, not guessed."""
    before = store.meter.cpu_seconds
    seen: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    note(store)
    assert seen
    assert store.meter.cpu_seconds > before
