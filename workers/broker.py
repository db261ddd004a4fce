"""The only file that knows how doorbells travel: inside this process, or through Redis.

A message says which job may be due and nothing else; the jobs table is the truth. Dramatiq's retries, results and
time limits stay off: attempts and back-off are columns, and a time limit cannot stop C code (the chamber's can).

There are two lines. All threads of a process answer the common one; one more thread answers the urgent one alone,
so that what is urgent begins at once however much is at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import dramatiq
import redis
from dramatiq import Broker, Worker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import BrokerConnectionError

from triage.domain.errors import Unavailable
from triage.domain.jobs import Ring
from triage.telemetry.logs import silence

COMMON, URGENT = "jobs", "urgent"
_POLL_HERE_MS, _POLL_REDIS_MS = 50, 200
_ACTOR = "run_job"
_REDIS_SECONDS = 5
_HEARTBEAT_MS = 15_000
_MAINTENANCE = 100_000  # in a million: what a killed process had fetched comes back within seconds, not never

Answer = Callable[[int], None]


@dataclass(frozen=True)
class Doorbells:
    """Both lines, in this process or in Redis. `redis` is None where they are in this process."""

    lines: dict[str, Broker]
    redis: redis.Redis | None = None

    def ring(self, rings: Sequence[Ring]) -> None:
        """Send the doorbells. Raises Unavailable `queue-unavailable`; some may have been sent then."""
        with _telling():
            for one in rings:
                name = URGENT if one.urgent_line else COMMON
                self.lines[name].enqueue(_message(name, one.job_id))

    def answering(self, answer: Answer, threads: int) -> Answering:
        """Start `threads` threads, and one for what is urgent, that call `answer` with the id of a job rung for."""
        poll = _POLL_REDIS_MS if self.redis else _POLL_HERE_MS
        workers = []
        for name, count in ((COMMON, threads), (URGENT, 1)):
            dramatiq.actor(broker=self.lines[name], actor_name=_ACTOR, queue_name=name)(answer)
            worker = Worker(self.lines[name], worker_threads=count, worker_timeout=poll)
            worker.queue_prefetch = count  # what one process fetches and does not work on, no other can
            worker.start()
            workers.append(worker)
        return Answering(tuple(workers))

    def check(self) -> None:
        """Raises Unavailable `queue-unavailable` when nobody can be rung for."""
        if self.redis:
            with _telling():
                self.redis.ping()

    def close(self) -> None:
        """Let go of Redis."""
        for broker in self.lines.values():
            with suppress(redis.RedisError):
                broker.close()
        if self.redis:
            self.redis.close()


@dataclass(frozen=True)
class Answering:
    """Threads that answer doorbells."""

    workers: tuple[Worker, ...]

    def stop(self, seconds: float) -> None:
        """Take no more, and wait for jobs in hand. Doorbells that were fetched and not answered go back."""
        with ThreadPoolExecutor(len(self.workers)) as pool:
            for worker in self.workers:
                pool.submit(_stopped, worker, seconds)


def open_here() -> Doorbells:
    """Doorbells within this process."""
    return Doorbells({name: _begun(StubBroker(middleware=[]), name) for name in (COMMON, URGENT)})


def open_redis(url: str, namespace: str) -> Doorbells:
    """Doorbells through Redis. Connects when first used; nothing is lost when Redis is."""
    # Whoever works for long says once that Redis is away; Dramatiq would every three seconds, in each of its threads.
    silence("dramatiq")
    client = redis.Redis.from_url(url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS)
    lines = {name: _begun(_redis_broker(client, namespace), name) for name in (COMMON, URGENT)}
    return Doorbells(lines, client)


def _redis_broker(client: redis.Redis, namespace: str) -> Broker:
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=[],
        namespace=namespace,
        heartbeat_timeout=_HEARTBEAT_MS,
        maintenance_chance=_MAINTENANCE,
    )


def _begun(broker: Broker, name: str) -> Broker:
    broker.declare_queue(name)
    broker.emit_after("process_boot")
    return broker


def _message(line: str, job_id: int) -> dramatiq.Message[None]:
    return dramatiq.Message(queue_name=line, actor_name=_ACTOR, args=(job_id,), kwargs={}, options={})


def _stopped(worker: Worker, seconds: float) -> None:
    with suppress(redis.RedisError, BrokerConnectionError):  # doorbells that cannot go back now are rung again
        worker.stop(timeout=int(seconds * 1000))


@contextmanager
def _telling() -> Iterator[None]:
    """What Redis and Dramatiq raise when nobody can be rung for, as what the house knows. Says no address."""
    try:
        yield
    except (redis.RedisError, BrokerConnectionError, OSError) as error:
        raise Unavailable("queue-unavailable", "Redis does not answer.") from error
