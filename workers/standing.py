"""`triage worker` and `triage relay`: they run until told to stop, whatever becomes of database and Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, closing

from triage.bootstrap import Application, open_application
from triage.domain.errors import Refused, Tampered, TriageError, Unavailable
from triage.domain.jobs import Stage
from triage.domain.workers import WorkerKind
from triage.settings import Settings
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of
from workers.broker import Doorbells, open_redis
from workers.giving_way import give_way
from workers.liveness import Liveness, own_worker
from workers.patience import Patience
from workers.relay import Relay
from workers.runner import Runner

FINISH_SECONDS = 20.0
"""What is in hand may be finished for so long once a worker is to stop; then it is handed back at the next item."""
_STOP_SECONDS = 28.0
_CHECK_SECONDS = 5.0
_BUSY_SECONDS, _IDLE_SECONDS = 0.1, 0.5
"""Between two rounds of a relay that rang, and that had nothing to ring for."""
_log = logger_of("workers")


def work_for_others(settings: Settings, threads: int, stopping: threading.Event) -> dict[str, int]:
    """Answer doorbells from Redis until told to stop; how many jobs of each stage were done.

    Raises Refused, and Tampered when something does not verify.
    """
    done = dict.fromkeys((stage.value for stage in Stage), 0)
    bells = _shared_doorbells(settings)
    with ExitStack() as stack:
        stack.callback(bells.close)
        application = _opened(settings, stopping, stack)
        if application is None:
            return done
        trouble = _Trouble(stopping)
        own = own_worker(WorkerKind.SHARED, threads)
        runner = Runner(application, own.name, trouble.meet)
        # After this process has given up its leases: a closed chamber looks like a death.
        stack.callback(runner.close)
        alive = Liveness(application.store, own, runner.in_hand, trouble.meet, trouble.database.recovered)
        if trouble.database.until_done(lambda: stack.enter_context(alive)) is None:
            return done

        def answer(job_id: int) -> None:
            trouble.wait()
            if not stopping.is_set() and runner.run(job_id):
                trouble.machine.recovered()

        give_way(settings.work)
        answering = bells.answering(answer, threads)
        _log.info(Event.STARTED, command="worker", threads=threads)
        _watch(bells, stopping)
        _stop(application, answering.stop)
        done |= {stage.value: count for stage, count in runner.tally.jobs.items()}
        _log.info(Event.STOPPED, command="worker", jobs=sum(done.values()))
    if trouble.fatal:
        raise trouble.fatal[0]
    return done


def relay_for_others(settings: Settings, stopping: threading.Event) -> int:
    """Ring through Redis for jobs that may start, until told to stop; how often it rang. Raises Refused, Tampered."""
    rung = 0
    bells = _shared_doorbells(settings)
    with ExitStack() as stack:
        stack.callback(bells.close)
        application = _opened(settings, stopping, stack)
        if application is None:
            return rung
        relay, patience = Relay(application, bells, own_worker(WorkerKind.OWN, 0)), Patience(stopping)
        _log.info(Event.STARTED, command="relay")
        while not stopping.is_set():
            rings = patience.until_done(relay.round) or []
            rung += len(rings)
            stopping.wait(_BUSY_SECONDS if rings else _IDLE_SECONDS)
        _log.info(Event.STOPPED, command="relay", jobs=rung)
    return rung


class _Trouble:
    """What goes wrong while working: the database's trouble ends with its answer, the machine's with a job done."""

    def __init__(self, stopping: threading.Event) -> None:
        self.database, self.machine = Patience(stopping), Patience(stopping)
        self.fatal: list[Tampered] = []
        self._stopping = stopping

    def meet(self, error: TriageError) -> None:
        """Pause; or stop the line when something does not verify."""
        if isinstance(error, Tampered):
            self.fatal.append(error)
            self._stopping.set()
        elif error.code.startswith("database"):
            self.database.meet(error)
        else:
            self.machine.meet(error)

    def wait(self) -> None:
        """Until no pause is left."""
        self.database.wait()
        self.machine.wait()


def _shared_doorbells(settings: Settings) -> Doorbells:
    if not settings.queue.url:
        raise Refused("queue-not-set", "Workers of their own need Redis: set queue.url. Without it: triage work.")
    return open_redis(settings.queue.url, settings.queue.namespace)


def _opened(settings: Settings, stopping: threading.Event, stack: ExitStack) -> Application | None:
    application = Patience(stopping).until_done(lambda: open_application(settings))
    return stack.enter_context(closing(application)) if application else None


def _watch(bells: Doorbells, stopping: threading.Event) -> None:
    """Until told to stop, say when Redis goes and comes. Dramatiq's consumers come back to it by themselves."""
    patience = Patience(stopping)
    while not stopping.is_set():
        try:
            bells.check()
        except Unavailable as error:
            patience.meet(error)
        else:
            patience.recovered()
        stopping.wait(_CHECK_SECONDS)


def _stop(application: Application, stop: Callable[[float], None]) -> None:
    patience_ends = threading.Timer(FINISH_SECONDS, application.stop.set)
    patience_ends.daemon = True
    patience_ends.start()
    stop(_STOP_SECONDS)
    patience_ends.cancel()
