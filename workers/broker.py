"""The only file that knows how doorbells travel: here, inside this process.

A message says which job may be due and nothing else; the jobs table is the truth. Dramatiq's retries, results and
time limits stay off: attempts and back-off are columns, and a time limit cannot stop C code (the chamber's can).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dramatiq
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

QUEUE = "jobs"
_POLL_MS = 50


@dataclass(frozen=True)
class Doorbells:
    """Rings for jobs, and the threads that answer."""

    worker: Worker
    ring: Callable[[int], None]

    def stop(self, seconds: float) -> None:
        """Take no more, and wait for jobs in hand."""
        self.worker.stop(timeout=int(seconds * 1000))


def open_doorbells(answer: Callable[[int], None], threads: int) -> Doorbells:
    """Start `threads` threads that call `answer` with the id of each job rung for."""
    broker = StubBroker(middleware=[])
    broker.emit_after("process_boot")
    actor = dramatiq.actor(broker=broker, actor_name="run_job", queue_name=QUEUE)(answer)
    worker = Worker(broker, worker_threads=threads, worker_timeout=_POLL_MS)
    worker.start()
    return Doorbells(worker, lambda job_id: _ring(actor, job_id))


def _ring(actor: dramatiq.Actor[[int], None], job_id: int) -> None:
    actor.send(job_id)
