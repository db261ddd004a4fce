"""A served deployment with senders and keys, asked through the application itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.domain.legal import Legal
from triage.domain.senders import Scope, SenderKind
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.settings import load_settings

HERE = "http://127.0.0.1:8470"


@dataclass
class Served:
    """The application, its services, and a client without a key."""

    services: Application
    client: TestClient
    provider: str

    def key(self, *scopes: Scope, name: str = "", sandbox: bool = False) -> dict[str, str]:
        """Headers with a new key of this test's provider, or of another."""
        name = name or self.provider
        admitting = self.services.admitting
        if name not in {one.name for one in admitting.senders()}:
            admitting.add_sender(name, SenderKind.PROVIDER, "TH", Legal("made-up statute 1"))
        chosen = frozenset(scopes or (Scope.REPORT, Scope.KNOWN))
        token = admitting.issue(name, chosen, timedelta(days=365), sandbox=sandbox).token
        return {"Authorization": f"Bearer {token}"}

    def report(self, headers: dict[str, str], **more: Any) -> Any:
        """A new report's answer."""
        document = {"incident": {"types": ["material"], "at": "2026-11-20T10:00:00+07:00"}, **more}
        return self.client.post("/v1/reports", json=document, headers=headers)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Application, TestClient]]:
    """One deployment for a file of tests, whose limits are small enough to be met."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRIAGE_API__MAX_BODY_BYTES", "200000")
        environment.setenv("TRIAGE_API__MAX_FILES", "5")
        settings = load_settings(data=tmp_path_factory.mktemp("served") / "data")
    initialise(settings)
    opened = Deployment(lambda: open_application(settings))
    with TestClient(web_app(opened, ()), base_url=HERE, raise_server_exceptions=False) as client:
        yield opened.application(), client


@pytest.fixture
def served(deployment: tuple[Application, TestClient]) -> Served:
    """The deployment, with a provider of this test's own."""
    return Served(*deployment, f"provider-{secrets.token_hex(4)}")
