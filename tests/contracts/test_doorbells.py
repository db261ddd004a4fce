"""What carries doorbells may lose, repeat, reorder them; each that arrives is answered, and urgent ones at once."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.services import missing
from triage.domain.errors import Unavailable
from triage.domain.jobs import Ring
from workers.broker import Answering, Doorbells, open_here, open_redis

REDIS = os.environ.get("TRIAGE_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
SECONDS = 30


@pytest.fixture(scope="session")
def redis_client() -> Iterator[redis.Redis]:
    """A Redis that answers. Tests touch keys under prefixes of their own."""
    client = redis.Redis.from_url(REDIS, socket_connect_timeout=3)
    try:
        client.ping()
    except redis.ConnectionError:
        missing("Redis does not answer")
    yield client
    client.close()


@pytest.fixture
def namespace() -> str:
    return f"triage-test-{uuid.uuid4().hex}"


@pytest.fixture
def forget(redis_client: redis.Redis, namespace: str) -> Iterator[Callable[[], int]]:
    """Lose everything that Redis holds for this test, as FLUSHALL would."""

    def lose() -> int:
        keys = list(redis_client.scan_iter(f"{namespace}*"))
        return int(redis_client.delete(*keys)) if keys else 0

    yield lose
    lose()


@pytest.fixture(params=["here", "redis"])
def bells(request: pytest.FixtureRequest) -> Iterator[Doorbells]:
    if request.param == "here":
        opened = open_here()
    else:
        request.getfixturevalue("forget")
        opened = open_redis(REDIS, request.getfixturevalue("namespace"))
    yield opened
    opened.close()


class Ear:
    """Hears which jobs were rung for, and by which thread."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.threads: dict[int, int] = {}
        self._changed = threading.Condition()

    def __call__(self, job_id: int) -> None:
        with self._changed:
            self.heard.append(job_id)
            self.threads[job_id] = threading.get_ident()
            self._changed.notify_all()

    def wait_for(self, count: int) -> list[int]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, SECONDS), self.heard
            return sorted(self.heard)


@pytest.fixture
def ear() -> Ear:
    return Ear()


def common(*job_ids: int) -> list[Ring]:
    return [Ring(one, urgent_line=False, lane=1) for one in job_ids]


def urgent(*job_ids: int) -> list[Ring]:
    return [Ring(one, urgent_line=True, lane=1) for one in job_ids]


@pytest.fixture
def stopping() -> Iterator[list[Answering]]:
    """Whatever answers in a test, stopped at its end."""
    begun: list[Answering] = []
    yield begun
    for one in begun:
        one.stop(5)


def test_every_ring_is_answered_once(bells: Doorbells, ear: Ear, stopping: list[Answering]) -> None:
    """Whichever line it came by, and in whatever order."""
    stopping.append(bells.answering(ear, 2))
    bells.ring([*common(*range(20)), *urgent(*range(20, 25))])
    assert ear.wait_for(25) == list(range(25))


def test_rings_from_before_are_answered(bells: Doorbells, ear: Ear, stopping: list[Answering]) -> None:
    """Nobody answered yet when they were sent."""
    bells.ring(common(1, 2))
    stopping.append(bells.answering(ear, 1))
    assert ear.wait_for(2) == [1, 2]


def test_a_ring_twice_is_answered_twice(bells: Doorbells, ear: Ear, stopping: list[Answering]) -> None:
    """Nothing is suppressed on the way: whether a job is due is for the table to say."""
    stopping.append(bells.answering(ear, 1))
    bells.ring(common(7, 7))
    assert ear.wait_for(2) == [7, 7]


def test_what_is_urgent_is_answered_while_every_thread_is_busy(bells: Doorbells, stopping: list[Answering]) -> None:
    """And however many doorbells lie before it."""
    busy, release, answered = threading.Semaphore(0), threading.Event(), threading.Event()

    def answer(job_id: int) -> None:
        if job_id == 99:
            answered.set()
        else:
            busy.release()
            release.wait(SECONDS)

    stopping.append(bells.answering(answer, 2))
    bells.ring(common(*range(50)))
    for _ in range(2):
        assert busy.acquire(timeout=SECONDS)
    bells.ring(urgent(99))
    assert answered.wait(SECONDS)
    assert not busy.acquire(blocking=False)  # the urgent line answers nothing else
    release.set()


