"""Stopping on request: the first signal asks, the second ends the process at once.

An exception raised wherever the main thread happens to be could leave a lock held, or be swallowed where Python lets
none out; an event is looked at where it is safe to stop.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130


@contextmanager
def stopping_on_signals(stopping: threading.Event | None = None) -> Iterator[threading.Event]:
    """An event, this one if it is given, that SIGTERM and SIGINT set. For the main thread.

    Chambers end with the process, however it ends.
    """
    stopping = threading.Event() if stopping is None else stopping

    def ask(_number: int, _frame: object) -> None:
        if stopping.is_set():
            os._exit(INTERRUPTED)
        stopping.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
