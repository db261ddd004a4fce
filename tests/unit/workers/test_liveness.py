"""A process says that it lives; gone or silent it loses its jobs, and what it still does comes to nothing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.unit.triage.stored import Scene
from triage.domain.errors import Conflict, Unavailable
from triage.domain.jobs import Stage
from triage.domain.workers import WorkerKind
from triage.store.unit_of_work import Store
from workers.liveness import Liveness, has_died, own_worker, take_over

OWN = own_worker(WorkerKind.SHARED, 2)


@pytest.fixture
def store(facts: Scene) -> Store:
    return facts.store


def living(store: Store, held: list[int]) -> Liveness:
    return Liveness(store, OWN, lambda: held, lambda _: None)


def names(store: Store) -> list[str]:
    with store.reading() as unit:
        return [one.name for one in unit.workers.all()]


def claimed(store: Store, facts: Scene, owner: str) -> int:
    job = facts.owe(Stage.EXAMINE, facts.submission(), [1])
    with store.writing() as unit:
        assert unit.jobs.claim(job, owner, 600)
        unit.commit()
    return job


def owners(facts: Scene) -> list[object]:
    return [row[0] for row in facts.rows("SELECT owner FROM job ORDER BY id")]


class TestDeath:
    """Only a process that is certainly gone is taken for dead."""

    def test_a_process_that_runs_here_is_alive(self) -> None:
        """It may be busy with the job."""
        assert not has_died(replace(OWN, name="other", pid=os.getppid()), OWN)
        assert not has_died(OWN, OWN)

    def test_a_process_that_has_ended_here_has_died(self) -> None:
        """Its number is nobody's."""
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        assert has_died(replace(OWN, name="other", pid=ended.pid), OWN)

    def test_an_earlier_life_under_our_own_number_has_died(self) -> None:
        """The first process of a container has the same number in every life."""
        assert has_died(own_worker(WorkerKind.SHARED, 2), OWN)

    def test_of_another_machine_nothing_is_known(self) -> None:
        """It falls silent, or not."""
        assert not has_died(replace(OWN, name="other", host="elsewhere", pid=4_194_305), OWN)


def test_it_is_known_while_it_lives(store: Store) -> None:
    """And no longer."""
    with living(store, []):
        assert names(store) == [OWN.name]
    assert names(store) == []


def test_at_its_end_it_gives_back_what_it_holds(store: Store, facts: Scene) -> None:
    """A thread that did not stop in time can commit nothing afterwards."""
    with living(store, []):
        job = facts.owe(Stage.EXAMINE, facts.submission(), [1])
        with store.writing() as unit:
            lease = unit.jobs.claim(job, OWN.name, 600)
            unit.commit()
    assert owners(facts) == [""]
    assert lease is not None
    with store.writing() as unit, pytest.raises(Conflict):
        unit.jobs.finish(lease)


def test_a_beat_lets_go_of_what_is_not_in_hand(store: Store, facts: Scene) -> None:
    """A job whose handing back failed, because the database was away, would look busy for ten minutes."""
    held: list[int] = []
    with living(store, held) as alive:
        held.append(claimed(store, facts, OWN.name))
        claimed(store, facts, OWN.name)
        alive.beat()
        assert owners(facts) == [OWN.name, ""]


def test_one_that_was_given_up_says_so_and_goes_on(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Cut off from the database for longer than half a minute, it finds its jobs with others."""
    with living(store, []) as alive:
        with store.writing() as unit:
            unit.workers.leave([OWN.name])
            unit.commit()
        with caplog.at_level(logging.WARNING, "workers"):
            alive.beat()
        assert names(store) == [OWN.name]
    assert "silent too long" in caplog.text


def test_trouble_of_a_beat_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process pauses; it does not end."""
    told: list[Unavailable] = []
    alive = Liveness(store, OWN, list, told.append)

    def fail() -> None:
        alive._ended.set()
        raise Unavailable("database-unavailable", "It does not answer.")

    monkeypatch.setattr("workers.liveness.BEAT_SECONDS", 0.01)
    monkeypatch.setattr(alive, "beat", fail)
    alive._keep_beating()
    assert [error.code for error in told] == ["database-unavailable"]


def test_jobs_of_the_dead_of_this_machine_are_taken_back_at_once(store: Store, facts: Scene) -> None:
    """And those of owners that nobody knows; of the living of other machines nothing is touched."""
    dead, elsewhere = replace(OWN, name="dead"), replace(OWN, name="elsewhere", host="elsewhere")
    with store.writing() as unit:
        for other in (dead, elsewhere):
            unit.workers.arrive(other)
        unit.commit()
    for owner in ("dead", "elsewhere", "nobody"):
        claimed(store, facts, owner)
    assert take_over(store, OWN) == 2
    assert owners(facts) == ["", "elsewhere", ""]
    assert names(store) == ["elsewhere"]
