"""Connections: durable, strict, and writers that queue instead of failing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from triage.store.engine import WRITER, database_now, open_engine
from triage.store.unit_of_work import Store


def test_sqlite_is_durable_and_strict(database: Path) -> None:
    """A write-ahead log, every commit on the disk (a custody record survives a power cut), and foreign keys."""
    engine = open_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_row_that_points_nowhere_is_refused(store: Store) -> None:
    """An occurrence of an item that does not exist would be evidence without bytes."""
    with store.writing() as unit, pytest.raises(IntegrityError):
        unit.connection.exec_driver_sql("INSERT INTO trait_member (trait_id, item_id) VALUES (1, 1)")


def test_a_writer_holds_the_database_from_its_beginning(database: Path) -> None:
    """Two that both read first and write later would collide; the second waits for the first instead."""
    engine = open_engine(f"sqlite:///{database}")
    order: list[str] = []
    begun = threading.Event()

    def second() -> None:
        with engine.connect() as connection:
            connection.execution_options(**{WRITER: True})
            begun.set()
            connection.exec_driver_sql("SELECT 1")
            order.append("second")

    with engine.connect() as connection:
        connection.execution_options(**{WRITER: True})
        connection.exec_driver_sql("SELECT 1")
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait()
        time.sleep(0.05)
        order.append("first")
        connection.rollback()
    thread.join()
    engine.dispose()
    assert order == ["first", "second"]


def test_a_reader_sees_the_state_before_an_open_writer(store: Store) -> None:
    """Readers never wait for writers."""
    with store.writing() as writer:
        writer.connection.exec_driver_sql("INSERT INTO provenance (tool) VALUES ('x')")
        with store.reading() as reader:
            assert reader.connection.exec_driver_sql("SELECT count(*) FROM provenance").scalar_one() == 0


def test_time_is_the_databases_own(store: Store) -> None:
    """Seconds since 1970; leases never depend on a worker's clock."""
    with store.reading() as unit:
        now = unit.connection.execute(select(database_now(unit.connection))).scalar_one()
    assert abs(now - time.time()) < 60
