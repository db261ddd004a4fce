"""One round of a relay: what rings, what does not, and what becomes of it when nobody can be rung for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from tests.unit.triage.stored import Scene
from triage.bootstrap import Application
from triage.domain.errors import Unavailable
from triage.domain.items import Outcome
from triage.domain.jobs import Places, Ring, Stage
from triage.domain.workers import Worker, WorkerKind
from triage.services.rematching import Rematching
from workers.broker import Doorbells
from workers.liveness import own_worker
from workers.relay import Relay


class Heard:
    """Keeps what rang; away, it refuses."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []
        self.is_away = False

    def ring(self, rings: Sequence[Ring]) -> None:
        if self.is_away:
            raise Unavailable("queue-unavailable", "Redis does not answer.")
        self.rings += rings


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def relay(application: Application, heard: Heard) -> Relay:
    return Relay(application, cast("Doorbells", heard), own_worker(WorkerKind.OWN, 0))


class Noticing:
    """What is in force, and how often all answers were looked through."""

    def __init__(self) -> None:
        self.state, self.looks = ("policy 1", "none"), 0

    def in_force(self) -> tuple[str, str]:
        return self.state

    def notice(self) -> None:
        self.looks += 1


def owe(facts: Scene, count: int, submission: int | None = None) -> list[int]:
    one = submission or facts.submission()
    return [facts.owe(Stage.MATCH, one, [facts.item(one, outcome=Outcome.PENDING)]) for _ in range(count)]


def arrive(application: Application, name: str, threads: int) -> None:
    with application.store.writing() as unit:
        unit.workers.arrive(Worker(name, WorkerKind.SHARED, "elsewhere", 1, threads))
        unit.commit()


def test_without_workers_nobody_is_rung_for(relay: Relay, heard: Heard, facts: Scene) -> None:
    """Doorbells that nobody answers would only lie about."""
    owe(facts, 3)
    assert (relay.round(), heard.rings) == ([], [])


def test_two_doorbells_for_each_thread_of_the_living(
    relay: Relay, heard: Heard, application: Application, facts: Scene
) -> None:
    """Also when asked again, and when some of them are at work."""
    jobs = owe(facts, 12)
    arrive(application, "one", 2)
    assert [ring.job_id for ring in relay.round()] == jobs[:4]
    facts.claim(jobs[0])
    assert relay.round() == []
    arrive(application, "two", 1)
    relay.round()
    assert [ring.job_id for ring in heard.rings] == jobs[:6]


def test_urgent_jobs_have_a_place_for_each_process_beside(
    relay: Relay, application: Application, facts: Scene
) -> None:
    """Those beyond wait for the common line, where they are the next."""
    owe(facts, 10)
    arrive(application, "one", 2)
    relay.round()
    late = facts.submission()
    urgent = owe(facts, 3, late)
    application.hurrying.make_urgent(late)
    assert relay.round() == [Ring(urgent[0], urgent_line=True, lane=late)]
    assert relay.round() == []


def test_what_could_not_be_rung_for_is_rung_for_next_time(relay: Relay, heard: Heard, facts: Scene) -> None:
    """Not only when it counts as lost."""
    jobs = owe(facts, 2)
    heard.is_away = True
    with pytest.raises(Unavailable):
        relay.round(Places(2, 0))
    heard.is_away = False
    assert [ring.job_id for ring in relay.round(Places(2, 0))] == jobs


def test_answers_are_looked_through_once_for_each_state_in_force(relay: Relay) -> None:
    """Nothing can come to rest on an older state later: whoever commits answers asks what is in force."""
    noticing = Noticing()
    relay.application = replace(relay.application, rematching=cast("Rematching", noticing))
    looks = []
    for state in (
        ("policy 1", "none"),
        ("policy 1", "none"),
        ("policy 1", "r"),
        ("policy 2", "r"),
        ("policy 2", "r"),
    ):
        noticing.state = state
        relay._notice_at = 0.0
        relay.round()
        looks.append(noticing.looks)
    assert looks == [1, 1, 2, 3, 3]
