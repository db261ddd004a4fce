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
from workers.context import StageContext
from workers.owners import own_name
from workers.pipeline import STAGES


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
    """Runs jobs in whichever thread calls; each thread gets a chamber of its own."""

    def __init__(self, application: Application, on_trouble: Callable[[TriageError], None]) -> None:
        self.tally = Tally()
        self._application = application
        self._on_trouble = on_trouble
        self._chambers: dict[int, Chamber] = {}
        self._lock = threading.Lock()

    def run(self, job_id: int) -> None:
        """Run one job if it is still owed. Never raises: outcomes are rows, and what stops the line is told."""
        try:
            lease = self._claimed(job_id)
            if lease is not None:
                self._run_leased(lease)
        except Conflict:
            return  # the lease was lost, or its commit went through after all: the job is in good hands
        except TriageError as error:
            self._on_trouble(error)
        except Exception as error:  # noqa: BLE001 - the job runner: one of the two places that may catch everything
            sentence = f"A job could neither be finished nor given up: {type(error).__name__}."
            self._on_trouble(Unavailable("worker-failed", sentence))

    def _claimed(self, job_id: int) -> Lease | None:
        with self._application.store.writing() as unit:
            lease = unit.jobs.claim(job_id, own_name(), self._application.settings.work.lease_seconds)
            if lease is None:
                unit.jobs.ring_again(job_id)
            unit.commit()
        return lease

    def _run_leased(self, lease: Lease) -> None:
        giving_up = self._application.giving_up
        started = time.monotonic()
        try:
            if giving_up.is_deadly(lease):
                return
            STAGES[lease.stage](lease, StageContext(self._application, self._chamber()))
            self.tally.add(lease.stage, time.monotonic() - started)
        except Interrupted:
            giving_up.hand_back(lease)
        except Conflict:
            return  # the lease was lost: whoever holds it now finishes the job
        except (Unavailable, Tampered) as error:
            # The machine or somebody's hand is at fault, not the item: nothing is given up, and the line stops.
            self._on_trouble(error)
            giving_up.stop_line(lease, error.code)
        except Refused as error:
            giving_up.bury(lease, error.code)
        except Exception as error:  # noqa: BLE001 - the job runner: one of the two places that may catch everything
            code = error.code if isinstance(error, TriageError) else f"unexpected {type(error).__name__}"
            giving_up.after_failure(lease, code)

    def close(self) -> None:
        """End the chambers of all threads."""
        with self._lock:
            for chamber in self._chambers.values():
                chamber.close()
            self._chambers.clear()

    def _chamber(self) -> Chamber:
        with self._lock:
            return self._chambers.setdefault(threading.get_ident(), Chamber(self._application.chamber_limits))
