"""Working in this process until nothing is owed: the relay rings for due jobs, threads answer, a person watches."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from triage.bootstrap import Application
from triage.domain.errors import TriageError
from triage.domain.jobs import Stage
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of
from workers.broker import open_doorbells
from workers.owners import has_died
from workers.runner import Runner

_log = logger_of("workers")
_RELAY_SECONDS = 0.5
"""The relay wakes when a job ends; this is only for jobs that others make and for pauses that run out."""
_TELL_SECONDS = 0.5
_WINDOW_PER_THREAD = 2
"""Few jobs rung ahead: an urgent one never waits behind a long queue of doorbells."""
_AGAIN_AFTER = 30.0
_STOP_SECONDS = 60.0
_NOTICE_SECONDS = 60.0
"""Between two looks whether answers rest on what is in force: releases expire, and policies change, unannounced."""


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
    """Run jobs until none is owed, or for ever with `follow`. Raises what stopped the line."""
    trouble: list[TriageError] = []
    runner, answered = Runner(application, trouble.append), threading.Event()

    def answer(job_id: int) -> None:
        runner.run(job_id)
        answered.set()

    bells = open_doorbells(answer, threads)
    started, before = time.monotonic(), _cpu()
    _log.info(Event.STARTED, command="work", threads=threads)
    try:
        _take_over(application)
        _relay(application, _Bells(bells.ring, answered, threads * _WINDOW_PER_THREAD), trouble, tell, follow=follow)
    except KeyboardInterrupt:
        application.stop.set()
    finally:
        bells.stop(_STOP_SECONDS)
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


@dataclass(frozen=True, slots=True)
class _Bells:
    """How to ring, the event that a job has ended, and how many jobs may be rung ahead."""

    ring: Callable[[int], None]
    answered: threading.Event
    window: int


def _take_over(application: Application) -> None:
    """Make ready at once what killed processes of this machine left: their doorbells rang in their memory only."""
    with application.store.writing() as unit:
        unit.jobs.forget_rings()
        unit.jobs.take_back([owner for owner in unit.jobs.owners() if has_died(owner)])
        unit.commit()


def _relay(
    application: Application,
    bells: _Bells,
    trouble: list[TriageError],
    tell: Callable[[Backlog], None],
    *,
    follow: bool,
) -> None:
    told, notice_at = 0.0, 0.0
    while not trouble:
        bells.answered.clear()
        if time.monotonic() >= notice_at:
            application.rematching.notice()
            notice_at = time.monotonic() + _NOTICE_SECONDS
        with application.store.writing() as unit:
            due = unit.jobs.ring(bells.window, _AGAIN_AFTER)
            unit.commit()
        for job_id in due:
            bells.ring(job_id)
        if time.monotonic() - told > _TELL_SECONDS:
            backlog = backlog_of(application)
            tell(backlog)
            told = time.monotonic()
        if not due and not follow and not _owed(application):
            tell(backlog_of(application))
            return
        bells.answered.wait(_RELAY_SECONDS)


def _owed(application: Application) -> int:
    with application.store.reading() as unit:
        return unit.jobs.owed()


def _cpu() -> tuple[float, float]:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime
