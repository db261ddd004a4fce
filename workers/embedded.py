"""Working in this process until nothing is owed: the relay rings for due jobs, threads answer, a person watches."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from triage.bootstrap import Application
from triage.domain.errors import TriageError
from triage.domain.jobs import Places, Ring, Stage
from triage.domain.workers import WorkerKind
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of
from workers.broker import open_here
from workers.giving_way import give_way
from workers.liveness import Liveness, own_worker
from workers.relay import PER_THREAD, Relay
from workers.runner import Runner

_log = logger_of("workers")
_RELAY_SECONDS = 0.5
"""The relay wakes when a job ends; this is only for jobs that others make and for pauses that run out."""
_TELL_SECONDS = 0.5
_TELL_SHARE = 0.05
"""Of the time at most, for counting what is left."""
_STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is left: items without an answer, jobs neither done nor dead, and those of them that match again."""

    items_pending: int
    items_total: int
    jobs_owed: int
    rematch_jobs_owed: int = 0


@dataclass(frozen=True, slots=True)
class Worked:
    """What a run of working did and what it cost."""

    jobs: dict[str, int]
    seconds_by_stage: dict[str, float]
    wall_seconds: float
    cpu_seconds: dict[str, float]  # this process, its chambers, and the database's share of this process
    peak_rss_bytes: dict[str, int]  # this process; the largest chamber
    stopped: bool = False
    backlog: Backlog = field(default_factory=lambda: Backlog(0, 0, 0))


def work(application: Application, threads: int, tell: Callable[[Backlog], None], *, follow: bool = False) -> Worked:
    """Run jobs until none is owed (`follow`: for ever) or `application.stop` is set. Raises what stopped the line."""
    trouble: list[TriageError] = []
    own = own_worker(WorkerKind.OWN, threads)
    runner = Runner(application, own.name, trouble.append)
    ahead = _Ahead(Places(threads * PER_THREAD, 1))

    def answer(job_id: int) -> None:
        runner.run(job_id)
        ahead.answered(job_id)

    if follow:
        give_way(application.settings.work)
    bells = open_here()
    started, before = time.monotonic(), _cpu()
    _log.info(Event.STARTED, command="work", threads=threads)
    with Liveness(application.store, own, runner.in_hand, trouble.append):
        answering = bells.answering(answer, threads)
        try:
            with application.store.writing() as unit:
                unit.jobs.forget_rings()
                unit.commit()
            _relay(Relay(application, bells, own), ahead, trouble, tell, follow=follow)
        except KeyboardInterrupt:  # of a caller who does not stop on signals
            application.stop.set()
            raise
        finally:
            answering.stop(_STOP_SECONDS)
    runner.close()
    _log.info(Event.STOPPED, command="work", jobs=sum(runner.tally.jobs.values()))
    if trouble:
        raise trouble[0]
    after = _cpu()
    return Worked(
        jobs={stage.value: runner.tally.jobs.get(stage, 0) for stage in Stage},
        seconds_by_stage={stage.value: round(runner.tally.seconds.get(stage, 0.0), 3) for stage in Stage},
        wall_seconds=round(time.monotonic() - started, 3),
        cpu_seconds={
            "process": round(after[0] - before[0], 3),
            "chambers": round(after[1] - before[1], 3),
            "database": round(application.store.meter.cpu_seconds, 3),
        },
        peak_rss_bytes={
            "process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "chamber": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
        },
        stopped=application.stop.is_set(),
        backlog=backlog_of(application),
    )


def backlog_of(application: Application) -> Backlog:
    """Count what is left."""
    with application.store.reading() as unit:
        pending, total = unit.read.items_pending()
        return Backlog(pending, total, unit.jobs.owed(), unit.jobs.owed(Stage.REMATCH))


class _Ahead:
    """Doorbells of this process that were rung and not answered yet: how many more there may be."""

    def __init__(self, most: Places) -> None:
        self.changed = threading.Event()
        self._most = most
        self._rung: dict[int, Ring] = {}
        self._lock = threading.Lock()

    def free(self) -> Places:
        """Places at either line."""
        with self._lock:
            urgent = sum(ring.urgent_line for ring in self._rung.values())
            return Places(self._most.normal - (len(self._rung) - urgent), self._most.urgent - urgent)

    def rung(self, rings: Sequence[Ring]) -> None:
        """These are to be answered. Tell it before they ring."""
        with self._lock:
            self._rung |= {ring.job_id: ring for ring in rings}

    def answered(self, job_id: int) -> None:
        """Its thread is free again."""
        with self._lock:
            self._rung.pop(job_id, None)
        self.changed.set()


def _relay(
    relay: Relay,
    ahead: _Ahead,
    trouble: list[TriageError],
    tell: Callable[[Backlog], None],
    *,
    follow: bool,
) -> None:
    application, tell_at = relay.application, 0.0
    while not trouble and not application.stop.is_set():
        ahead.changed.clear()
        rung = relay.round(ahead.free(), ahead.rung)
        if time.monotonic() >= tell_at:
            asked = time.monotonic()
            tell(backlog_of(application))
            tell_at = time.monotonic() + max(_TELL_SECONDS, (time.monotonic() - asked) / _TELL_SHARE)
        if not rung and not follow and not _is_any_owed(application):
            tell(backlog_of(application))
            return
        ahead.changed.wait(_RELAY_SECONDS)


def _is_any_owed(application: Application) -> bool:
    with application.store.reading() as unit:
        return unit.jobs.is_any_owed()


def _cpu() -> tuple[float, float]:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime
