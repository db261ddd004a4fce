"""Files of a report whose bytes come later, by tus: from the report's door to an item, over the whole application."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from tests.integration.test_ispws import HERE
from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.domain.legal import Legal
from triage.domain.senders import Scope, SenderKind
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.settings import load_settings
from triage.store.intake_tables import upload
from triage.store.tables import item, sealed_object

DATA = b"planted plain text, made up " * 40_000
OPENED = {"incident": {"types": ["material"]}}


class Provider:
    """A client with a key."""

    def __init__(self, client: TestClient, application: Application, *, sandbox: bool = False) -> None:
        self.client, self.application = client, application
        admitting = application.admitting
        if not admitting.senders():
            admitting.add_sender("provider", SenderKind.PROVIDER, "TH", Legal("made-up statute 1"))
        issued = admitting.issue("provider", frozenset({Scope.REPORT}), timedelta(days=1), sandbox=sandbox)
        self.headers = {"Authorization": f"Bearer {issued.token}"}

    def post(self, address: str, document: object = None) -> tuple[int, dict[str, object]]:
        answer = self.client.post(f"/v1/reports{address}", json=document, headers=self.headers)
        return answer.status_code, answer.json()

    def report(self) -> str:
        return str(self.post("", OPENED)[1]["id"])

    def later(self, report: str, **more: object) -> str:
        """Where the bytes of another file are awaited."""
        status, file = self.post(f"/{report}/files", {"bytes": "later", "size": len(DATA), **more})
        assert (status, file["state"]) == (201, "awaited")
        return str(file["upload"])

    def send(self, address: str, data: bytes = DATA, offset: int = 0) -> int:
        headers = {
            **self.headers,
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        status = self.client.patch(address, content=data, headers=headers).status_code
        self.application.taking_uploads.take_all()
        return status

    def finish(self, report: str) -> tuple[int, dict[str, object]]:
        """Once what has come is sealed: the server's own thread may have it in hand at this moment."""
        for _ in range(100):
            status, answer = self.post(f"/{report}/finish")
            if status != 409:
                break
            time.sleep(0.1)
        return status, answer

    def code(self, address: str) -> object:
        """Why it is refused."""
        status, answer = self.post(address)
        assert status == 409
        return answer["error"]["code"]  # type: ignore[index]  # an error


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[TestClient, Application]]:
    settings = load_settings(data=tmp_path / "data")
    initialise(settings)
    deployment = Deployment(lambda: open_application(settings))
    with TestClient(web_app(deployment, ()), base_url=HERE) as client:
        yield client, deployment.application()


@pytest.fixture
def provider(door: tuple[TestClient, Application]) -> Provider:
    return Provider(*door)


def test_the_report_waits_for_its_files(provider: Provider, tmp_path: Path) -> None:
    """Refused while bytes are missing; in two parts they come; then it is an item, and its bytes lie sealed alone."""
    report = provider.report()
    address = provider.later(report, name="a.bin", sha256=sha256(DATA).hexdigest())
    assert provider.code(f"/{report}/finish") == "files-missing"
    assert provider.send(address, DATA[:1000]) == 204
    assert provider.code(f"/{report}/finish") == "files-missing"
    assert provider.send(address, DATA[1000:], 1000) == 204
    status, finished = provider.finish(report)
    [file] = finished["files"]  # type: ignore[misc]  # a list
    assert (status, file["state"], file["sha256"], file["upload"]) == (
        200,
        "arrived",
        sha256(DATA).hexdigest(),
        None,
    )
    with provider.application.store.reading() as unit:
        assert [bytes(one) for one in unit.connection.execute(select(item.c.sha256)).scalars()] == [
            sha256(DATA).digest()
        ]
        assert len(unit.connection.execute(select(sealed_object.c.item_id)).all()) == 1
        assert unit.connection.execute(select(upload.c.state, upload.c.sealed)).one() == ("taken", None)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and DATA[:28] in path.read_bytes()]


def test_with_the_report_itself(provider: Provider) -> None:
    """Said when it is opened; a report that is to be finished at once cannot wait."""
    files = [{"name": "told", "md5": "0" * 32}, {"bytes": "later", "size": len(DATA)}]
    status, refused = provider.post("", {**OPENED, "files": files, "finish": True})
    assert (status, refused["error"]["code"]) == (409, "files-missing")  # type: ignore[index]  # an error
    status, opened = provider.post("", {**OPENED, "files": files})
    told, awaited = opened["files"]  # type: ignore[misc]  # a list
    assert (status, told["state"], told["upload"], awaited["state"]) == (201, "told", None, "awaited")
    provider.send(awaited["upload"])
    assert provider.finish(str(opened["id"]))[0] == 200


def test_other_bytes_than_were_told_fail(provider: Provider) -> None:
    """The report can only be retracted then, and nothing of it is an item."""
    report = provider.report()
    provider.send(provider.later(report, sha256=sha256(b"others").hexdigest()))
    for _ in range(100):
        [file] = provider.client.get(f"/v1/reports/{report}", headers=provider.headers).json()["files"]
        if file["state"] != "awaited":
            break
        time.sleep(0.1)
    assert file["state"] == "failed"
    assert provider.code(f"/{report}/finish") == "files-missing"
    assert provider.post(f"/{report}/retract")[0] == 200


def test_what_is_awaited_is_let_go_of_with_its_report(provider: Provider) -> None:
    """Nothing can be sent to it any more."""
    report = provider.report()
    address = provider.later(report)
    assert provider.post(f"/{report}/retract")[0] == 200
    assert provider.send(address) == 410


def test_no_bytes_at_all_are_there_at_once(provider: Provider) -> None:
    report = provider.report()
    assert provider.post(f"/{report}/files", {"bytes": "later", "size": 0})[0] == 201
    provider.application.taking_uploads.take_all()
    assert provider.finish(report)[0] == 200


def test_in_a_sandbox_they_are_digested_and_dropped(door: tuple[TestClient, Application]) -> None:
    trying = Provider(*door, sandbox=True)
    report = trying.report()
    trying.send(trying.later(report))
    status, finished = trying.finish(report)
    assert (status, finished["files"][0]["sha256"]) == (200, sha256(DATA).hexdigest())  # type: ignore[index]  # a list
    with trying.application.store.reading() as unit:
        assert unit.connection.execute(select(item.c.id)).all() == []
    assert list(trying.application.vault.segments()) == []


@pytest.mark.parametrize("wrong", [{"bytes": "later"}, {"size": 5}, {"bytes": "now", "size": 5}])
def test_what_comes_later_has_a_size(provider: Provider, wrong: dict[str, object]) -> None:
    status, refused = provider.post(f"/{provider.report()}/files", wrong)
    assert (status, refused["error"]["code"]) == (422, "request-invalid")  # type: ignore[index]  # an error
