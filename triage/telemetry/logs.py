"""One way to write a log, for us and for the libraries that we use: JSON or lines for people, on standard error.

    log = logger_of("workers")
    log.warning(Event.JOB_DEAD, job=12, stage="examine", code="time-limit")

The filter stands twice: where a line of ours is made, so that even a program that never configured anything tells
nothing it may not; and where lines are written, since libraries write there without asking us.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.stdlib import BoundLogger, ProcessorFormatter

from triage.telemetry.errors import described
from triage.telemetry.events import Event
from triage.telemetry.fields import known
from triage.telemetry.traces import trace_id

Format = Literal["json", "plain"]
_Fields = MutableMapping[str, Any]
_ERROR, _EVENT = "error", "event"
_KEPT = {_EVENT, _ERROR}
_EVENTS = [event.value for event in Event]  # a list: what is handed over as an event may be no key


def logger_of(room: str) -> BoundLogger:
    """The log of one room of the house. Its lines take an `Event` and fields of `telemetry.fields`."""
    logger: BoundLogger = structlog.wrap_logger(
        logging.getLogger(f"triage.{room}"),
        processors=[structlog.stdlib.filter_by_level, _gather, _only_known, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=_Logger,
        cache_logger_on_first_use=False,
        room=room,
    )
    return logger


@contextmanager
def telling_of(**fields: object) -> Iterator[None]:
    """Every line within, of libraries too, carries these fields: which job, which stage, who."""
    with bound_contextvars(**fields):
        yield


def configure_logs(style: Format, level: str) -> None:
    """Write this process's log to standard error from `level` on, in place of what an earlier call chose."""
    handler = _StandardError()
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[_foreign],
            processors=[_without_meta, _only_known, _stamp, structlog.stdlib.add_log_level, _renderer(style)],
        )
    )
    root = logging.getLogger()
    for old in [found for found in root.handlers if isinstance(found, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    logging.getLogger("triage").setLevel(level.upper())
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))  # libraries chat


def silence(library: str) -> None:
    """No line of this library's any more: what it would say, a line of ours says better."""
    logging.getLogger(library).setLevel(logging.CRITICAL + 1)


class _Logger(BoundLogger):
    """Hands no error on to `logging`, whose other handlers would print it whole."""

    def exception(self, event: str | None = None, *args: Any, **fields: Any) -> Any:
        """An error line about the error at hand."""
        return self.error(event, *args, **({_ERROR: sys.exc_info()[1]} | fields))


class _StandardError(logging.StreamHandler[TextIO]):
    """Standard error as it is when a line is written: a progress bar or a test may have put another in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # an attribute there
        return sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's
        """Python's own would print the record with its values."""
        sys.stderr.write(f"A log line could not be written ({type(sys.exc_info()[1]).__name__}).\n")


def _gather(logger: Any, name: str, fields: _Fields) -> _Fields:
    """Context, trace, and an error in whichever way it was handed over."""
    merge_contextvars(logger, name, fields)
    fields["trace"] = trace_id()  # never a caller's: a digest may look like one
    handed = fields.pop("exc_info", None)
    error = fields.get(_ERROR) or (sys.exc_info()[1] if handed is True else handed)
    if isinstance(error, tuple):
        error = error[1]
    fields[_ERROR] = described(error) if isinstance(error, BaseException) else None
    return fields


def _only_known(_logger: Any, _name: str, fields: _Fields) -> _Fields:
    """Drop what is no event, no field that may be told, and no error of `described`'s making."""
    event, error = fields.get(_EVENT), fields.get(_ERROR)
    told: _Fields = {_EVENT: str(event) if event in _EVENTS else Event.WITHHELD.value}
    told.update(known({key: value for key, value in fields.items() if key not in _KEPT}))
    if isinstance(error, dict):
        told[_ERROR] = error
    return told


def _foreign(logger: Any, name: str, fields: _Fields) -> _Fields:
    """A library's line: who wrote it and where in its code. Its words may quote anything."""
    record: logging.LogRecord = fields["_record"]
    said: _Fields = {
        _EVENT: Event.LIBRARY,
        "logger": record.name,
        "where": f"{record.module}:{record.lineno}",
        "exc_info": record.exc_info,
    }
    meta = {key: fields[key] for key in ("_record", "_from_structlog")}
    return {**_only_known(logger, name, _gather(logger, name, said)), **meta}


def _without_meta(_logger: Any, _name: str, fields: _Fields) -> _Fields:
    return {key: value for key, value in fields.items() if key not in {"_record", "_from_structlog"}}


def _stamp(_logger: Any, _name: str, fields: _Fields) -> _Fields:
    return structlog.processors.TimeStamper(fmt="iso", utc=True)(_logger, _name, fields)


def _renderer(style: Format) -> structlog.typing.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(sort_keys=True)
    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
