"""One trace from the command or request that brought work in to the last stage that did it.

Off unless an endpoint is configured; then nothing is recorded and nothing sent, but a trace that a job carries is
still handed on to the jobs that follow from it. OpenTelemetry's global provider is left alone: no variable of the
environment can make this program export.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry import context
from opentelemetry.trace import NoOpTracer, Status, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from triage.domain.errors import TriageError
from triage.telemetry.fields import known

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

_HEADER = "traceparent"
_SEND_SECONDS = 5
_propagator = TraceContextTextMapPropagator()


@dataclass(slots=True)
class _Tracing:
    """The process's tracer, and the provider to be flushed at the end when there is one."""

    tracer: Tracer = field(default_factory=NoOpTracer)
    provider: TracerProvider | None = None


_tracing = _Tracing()


def configure_traces(endpoint: str, version: str) -> None:
    """Send spans to an OTLP collector at `endpoint` (`http://host:4318/v1/traces`); an empty one turns traces off."""
    if not endpoint:
        stop_traces()
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - a second of imports
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - a second of imports

    record_spans(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_SEND_SECONDS)), version)


def record_spans(processor: SpanProcessor, version: str) -> None:
    """Hand every ended span to `processor`."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only where traces are on
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - only where traces are on

    stop_traces()
    # The constructor alone: `create` would add what the environment says of this machine.
    provider = TracerProvider(resource=Resource({"service.name": "triage", "service.version": version}))
    provider.add_span_processor(processor)
    _tracing.tracer, _tracing.provider = provider.get_tracer("triage"), provider


def stop_traces() -> None:
    """Send what is left, for a few seconds at most, and record no more."""
    provider, _tracing.provider, _tracing.tracer = _tracing.provider, None, NoOpTracer()
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(name: str, **fields: object) -> Iterator[None]:
    """One step. `name` is a word of the program; of `fields` those of `telemetry.fields` are kept.

    An error that passes through marks the span with its type or code, never with its message.
    """
    with _tracing.tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as current:
        for key, value in known(fields):
            current.set_attribute(key, value if isinstance(value, (bool, int, float)) else str(value))
        try:
            yield
        except Exception as error:
            failed(error.code if isinstance(error, TriageError) else f"unexpected {type(error).__name__}")
            raise


def failed(code: str) -> None:
    """Mark the step at hand as failed, and by what."""
    get_current_span().set_status(Status(StatusCode.ERROR, str(dict(known({"code": code}))["code"])))


@contextmanager
def continuing(traceparent: str | None) -> Iterator[None]:
    """What is done within belongs to this trace (W3C Trace Context), or to none."""
    carrier = {_HEADER: traceparent} if traceparent else {}
    token = context.attach(_propagator.extract(carrier, context=context.Context()))
    try:
        yield
    finally:
        context.detach(token)


def traceparent() -> str | None:
    """The trace that the caller works in, to be stored with what it leaves to others."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_HEADER)


def trace_id() -> str | None:
    """The trace's id as 32 hexadecimal digits, for a log line."""
    found = get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else None
