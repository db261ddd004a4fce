"""The whole pipeline over a made-up seizure, told in logs and traces, and nothing of the evidence in either."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from demo.files import write_jpeg
from demo.pictures import photo_like
from tests.integration.deployments import Deployment, Ran, finish
from tests.integration.seizures import zipped

NAME, FOLDER, MAKER, MODEL, SERIAL = "telltale-name", "telltale-folder", "Telltalecam", "Tell X100", "TELLSN4711"
CASE, EXHIBIT, BASIS = "TELLCASE-1", "TELLEXH-1", "Telltale warrant"
ALL_LOGGED = {"TRIAGE_LOG__FORMAT": "json", "TRIAGE_LOG__LEVEL": "debug"}
STAGES = {"expand", "examine", "match", "link", "refer"}
SUBMIT = ("--case", CASE, "--exhibit", EXHIBIT, "--basis", BASIS)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, broken files and an archive under names and with facts that would be known again anywhere."""
    folder = tmp_path_factory.mktemp("source") / FOLDER
    for number in range(6):
        write_jpeg(
            folder / f"{NAME}-{number}.jpg",
            photo_like(number, 160, 120),
            camera=(MAKER, MODEL),
            serial=SERIAL,
            taken=datetime(2025, 3, 4, 5, 6, number),  # noqa: DTZ001 - a camera's clock has no zone
            place=(61.2345, 5.4321),
        )
    (folder / f"{NAME}-broken.jpg").write_bytes((folder / f"{NAME}-0.jpg").read_bytes()[:900])
    (folder / f"{NAME}-other.bin").write_bytes(b"telltale bytes")
    inside = folder.parent / "inside"
    write_jpeg(inside / f"{NAME}-member.jpg", photo_like(77, 160, 120), camera=(MAKER, MODEL), serial=SERIAL)
    zipped(folder / f"{NAME}.zip", inside.iterdir())
    (folder / f"{NAME}-broken.zip").write_bytes((folder / f"{NAME}.zip").read_bytes()[:400])
    return folder


def telltales(source: Path) -> set[str]:
    """Whatever of the evidence could be told: names, facts, and digests in any writing."""
    words = {NAME, FOLDER, MAKER, MODEL, SERIAL, CASE, EXHIBIT, BASIS, "61.23", "5.432", "2025:03:04", "2025-03-04"}
    for path in (*source.iterdir(), *(source.parent / "inside").iterdir()):
        for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            found = digest(path.read_bytes())
            words |= {found.hexdigest(), found.hexdigest().upper(), str(found.digest())[2:-1]}
    return words


def lines_of(ran: Ran) -> list[dict[str, Any]]:
    """Standard error as JSON, line by line; whatever is no JSON fails."""
    return [json.loads(line) for line in ran.err.splitlines()]


def worked(deployment: Deployment, source: Path, **environment: str) -> tuple[Ran, Ran]:
    """Received and worked by programs of their own."""
    env = {**ALL_LOGGED, **environment}
    submitted = finish(deployment.start("submit", source, *SUBMIT, "--json", env=env))
    ran = finish(deployment.start("work", "--threads", "2", "--json", env=env), seconds=100)
    assert (submitted.code, ran.code) == (0, 0), submitted.err + ran.err
    return submitted, ran


def test_the_whole_pipeline_tells_nothing_of_the_evidence(deployment: Deployment, source: Path) -> None:
    """Every line is JSON, each stage is told with its job, and no telltale is in any of them."""
    submitted, ran = worked(deployment, source)
    again = finish(deployment.start("audit", "--json", env=ALL_LOGGED))
    said = submitted.err + ran.err + again.err
    assert not [word for word in telltales(source) if word in said]
    finished = [line for line in lines_of(ran) if line["event"] == "job finished"]
    assert {line["stage"] for line in finished} == STAGES
    assert all({"job", "submission", "owner", "seconds", "items"} <= line.keys() for line in finished)
    assert not [
        line for line in lines_of(ran) if "withheld" in line and line["event"] != "a library's message, withheld"
    ]


def test_a_job_that_fails_tells_its_code_and_not_its_reason(deployment: Deployment, source: Path) -> None:
    """Evidence that cannot be opened: given back, tried again, dead; by codes, in the log and at the door."""
    finish(deployment.start("submit", source, *SUBMIT, env=ALL_LOGGED))
    deployment.change("UPDATE item SET kind = 'nonsense ' || ? WHERE id = 1", NAME)
    env = {**ALL_LOGGED, "TRIAGE_WORK__RETRY_SECONDS": "0"}
    ran = finish(deployment.start("work", "--threads", "1", env=env), seconds=100)
    said = ran.out + ran.err
    assert not [word for word in telltales(source) if word in said]
    assert "Traceback" not in said
    told = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    dead = [line for line in told if line["event"] == "job dead"]
    assert {line["code"] for line in dead} == {"unexpected ValueError"}
    assert {line["event"] for line in told} >= {"job failed, tried later", "job failed, split into its items"}


class Sink(HTTPServer):
    """An OTLP collector on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []

    @property
    def endpoint(self) -> str:
        """Where spans go."""
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def spans(self) -> list[Span]:
        """Everything received."""
        found = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for one in found
            for resource in one.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Sink)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_one_trace_goes_from_submit_to_refer(deployment: Deployment, source: Path, sink: Sink) -> None:
    """Every stage's span carries the trace of the command that brought the submission in; logs name it too."""
    _, ran = worked(deployment, source, TRIAGE_TRACE__ENDPOINT=sink.endpoint)
    spans = sink.spans()
    commands = {
        next(one.value.string_value for one in span.attributes if one.key == "command"): span.trace_id
        for span in spans
        if span.name == "command"
    }
    assert {"submit", "work"} <= commands.keys()
    stages = [span for span in spans if span.name in STAGES]
    assert {span.name for span in stages} == STAGES
    assert {span.trace_id for span in stages} == {commands["submit"]}
    logged = {line.get("trace") for line in lines_of(ran) if line["event"] == "job finished"}
    assert logged == {commands["submit"].hex()}
    sent = b"".join(sink.bodies)
    assert not [word for word in telltales(source) if word.encode() in sent]


def test_nothing_is_sent_when_traces_are_off(deployment: Deployment, source: Path, sink: Sink) -> None:
    """Whatever the environment says to OpenTelemetry: only our own setting turns it on."""
    others = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint.removesuffix("/v1/traces"),
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": sink.endpoint,
        "OTEL_TRACES_EXPORTER": "otlp",
    }
    worked(deployment, source, **others)
    assert sink.bodies == []
    assert deployment.rows("SELECT count(*) FROM job WHERE trace IS NOT NULL") == [(0,)]


def test_a_collector_that_is_gone_stops_nothing(deployment: Deployment, source: Path) -> None:
    """Traces are told to whoever listens; work does not wait for it."""
    _, ran = worked(deployment, source, TRIAGE_TRACE__ENDPOINT="http://127.0.0.1:9/v1/traces")
    assert {line["event"] for line in lines_of(ran)} >= {"job finished"}
    assert os.environ.get("TRIAGE_TRACE__ENDPOINT") is None
