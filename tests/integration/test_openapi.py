"""schemathesis against the served document: made-up requests of every route, right and wrong, over a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from triage.bootstrap import open_application
from triage.deploying import initialise
from triage.domain.legal import Legal
from triage.domain.senders import Scope, SenderKind
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.interfaces.web.serving import bound
from triage.settings import load_settings

schema = schemathesis.openapi.from_path(Path(__file__).parents[2] / "docs" / "openapi.json")
"""The checked-in document; a unit test says that the running server tells the same one."""


@contextmanager
def serving(data: Path, scopes: frozenset[Scope], *, sandbox: bool = False) -> Iterator[tuple[str, str]]:
    """A server of a new deployment in this process: its address, and the token of a provider."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRIAGE_API__REQUESTS_PER_SECOND", "100000")
        environment.setenv("TRIAGE_API__BURST", "100000")
        chosen = load_settings(data=data)
    initialise(chosen)
    deployment = Deployment(lambda: open_application(chosen))
    admitting = deployment.application().admitting
    admitting.add_sender("example-provider", SenderKind.PROVIDER, "TH", Legal("made-up statute 1"))
    issued = admitting.issue("example-provider", scopes, timedelta(days=1), sandbox=sandbox)
    with bound(chosen.serve.model_copy(update={"port": 0})) as listening:
        config = uvicorn.Config(web_app(deployment, ()), log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", issued.token
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """Where a server listens, and the headers of a key."""
    with serving(tmp_path_factory.mktemp("openapi") / "data", frozenset({Scope.REPORT, Scope.KNOWN})) as (at, token):
        yield at, {"Authorization": f"Bearer {token}"}


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_every_route_answers_as_documented(case: schemathesis.Case, address: tuple[str, dict[str, str]]) -> None:
    """No fault of ours, no status or shape that the document does not name, nothing without a key."""
    base_url, headers = address
    # A schema cannot say that parts and files name one another, or how long a fingerprint is.
    unsaid = case.operation.label in {"POST /v1/reports", "POST /v1/reports/{report}/files"}
    excluded = [positive_data_acceptance] if unsaid else []
    case.call_and_validate(base_url=base_url, headers=headers, excluded_checks=excluded)
