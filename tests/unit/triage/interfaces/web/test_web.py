"""The web application: what it answers to machines that watch, and what stands on every answer."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from triage.bootstrap import Application, open_application
from triage.chamber.sealing import Layer
from triage.deploying import initialise
from triage.domain.errors import Refused, Unavailable
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.interfaces.web.middleware import HEADERS
from triage.settings import Settings, load_settings
from triage.telemetry.logs import configure_logs

LAYERS = (Layer("limits", active=True, detail=""),)
HERE = "http://127.0.0.1:8470"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A new deployment that logs every request as JSON."""
    monkeypatch.setenv("TRIAGE_LOG__FORMAT", "json")
    monkeypatch.setenv("TRIAGE_LOG__LEVEL", "info")
    chosen = load_settings(data=tmp_path / "data")
    initialise(chosen)
    return chosen


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    app = web_app(Deployment(lambda: open_application(settings)), LAYERS, ["triage.example"])
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as opened:
        yield opened


def failing(error: Exception) -> TestClient:
    """The application over a deployment that does not open."""

    def refuse() -> Application:
        raise error

    return TestClient(web_app(Deployment(refuse), LAYERS), base_url=HERE, raise_server_exceptions=False)


def test_a_process_that_lives_is_healthy_whatever_else_is_broken() -> None:
    """Restarting it would mend nothing else."""
    answer = failing(Unavailable("database-unavailable", "The database does not answer.")).get("/health")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_a_whole_deployment_is_ready(client: TestClient) -> None:
    """Every part is asked and named."""
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": [{"name": name, "code": "ok"} for name in ("database", "schema", "vault", "witness", "library")],
    }


@pytest.mark.parametrize(
    ("gone", "name", "code"), [("vault", "vault", "vault-absent"), ("custody", "witness", "witness-absent")]
)
def test_a_part_that_is_gone_is_named_by_its_code(
    client: TestClient, settings: Settings, gone: str, name: str, code: str
) -> None:
    """And the others are told with it."""
    client.get("/ready")
    (settings.data / gone).rename(settings.data / "elsewhere")
    answer = client.get("/ready")
    checks = {check["name"]: check["code"] for check in answer.json()["checks"]}
    assert (answer.status_code, answer.json()["ready"], checks[name]) == (503, False, code)
    assert checks["database"] == "ok"
    (settings.data / "elsewhere").rename(settings.data / gone)
    assert client.get("/ready").status_code == 200


@pytest.mark.parametrize(
    "error",
    [
        Refused("schema-version", "The database has another schema."),
        Unavailable("database-unavailable", "The database does not answer."),
    ],
)
def test_a_deployment_that_does_not_open_says_why_and_is_tried_again(error: Refused | Unavailable) -> None:
    """No crash, and no restart needed once it is mended."""
    client = failing(error)
    for path in ("/ready", "/metrics"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert error.code in answer.text


def test_metrics_are_what_prometheus_reads(client: TestClient) -> None:
    """Counted from the database, with the process's own beside them."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'triage_items{outcome="pending"} 0.0' in answer.text
    assert 'triage_chamber_layer{floor="true",layer="limits"} 1.0' in answer.text
    assert "process_resident_memory_bytes" in answer.text


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/none", "/docs", "/openapi.json"])
def test_every_answer_is_closed_numbered_and_kept_by_nobody(client: TestClient, path: str) -> None:
    """Errors too."""
    answer = client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert len(answer.headers["x-request-id"]) == 12
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8470", 200), ("triage.example", 200), ("evil.example", 400), ("127.0.0.1.evil.example", 400)],
)
def test_it_answers_under_its_own_names_only(client: TestClient, host: str, status: int) -> None:
    """A page elsewhere may point a name of its own at this machine, and ask through a visitor's browser."""
    answer = client.get("/health", headers={"Host": host})
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_fault_of_ours_is_a_number_to_look_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer and the log say nothing of what failed but its kind and place."""
    said = StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    configure_logs("json", "info")
    answer = failing(ZeroDivisionError(f"secret {tmp_path}")).get("/ready?q=secret")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "unexpected")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert {line["request"] for line in lines if "request" in line} == {answer.headers["x-request-id"]}
    assert "ZeroDivisionError" in said.getvalue()
    assert "secret" not in said.getvalue() + answer.text


def test_a_request_is_logged_by_route_never_by_path(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may hold anything; so may a query and a method."""
    said = StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    client.get("/ready")
    client.get("/private-name.jpg?also=private")
    client.request("PRIVATE", "/health")
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    told = [(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request answered"]
    assert told == [("GET", "/ready", 200), ("GET", "none", 404), ("OTHER", "/health", 405)]
    assert "private" not in said.getvalue().lower()
    assert logging.getLogger("triage").level == logging.INFO
