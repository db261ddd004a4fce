"""Transactions that get in one another's way: nobody is at fault, and whoever was undone may try again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from tests.contracts.queues import another
from triage.domain.errors import Unavailable
from triage.store.engine import CONTENDED
from triage.store.unit_of_work import Store


@pytest.fixture
def two(store: Store) -> Iterator[tuple[Store, Store]]:
    """Two processes on one database with many writers."""
    if store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: nobody can wait for another in a circle.")
    other = another(store)
    yield store, other
    other.engine.dispose()


def test_a_deadlock_is_told_apart_from_a_database_that_is_away(two: tuple[Store, Store]) -> None:
    """One of both is undone, and says that it may be tried again."""
    together = Barrier(2)

    def lock(mine: Store, first: int, second: int) -> str:
        try:
            with mine.writing() as unit:
                unit.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
                together.wait(30)
                unit.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})
        except Unavailable as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        ended = [pool.submit(lock, two[0], 1, 2), pool.submit(lock, two[1], 2, 1)]
        assert sorted(one.result(60) for one in ended) == sorted([CONTENDED, "done"])


def test_a_serialization_failure_too(two: tuple[Store, Store]) -> None:
    """As under a stricter isolation than ours, which an administrator may set."""
    mine, other = two
    with mine.writing() as unit:
        unit.connection.execute(text("INSERT INTO comparison (policy, releases) VALUES ('p', 'r')"))
        unit.commit()

    def overtaken() -> None:
        with mine.writing() as unit:
            unit.connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            unit.connection.execute(text("SELECT * FROM comparison"))
            with other.writing() as second:
                second.connection.execute(text("UPDATE comparison SET releases = 's'"))
                second.commit()
            unit.connection.execute(text("UPDATE comparison SET releases = 't'"))

    with pytest.raises(Unavailable) as caught:
        overtaken()
    assert caught.value.code == CONTENDED
