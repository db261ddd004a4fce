"""One trace from whoever brought work in to whoever does it; nothing when it is off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.unit.triage.stored import Scene
from triage.domain.errors import Unavailable
from triage.domain.jobs import Stage
from triage.telemetry.traces import (
    configure_traces,
    continuing,
    record_spans,
    span,
    stop_traces,
    trace_id,
    traceparent,
)

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    """Spans as they end."""
    exporter = InMemorySpanExporter()
    record_spans(SimpleSpanProcessor(exporter), "1.0")
    yield exporter
    stop_traces()


def test_a_job_carries_the_trace_that_it_was_written_in(scene: Scene, kept: InMemorySpanExporter) -> None:
    """And whoever claims it works on in that trace, as its child."""
    submission = scene.submission()
    with span("command", command="submit"):
        first = trace_id()
        lease = scene.lease(Stage.EXAMINE, submission)
    assert first
    assert first in (lease.trace or "")
    with continuing(lease.trace), span("examine", items=3):
        assert trace_id() == first
        follower = scene.lease(Stage.MATCH, submission)
    assert first in (follower.trace or "")
    below = {one.name: one for one in kept.get_finished_spans()}
    assert below["examine"].parent is not None
    assert below["examine"].parent.span_id == below["command"].context.span_id


def test_a_job_written_outside_of_any_trace_has_none(scene: Scene) -> None:
    """The column stays empty where traces are off."""
    with span("command"):
        assert scene.lease(Stage.EXAMINE, scene.submission()).trace is None
        assert trace_id() is None


def test_a_trace_is_handed_on_by_whoever_does_not_record(scene: Scene) -> None:
    """One machine without a collector does not cut the trace of the others."""
    with continuing(GIVEN), span("examine"):
        assert scene.lease(Stage.MATCH, scene.submission()).trace == GIVEN


@pytest.mark.parametrize("strange", ["", "no trace", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "../" + GIVEN])
def test_what_is_no_trace_is_none(strange: str) -> None:
    """The column is another's to alter."""
    with continuing(strange):
        assert traceparent() is None


def test_a_step_that_fails_is_marked_by_code(kept: InMemorySpanExporter) -> None:
    """Never by message."""
    with pytest.raises(Unavailable), span("examine"):
        raise Unavailable("disk-full", "secret")
    (found,) = kept.get_finished_spans()
    assert (found.status.is_ok, found.status.description) == (False, "disk-full")
    assert not found.events


def test_an_empty_endpoint_records_nothing(kept: InMemorySpanExporter) -> None:
    """Turned off it is off at once."""
    configure_traces("", "1.0")
    with span("examine"):
        pass
    assert kept.get_finished_spans() == ()
