"""Whatever a file is called, holds or says of itself: no log line, no span and no last word repeats it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from triage.domain.errors import TriageError, Unavailable, Unreadable
from triage.telemetry.events import Event
from triage.telemetry.fields import _SHAPES
from triage.telemetry.last_words import tell_last
from triage.telemetry.logs import configure_logs, logger_of, telling_of
from triage.telemetry.traces import failed, record_spans, span, stop_traces

LEVELS = ("debug", "info", "warning", "error", "critical", "exception")

names = st.builds(
    "{}{}.{}".format,
    st.sampled_from(["", "DCIM/100/", "/mnt/exhibit/", "..\\", "C:\\Users\\"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=6, max_size=40),
    st.sampled_from(["jpg", "JPG", "mp4", "zip", "p%d", "{x}"]),
)
digests = st.sampled_from([16, 20, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)).map(bytes.hex)
metadata = st.builds(
    "{} {}, {}".format,
    st.sampled_from(["Synthcam X100", "Serial SN", "lat 61.2345678", "user"]),
    st.integers(100_000, 10**12),
    st.text(st.characters(categories=["L", "N"]), min_size=4, max_size=20),
)
evidence = st.one_of(names, digests, metadata)


class Opaque:
    """A value whose text is somebody's secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return self.secret

    __str__ = __repr__


def sql_error(secret: str) -> Exception:
    """A statement refused by a database that quotes what it was given."""
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT * FROM gone WHERE path = :path"), {"path": secret})
    except SQLAlchemyError as error:
        return error
    finally:
        engine.dispose()
    raise AssertionError


def chained(secret: str) -> Exception:
    """A clean error that was caused by others which are not."""
    try:
        try:
            raise FileNotFoundError(2, "No such file", secret, None, secret)
        except OSError as error:
            error.add_note(secret)
            raise Unavailable("vault-read-failed", f"Object cannot be read: {secret}") from error
    except TriageError as error:
        return error


ERRORS: dict[str, Callable[[str], Exception]] = {
    "value": lambda secret: ValueError(secret, secret.encode()),
    "os": lambda secret: PermissionError(13, "Permission denied", secret),
    "unicode": lambda secret: UnicodeDecodeError("utf-8", secret.encode(), 0, 1, secret),
    "triage": lambda secret: Unreadable("undecodable", secret),
    "sqlite": lambda secret: sqlite3.IntegrityError(f"UNIQUE failed: {secret}"),
    "sqlalchemy": sql_error,
    "chained": chained,
    "group": lambda secret: ExceptionGroup(secret, [ValueError(secret), KeyError(secret)]),
}


def raised(error: Exception) -> Exception:
    """The error as it comes from somewhere."""
    try:
        raise error  # noqa: TRY301 - its frame is what is wanted
    except Exception as found:  # noqa: BLE001 - whatever it is
        return found


@contextlib.contextmanager
def written(style: Any) -> Iterator[io.StringIO]:
    """What goes to standard error, from debug on; libraries too."""
    said = io.StringIO()
    # A broker silences its library's logger.
    levels = {logging.getLogger(): logging.DEBUG, logging.getLogger("dramatiq"): logging.NOTSET}
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        configure_logs(style, "debug")
        before = {logger: logger.level for logger in levels}
        try:
            for logger, level in levels.items():
                logger.setLevel(level)
            yield said
        finally:
            for logger, level in before.items():
                logger.setLevel(level)


def assert_silent(said: str, secret: str, *, lines: int) -> None:
    """Something was said, and not the secret: not as it is, not escaped, not in a part that tells."""
    assert said.count("\n") >= lines
    parts = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]}
    parts |= {part for part in re.split(r"[^\w]+", secret) if len(part) >= 8}
    assert not [part for part in parts if part in said]