def test_stopping_waits_for_what_is_in_hand(bells: Doorbells) -> None:
    """And takes nothing more."""
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    def answer(_: int) -> None:
        begun.set()
        release.wait(SECONDS)
        ended.set()

    answering = bells.answering(answer, 1)
    bells.ring(common(1))
    assert begun.wait(SECONDS)
    threading.Timer(0.3, release.set).start()
    answering.stop(SECONDS)
    assert ended.is_set()


def test_an_answer_that_fails_costs_nobody_else_anything(
    bells: Doorbells, ear: Ear, stopping: list[Answering]
) -> None:
    """The thread lives; the doorbell is not rung again by what carries it."""

    def answer(job_id: int) -> None:
        ear(job_id)
        if job_id == 1:
            raise KeyError

    stopping.append(bells.answering(answer, 1))
    bells.ring(common(1, 2, 3))
    assert ear.wait_for(3) == [1, 2, 3]


class TestRedis:
    """What is true only of doorbells that leave the process."""

    @pytest.fixture
    def bells(self, namespace: str, forget: Callable[[], int]) -> Iterator[Doorbells]:
        del forget
        opened = open_redis(REDIS, namespace)
        yield opened
        opened.close()

    def test_many_processes_share_them(
        self, bells: Doorbells, namespace: str, ear: Ear, stopping: list[Answering]
    ) -> None:
        """Each doorbell is answered by one."""
        others = [open_redis(REDIS, namespace) for _ in range(3)]
        stopping += [other.answering(ear, 2) for other in others]
        bells.ring(common(*range(60)))
        assert ear.wait_for(60) == list(range(60))
        assert len(set(ear.threads.values())) > 1
        for other in others:
            other.close()

    def test_a_busy_process_keeps_nothing_from_the_others(
        self, bells: Doorbells, namespace: str, ear: Ear, stopping: list[Answering]
    ) -> None:
        """It fetches what its threads work on, and no more."""
        begun, release = threading.Event(), threading.Event()

        def busy(_: int) -> None:
            begun.set()
            release.wait(SECONDS)

        first, second = open_redis(REDIS, namespace), open_redis(REDIS, namespace)
        stopping.append(first.answering(busy, 1))
        bells.ring(common(1))
        assert begun.wait(SECONDS)
        stopping.append(second.answering(ear, 1))
        bells.ring(common(2, 3, 4))
        assert ear.wait_for(3) == [2, 3, 4]
        release.set()
        for other in (first, second):
            other.close()

    def test_after_everything_was_lost_new_rings_arrive(
        self, bells: Doorbells, forget: Callable[[], int], ear: Ear, stopping: list[Answering]
    ) -> None:
        """What was lost is rung for again by a relay, from the table."""
        bells.ring(common(1, 2))
        assert forget() > 0
        stopping.append(bells.answering(ear, 1))
        bells.ring(common(3))
        assert ear.wait_for(1) == [3]
        forget()
        bells.ring(common(4))
        assert ear.wait_for(2) == [3, 4]

    def test_a_message_is_a_number_and_nothing_else(
        self, bells: Doorbells, redis_client: redis.Redis, namespace: str
    ) -> None:
        """No path, no digest, no case: Redis never holds what is confidential."""
        bells.ring(common(4_711))
        (messages,) = [redis_client.hgetall(key) for key in redis_client.scan_iter(f"{namespace}:jobs.msgs")]
        (message,) = [json.loads(value) for value in messages.values()]
        assert (message["args"], message["kwargs"], set(message["options"])) == ([4_711], {}, {"redis_message_id"})

    def test_doorbells_go_back_when_a_process_stops(
        self, bells: Doorbells, namespace: str, ear: Ear, stopping: list[Answering]
    ) -> None:
        """Those that it fetched and did not begin."""
        first = open_redis(REDIS, namespace)
        answering = first.answering(lambda _: time.sleep(0.3), 1)
        bells.ring(common(*range(10)))
        time.sleep(0.5)
        answering.stop(SECONDS)
        first.close()
        stopping.append(bells.answering(ear, 2))
        assert set(ear.wait_for(5)) <= set(range(10))

    def test_redis_away_is_told_without_its_address(self) -> None:
        """It may hold a password."""
        bells = open_redis("redis://:secret@127.0.0.1:1/0", "triage-test")
        for act in (bells.check, lambda: bells.ring(common(1))):
            with pytest.raises(Unavailable) as caught:
                act()
            assert caught.value.code == "queue-unavailable"
            assert "secret" not in caught.value.sentence
        bells.close()
