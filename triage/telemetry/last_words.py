"""What nobody caught. Python's own last words quote the error's message: a name, or a statement's values."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType


def keep_last_words() -> None:
    """From now on an error that nobody caught, in any thread, is told like every other. For a program's start."""
    sys.excepthook, threading.excepthook, sys.unraisablehook = _uncaught, _uncaught_in_thread, _unraisable
    logging.captureWarnings(True)


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    tell_last(error)


def _uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
    tell_last(found.exc_value)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    tell_last(found.exc_value)


def tell_last(error: BaseException | None) -> None:
    """Tell of an error that is about to end the program, or a part of it."""
    from triage.telemetry.events import Event  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.telemetry.logs import logger_of  # noqa: PLC0415 - keeps `triage --help` quick

    logger_of("program").critical(Event.UNEXPECTED, error=error)