@pytest.mark.parametrize("style", ["json", "plain"])
@settings(max_examples=40, deadline=None)
@given(secret=evidence, level=st.sampled_from(LEVELS), event=st.sampled_from(Event))
def test_no_line_of_ours_repeats_it(style: str, secret: str, level: str, event: Event) -> None:
    """As a value of every known field, of unknown ones, of the context, as an event, argument, number or object."""
    log = logger_of("workers")
    tell = getattr(log, level)
    unknown = {"path": secret, "sha256": secret, "name": Opaque(secret), "detail": [secret], "note": {secret: secret}}
    with written(style) as said, telling_of(job=1, source=secret, stage=secret, owner=secret, trace=secret):
        tell(event, **unknown)
        tell(event, **{key: secret for key in _SHAPES if key != "event"})
        tell(event, **{key: Opaque(secret) for key in _SHAPES})
        tell(event, error=secret)
        tell(event, error={"type": secret})
        tell(event, exc_info=ValueError(secret))
        tell(event, items=int.from_bytes(secret.encode(), "big"))
        tell(secret)
        tell(f"{event} {secret}", code=f"time-limit {secret}")
    assert_silent(said.getvalue(), secret, lines=9)


@pytest.mark.parametrize("style", ["json", "plain"])
@settings(max_examples=40, deadline=None)
@given(secret=evidence, kind=st.sampled_from(sorted(ERRORS)))
def test_no_error_repeats_it(style: str, secret: str, kind: str) -> None:
    """Handed over, as the error at hand, through a library's logger, and as a program's last words."""
    error = raised(ERRORS[kind](secret))
    log, library = logger_of("store"), logging.getLogger("sqlalchemy.engine")
    with written(style) as said:
        log.error(Event.UNEXPECTED, error=error)
        try:
            raise error  # noqa: TRY301 - as the error at hand
        except Exception:
            log.exception(Event.UNEXPECTED)
            library.exception("failed for %s", secret)
        library.error("failed", exc_info=error)
        tell_last(error)
    assert type(error).__qualname__ in said.getvalue()
    assert_silent(said.getvalue(), secret, lines=5)


@pytest.mark.parametrize("style", ["json", "plain"])
@settings(max_examples=40, deadline=None)
@given(secret=evidence, level=st.sampled_from(LEVELS[:-1]))
def test_no_library_repeats_it(style: str, secret: str, level: str) -> None:
    """As a message, an argument, a field of the record, or the name of a logger."""
    with written(style) as said:
        for name in ("uvicorn.error", "dramatiq.worker", "unheard-of", secret):
            tell = getattr(logging.getLogger(name), level)
            tell("plain %s", secret)
            tell("%(path)s", {"path": secret})
            tell(secret)
            tell(Opaque(secret), extra={"path": secret, "stage": secret})
        logging.getLogger("py.warnings").warning("%s", f"warning about {secret}", stack_info=True)
    assert_silent(said.getvalue(), secret, lines=17)


@settings(max_examples=40, deadline=None)
@given(secret=evidence, kind=st.sampled_from(sorted(ERRORS)))
def test_no_span_repeats_it(secret: str, kind: str) -> None:
    """Neither an attribute, nor a status, nor an event of a span."""
    kept = InMemorySpanExporter()
    record_spans(SimpleSpanProcessor(kept), "1.0")
    try:
        with (
            contextlib.suppress(Exception),
            span("examine", path=secret, stage=secret, items=3, code=secret, owner=Opaque(secret)),
        ):
            failed(secret)
            raise ERRORS[kind](secret)
        (found,) = kept.get_finished_spans()
    finally:
        stop_traces()
    assert found.attributes is not None
    assert found.attributes["items"] == 3
    assert_silent(found.to_json() + "\n", secret, lines=1)


@settings(max_examples=20, deadline=None)
@given(secret=evidence)
def test_nothing_is_told_where_logs_were_never_configured(secret: str) -> None:
    """A program of somebody else's that calls ours, before or without choosing how logs are written."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    root = logging.getLogger()
    before, root.handlers = root.handlers, [handler]
    try:
        with contextlib.redirect_stderr(said):
            logger_of("vault").error(Event.UNEXPECTED, path=secret, error=OSError(2, "none", secret), stage=secret)
            try:
                raise ValueError(secret)  # noqa: TRY301 - as the error at hand
            except ValueError:
                logger_of("vault").exception(Event.UNEXPECTED)
    finally:
        root.handlers = before
    assert_silent(said.getvalue(), secret, lines=2)
