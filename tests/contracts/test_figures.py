"""Counts for operators are the same on every kind of database."""

from __future__ import annotations

from tests.unit.triage.stored import Scene
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.store.unit_of_work import Store


def test_the_same_facts_give_the_same_counts(store: Store) -> None:
    """Items, jobs and their ages; nothing is None where nothing is there."""
    with store.reading() as unit:
        empty = unit.figures.figures()
    assert (empty.sealed_bytes, empty.custody_records, empty.rematch_items, empty.leases) == (0, 0, 0, 0)
    scene = Scene(store)
    submission = scene.submission()
    for outcome in (Outcome.PENDING, Outcome.KNOWN, Outcome.KNOWN):
        scene.item(submission, outcome=outcome)
    scene.owe(Stage.MATCH, submission)
    dead, held = scene.lease(Stage.EXAMINE, submission), scene.lease(Stage.LINK, submission)
    with store.writing() as unit:
        unit.jobs.bury(dead, "time-limit")
        unit.commit()
    with store.reading() as unit:
        figures = unit.figures.figures()
    assert figures.items == {"pending": 1, "known": 2}
    assert figures.jobs == {("match", "ready"): 1, ("examine", "dead"): 1, ("link", "ready"): 1}
    assert (figures.dead, figures.failed_attempts) == ({"time-limit": 1}, 1)
    assert (figures.leases, figures.owners, held.stage) == (1, 1, Stage.LINK)
    assert figures.oldest_seconds.keys() == {"match", "link"}
    assert all(0 <= age < 600 for age in figures.oldest_seconds.values())


def test_whether_a_server_keeps_its_statistics(store: Store) -> None:
    """As it says itself; a file has no server."""
    with store.reading() as unit:
        kept = unit.figures.keeps_statistics()
        if unit.connection.dialect.name == "sqlite":
            assert kept is None
        else:
            assert kept is (unit.connection.exec_driver_sql("SHOW autovacuum").scalar_one() == "on")


def test_the_database_s_clock_is_compared_with_this_machine_s(store: Store) -> None:
    """Seconds since 1970 on both."""
    with store.reading() as unit:
        assert unit.figures.seconds_behind(0.0) > 1.7e9
