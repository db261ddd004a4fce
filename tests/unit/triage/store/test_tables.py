"""Values as the database keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from triage.store.tables import referral_event
from triage.store.unit_of_work import Store

FIELDS = {"referral_id": 1, "kind": "opened", "details": {}}


def test_a_time_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    """SQLite keeps no zone: it is given back on the way out."""
    local = datetime(2026, 3, 16, 23, 30, tzinfo=timezone(timedelta(hours=7)))
    with store.writing() as unit:
        unit.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        unit.connection.execute(insert(referral_event).values(**FIELDS, at=local))
        (found,) = unit.connection.execute(select(referral_event.c.at)).one()
    assert found == local
    assert found.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    """Nobody could say later which hour it means."""
    naive = datetime(2026, 3, 16)  # noqa: DTZ001 - what the test is about
    with store.writing() as unit, pytest.raises(StatementError, match="without a zone"):
        unit.connection.execute(insert(referral_event).values(**FIELDS, at=naive))
