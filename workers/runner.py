"""Running one job: claim it, call its stage, and turn whatever happens into a state that somebody can see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from triage.bootstrap import Application
from triage.chamber.parent import Chamber
from triage.domain.errors import Conflict, Refused, Tampered, TriageError, Unavailable
from triage.domain.interruption import Interrupted
from triage.domain.jobs import Lease, Stage
from triage.store.engine import CONTENDED
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of, telling_of
from triage.telemetry.traces import continuing, span
from workers.context import StageContext
from workers.pipeline import STAGES

_log = logger_of("workers")


@dataclass
class Tally:
    """Jobs and seconds by stage, over all threads of this process."""

    jobs: dict[Stage, int] = field(default_factory=dict)
    seconds: dict[Stage, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, stage: Stage, seconds: float) -> None:
        """Count one finished job."""
        with self.lock:
            self.jobs[stage] = self.jobs.get(stage, 0) + 1
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


class Runner:
    """Runs jobs in whichever thread calls; each thread gets a chamber of its own, when it first needs one."""

    def __init__(self, application: Application, owner: str, on_trouble: Callable[[TriageError], None]) -> None:
        self.tally = Tally()
        self._application = application
        self._owner = owner
        self._on_trouble = on_trouble
        self._in_hand: set[int] = set()
        self._chambers: dict[int, Chamber] = {}
        self._lock = threading.Lock()

    def in_hand(self) -> list[int]:
        """Jobs that are being claimed or run now."""
        with self._lock:
            return sorted(self._in_hand)

    def run(self, job_id: int) -> bool:
        """Run one job if it is still owed; whether its stage was done. Never raises: outcomes are rows, or told."""
        with self._lock:
            if job_id in self._in_hand:
                return False  # the doorbell rang twice
            self._in_hand.add(job_id)
        try:
            lease = self._claimed(job_id)
            return lease is not None and self._run_told(lease)
        except Conflict:
            _log.warning(Event.JOB_LOST, job=job_id)  # or the commit went through after all: it is in good hands
        except TriageError as error:
            self._on_trouble(error)
        except Exception as error:  # noqa: BLE001 - the job runner: one of the two places that may catch everything
            _log.error(Event.UNEXPECTED, error=error)
            sentence = f"A job could neither be finished nor given up: {type(error).__name__}."
            self._on_trouble(Unavailable("worker-failed", sentence))
        finally:
            with self._lock:
                self._in_hand.discard(job_id)
        return False

    def _claimed(self, job_id: int) -> Lease | None:
        with self._application.store.writing() as unit:
            lease = unit.jobs.claim(job_id, self._owner, self._application.settings.work.lease_seconds)
            if lease is None:
                unit.jobs.ring_again([job_id])
            unit.commit()
        return lease

    def _run_told(self, lease: Lease) -> bool:
        """Run it within the trace that it was written in; whatever is logged meanwhile names the job."""
        names = {"job": lease.job_id, "stage": lease.stage.value, "submission": lease.submission_id}
        with telling_of(owner=self._owner, **names), continuing(lease.trace):
            _log.debug(Event.JOB_CLAIMED, items=len(lease.item_ids), attempts=lease.attempts, fence=lease.fence)
            with span(lease.stage.value, items=len(lease.item_ids), attempts=lease.attempts, **names):
                return self._run_leased(lease)

    def _run_leased(self, lease: Lease) -> bool:
        giving_up = self._application.giving_up
        started = time.monotonic()
        try:
            STAGES[lease.stage](lease, StageContext(self._application, self._chamber()))
        except Interrupted:
            giving_up.hand_back(lease)
        except Conflict:
            _log.warning(Event.JOB_LOST)  # nothing of this run was kept: whoever holds it now finishes the job
        except (Unavailable, Tampered) as error:
            if error.code == CONTENDED:
                giving_up.hand_back(lease)
            else:
                # The machine or somebody's hand is at fault, not the item: nothing is given up, and the line stops.
                self._on_trouble(error)
                giving_up.stop_line(lease, error.code)
        except Refused as error:
            giving_up.bury(lease, error.code)
        except Exception as error:  # noqa: BLE001 - the job runner: one of the two places that may catch everything
            code = error.code if isinstance(error, TriageError) else f"unexpected {type(error).__name__}"
            _log.warning(Event.UNEXPECTED, error=error)
            giving_up.after_failure(lease, code)
        else:
            seconds = time.monotonic() - started
            self.tally.add(lease.stage, seconds)
            _log.info(Event.JOB_FINISHED, items=len(lease.item_ids), seconds=round(seconds, 3))
            return True
        return False

    def close(self) -> None:
        """End the chambers of all threads."""
        with self._lock:
            for chamber in self._chambers.values():
                chamber.close()
            self._chambers.clear()

    def _chamber(self) -> Chamber:
        with self._lock:
            return self._chambers.setdefault(threading.get_ident(), Chamber(self._application.chamber_limits))
