"""What a long-running process does when the machine fails it: says so once, waits longer and longer, goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from triage.domain.errors import TriageError, Unavailable
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

T = TypeVar("T")
LONGEST_PAUSE = 30.0
_FIRST_PAUSE = 1.0
_log = logger_of("workers")


class Patience:
    """One source of trouble, as all threads of a process meet it."""

    def __init__(self, stopping: threading.Event, first: float = _FIRST_PAUSE) -> None:
        self._stopping = stopping
        self._first = first
        self._pause = 0.0
        self._until = 0.0
        self._said = ""
        self._lock = threading.Lock()

    def meet(self, error: TriageError) -> None:
        """Say what is wrong, unless it was said, and begin a pause twice as long as the last."""
        with self._lock:
            if self._said != error.code:
                self._said = error.code
                _log.warning(Event.WAITING, code=error.code)
            if time.monotonic() >= self._until:  # else another thread has met the same, and the pause has begun
                self._pause = min(max(self._first, 2 * self._pause), LONGEST_PAUSE)
                self._until = time.monotonic() + self._pause

    def wait(self) -> None:
        """Until the pause is over, or the process is to stop."""
        while (left := self._until - time.monotonic()) > 0:
            if self._stopping.wait(left):
                return

    def recovered(self) -> None:
        """It works again."""
        with self._lock:
            if self._said:
                _log.warning(Event.GOING_ON, code=self._said)
            self._said, self._pause, self._until = "", 0.0, 0.0

    def until_done(self, act: Callable[[], T]) -> T | None:
        """What `act` gives, as soon as it can; None when the process is to stop before."""
        while not self._stopping.is_set():
            try:
                done = act()
            except Unavailable as error:
                self.meet(error)
                self.wait()
            else:
                self.recovered()
                return done
        return None
