"""A hotline that keeps no media, at both doors: its pictures are examined and answered; their bytes are nowhere."""

from __future__ import annotations

import base64
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from tests.cybertip_documents import REPORT
from tests.integration.deployments import Deployment as Program
from tests.integration.test_ispws import HERE
from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.domain.legal import Legal
from triage.domain.senders import Scope, SenderKind
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.settings import load_settings
from triage.store.tables import fingerprint, item

MARKER = b"planted marker of a file that nobody keeps"


def picture(seed: int) -> bytes:
    """Noise, with a marker behind its end."""
    pixels = np.random.default_rng(seed).integers(0, 256, (200, 200, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((400, 400)).save(out, "PNG")
    return out.getvalue() + MARKER


KNOWN, NEW = picture(1), picture(2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything that this program writes lies, temporary files too, its child processes' among them."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[tuple[TestClient, Application, str]]:
    """The web application over a deployment that knows one picture, and the hotline's token."""
    settings = load_settings(data=folder / "data")
    initialise(settings)
    (folder / "list.txt").write_text(f"{sha256(KNOWN).hexdigest()}\n", encoding="ascii")
    Program(folder / "data").done("hashsets", "import", folder / "list.txt", "--name", "made-up", "--kind", "known")
    deployment = Deployment(lambda: open_application(settings))
    with TestClient(web_app(deployment, ()), base_url=HERE) as client:
        application = deployment.application()
        admitting = application.admitting
        admitting.add_sender("hotline", SenderKind.HOTLINE, "TH", Legal("made-up statute 1"), keeps_media=False)
        issued = admitting.issue("hotline", frozenset({Scope.REPORT}), timedelta(days=1))
        yield client, application, issued.token


def whole(client: TestClient, token: str) -> None:
    """One report in one form."""
    files = [{"name": f"{one}.png", "part": one} for one in ("known", "new")]
    report = {"incident": {"types": ["material"]}, "files": files, "finish": True}
    parts = {"report": (None, json.dumps(report), "application/json"), "known": KNOWN, "new": NEW}
    answer = client.post("/v1/reports", files=parts, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, [one["state"] for one in answer.json()["files"]]) == (201, ["arrived"] * 2)


def step_by_step(client: TestClient, token: str) -> None:
    """Opened, two files, finished."""
    headers = {"Authorization": f"Bearer {token}"}
    report = client.post("/v1/reports", json={"incident": {"types": ["material"]}}, headers=headers).json()["id"]
    for data in (KNOWN, NEW):
        parts = {"file": (None, json.dumps({"name": "a.png"}), "application/json"), "data": data}
        answer = client.post(f"/v1/reports/{report}/files", files=parts, headers=headers)
        assert (answer.status_code, answer.json()["sha256"]) == (201, sha256(data).hexdigest())
    assert client.post(f"/v1/reports/{report}/finish", headers=headers).status_code == 200


def ispws(client: TestClient, token: str) -> None:
    """The same in the shape of the CyberTipline."""
    headers = {"Authorization": "Basic " + base64.b64encode(token.replace(".", ":", 1).encode()).decode()}
    said = fromstring(client.post("/ispws/submit", content=REPORT.encode(), headers=headers).content)
    number = said.findtext("reportId") or ""
    for data in (KNOWN, NEW):
        answer = client.post("/ispws/upload", data={"id": number}, files={"file": ("a.png", data)}, headers=headers)
        assert fromstring(answer.content).findtext("responseCode") == "0"
    done = client.post("/ispws/finish", data={"id": number}, headers=headers)
    assert fromstring(done.content).findtext("responseCode") == "0"


@pytest.mark.parametrize("way", [whole, step_by_step, ispws])
def test_its_bytes_are_nowhere_and_its_pictures_are_answered(
    client: tuple[TestClient, Application, str], folder: Path, way: Callable[[TestClient, str], None]
) -> None:
    """Known closes, new is compared; a search of data, database and temporary files finds the marker nowhere."""
    web, application, token = client
    way(web, token)
    Program(folder / "data").work()
    with application.store.reading() as unit:
        outcomes = {bytes(one.sha256): one.outcome for one in unit.connection.execute(select(item))}
        exact = set(unit.connection.execute(select(fingerprint.c.item_id)).scalars())
    assert outcomes == {sha256(KNOWN).digest(): "known", sha256(NEW).digest(): "unknown"}
    assert len(exact) == 2
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if MARKER in path.read_bytes()] == []
    assert list(application.vault.segments()) == []  # not sealed either


def test_a_whole_line_of_uploads_is_refused(client: tuple[TestClient, Application, str]) -> None:
    """What comes in parts would have to lie somewhere until all of it is here."""
    web, _, token = client
    headers = {"Authorization": f"Bearer {token}"}
    report = web.post("/v1/reports", json={"incident": {"types": ["material"]}}, headers=headers).json()["id"]
    answer = web.post(f"/v1/reports/{report}/files", json={"bytes": "later", "size": 9}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "media-not-kept")
