"""A thread beside the web application: it takes what has arrived, and sweeps what nobody goes on with or needs."""

from __future__ import annotations

import threading
import time

from hashsets.errors import HashSetError
from triage.bootstrap import Application
from triage.domain.errors import TriageError
from triage.domain.interruption import Interrupted
from triage.interfaces.web.deployment import Deployment
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

_log = logger_of("web")
_PAUSE = 5.0
_SWEEP_EVERY = 60.0
_PRUNE_EVERY = 3_600.0


class Taker:
    """Works until it is told to stop; whatever is broken is tried again."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="taker", daemon=True)
        self._sweep_at = self._prune_at = 0.0
        self._application: Application | None = None

    def start(self) -> None:
        """Begin; what an earlier process left is looked for first."""
        self._thread.start()

    def stop(self) -> None:
        """End, in the middle of a file if need be: it stays in its spool."""
        self._stopped.set()
        if self._application:
            self._application.stop.set()
            self._application.uploading.arrivals.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._application = self._deployment.application()
                self._turn(self._application)
            except Interrupted:
                return
            except (TriageError, HashSetError) as error:
                _log.warning(Event.WAITING, code=error.code, pause_seconds=_PAUSE)
                self._stopped.wait(_PAUSE)
            except Exception as error:  # noqa: BLE001 - the thread must live: nobody else takes what arrives
                _log.error(Event.UNEXPECTED, error=error)
                self._stopped.wait(_PAUSE)

    def _turn(self, application: Application) -> None:
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + _SWEEP_EVERY
            application.taking_uploads.sweep()
        else:
            application.uploading.arrivals.wait(_PAUSE)
        application.uploading.arrivals.clear()
        if not self._stopped.is_set():
            application.taking_uploads.take_all()
        if not self._stopped.is_set() and time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + _PRUNE_EVERY
            application.pruning.prune()
