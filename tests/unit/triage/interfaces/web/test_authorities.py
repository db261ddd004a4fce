"""Authorities over the network: a unit's own system records them, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.reported import NOT_VIEWED, FinishedReports
from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.domain.legal import Legal
from triage.domain.senders import Scope, SenderKind
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.settings import load_settings

GIVEN = {"kind": "warrant", "reference": "W 1", "person": "A judge", "given_at": "2026-03-16T09:00:00+07:00"}


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    """A new deployment with one reported file that nobody opened: I-1 in S-1."""
    settings = load_settings(data=tmp_path / "deployment")
    initialise(settings)
    opened = open_application(settings)
    assert FinishedReports(opened.store).report(files=[("a", NOT_VIEWED)]) == 1
    yield opened
    opened.close()


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    deployment = Deployment(lambda: open_application(application.settings))
    with TestClient(web_app(deployment, ()), base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def key(application: Application, kind: SenderKind, scope: Scope = Scope.AUTHORISE, *, sandbox: bool = False) -> str:
    """The token of a new key of a new sender."""
    name = f"sender-{len(application.admitting.senders())}"
    application.admitting.add_sender(name, kind, "TH", Legal("Act 1"))
    return application.admitting.issue(name, frozenset({scope}), timedelta(days=1), sandbox=sandbox).token


def ask(
    client: TestClient, token: str, given: object = GIVEN, submission: str = "S-1"
) -> tuple[int, dict[str, object]]:
    answer = client.post(
        f"/v1/submissions/{submission}/authorities", json=given, headers={"Authorization": f"Bearer {token}"}
    )
    return answer.status_code, answer.json()


def test_a_unit_records_an_authority(application: Application, client: TestClient) -> None:
    """Sent again it has the same answer and no second record; the log names the key."""
    token = key(application, SenderKind.UNIT)
    status, told = ask(client, token, {**GIVEN, "item": "I-1"})
    assert (status, told["authority"], told["item"], told["submission"]) == (201, "A-1", "I-1", "S-1")
    assert ask(client, token, {**GIVEN, "item": "I-1"}) == (201, told)
    with application.store.reading() as unit:
        assert unit.gates.shut_count([1], application.authorising.clock()) == 0
        (recorded,) = unit.authorities.of_submissions([1])
    assert recorded.recorded_by.endswith(f"/{token.partition('.')[0]}")


@pytest.mark.parametrize("kind", [SenderKind.PROVIDER, SenderKind.HOTLINE])
def test_who_reports_cannot_say_that_we_may_look(
    application: Application, client: TestClient, kind: SenderKind
) -> None:
    """Not even with a key of that scope; nor can the sandbox, nor a unit's key of another scope."""
    tokens = {
        key(application, kind): "may-not-authorise",
        key(application, SenderKind.UNIT, sandbox=True): "may-not-authorise",
        key(application, SenderKind.UNIT, Scope.PUSH): "scope-missing",
    }
    for token, code in tokens.items():
        status, told = ask(client, token)
        assert (status, told["error"]["code"]) == (403, code)  # type: ignore[index]  # an error is a mapping
    with application.store.reading() as unit:
        assert unit.authorities.all(10) == []


@pytest.mark.parametrize(
    ("given", "submission", "status"),
    [
        ({**GIVEN, "given_at": "2026-03-16T09:00:00"}, "S-1", 422),
        ({**GIVEN, "kind": "hunch"}, "S-1", 422),
        ({**GIVEN, "reference": ""}, "S-1", 422),
        ({**GIVEN, "person": "  "}, "S-1", 403),
        ({**GIVEN, "more": 1}, "S-1", 422),
        ({**GIVEN, "item": "I-9"}, "S-1", 404),
        (GIVEN, "S-9", 404),
        (GIVEN, "S-999999999999999999", 404),
        (GIVEN, "R-1", 422),
    ],
)
def test_what_is_refused(
    application: Application, client: TestClient, given: object, submission: str, status: int
) -> None:
    """Nothing is recorded of it."""
    assert ask(client, key(application, SenderKind.UNIT), given, submission)[0] == status
    with application.store.reading() as unit:
        assert unit.authorities.all(10) == []


def test_without_a_key_nothing_is_told(client: TestClient) -> None:
    assert client.post("/v1/submissions/S-1/authorities", json=GIVEN).status_code == 401
