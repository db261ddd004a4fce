"""The tus door: its headers, its statuses, its errors. What lies below it is tested over real databases elsewhere."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from triage.bootstrap import Application, open_application
from triage.chamber.sealing import Layer
from triage.deploying import initialise
from triage.domain.legal import Legal
from triage.domain.senders import Scope, SenderKind
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.settings import load_settings

HERE = "http://127.0.0.1:8470"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
DATA = b"only noise" * 1_000


Headers = Mapping[str, str | bytes]
NONE: Headers = {}


class Door:
    """A client with a key of its own, and one push."""

    def __init__(self, client: TestClient, application: Application) -> None:
        self.client, self.application = client, application
        self.prefix, self.key = "", ""
        self.issue(Scope.PUSH)
        opened = self.ask("POST", "/v1/pushes", {}, b'{"case":"C","exhibit":"E","label":"laptop:/x"}')
        self.push = opened.json()["push"]

    def issue(self, scope: Scope) -> None:
        issued = self.application.admitting.issue("unit-one", frozenset({scope}), timedelta(days=1))
        self.prefix, self.key = issued.key.prefix, f"Bearer {issued.token}"

    def ask(self, method: str, path: str, headers: Headers = NONE, body: bytes = b"") -> Response:
        return self.client.request(method, path, headers={"Authorization": self.key, **headers}, content=body)

    def told(self, method: str, path: str, headers: Headers = NONE, body: bytes = b"") -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = self.ask(method, path, headers, body)
        return answer.status_code, answer.json()["error"]["code"]

    def begun(self, length: int = len(DATA), name: str = "x.bin", **more: str) -> str:
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        answer = self.ask(
            "POST",
            f"/v1/pushes/{self.push}/uploads",
            {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata, **more},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Location"])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Application]]:
    """The application over one deployment with one sender."""
    chosen = load_settings(data=tmp_path_factory.mktemp("served") / "data")
    initialise(chosen)
    deployment = Deployment(lambda: open_application(chosen))
    app = web_app(deployment, (Layer("limits", active=True, detail=""),))
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        application = deployment.application()
        application.admitting.add_sender("unit-one", SenderKind.UNIT, "TH", Legal("made-up warrant"))
        yield client, application


@pytest.fixture
def door(served: tuple[TestClient, Application]) -> Door:
    return Door(*served)


def test_options_tell_what_is_spoken(door: Door) -> None:
    """Without a key: nothing of a sender is in it."""
    answer = door.client.options("/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(1 << 40)
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "termination",
        "expiration",
        "checksum",
    }


def test_in_two_parts_to_the_vault(door: Door) -> None:
    """HEAD tells how far it is, GET what became of it."""
    upload = door.begun()
    answer = door.ask("PATCH", upload, {**BYTES, "Upload-Offset": "0"}, DATA[:300])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "300")
    assert answer.headers["Upload-Expires"].endswith(" GMT")
    head = door.ask("HEAD", upload, TUS)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("300", "10000")
    assert head.headers["Cache-Control"] == "no-store"
    door.ask("PATCH", upload, {**BYTES, "Upload-Offset": "300"}, DATA[300:])
    for _ in range(200):
        told = door.ask("GET", upload).json()
        if told["state"] == "taken":
            break
        time.sleep(0.05)
    assert (told["state"], told["sha256"]) == ("taken", hashlib.sha256(DATA).hexdigest())


def test_made_with_its_first_bytes(door: Door) -> None:
    """One request less."""
    answer = door.ask(
        "POST",
        f"/v1/pushes/{door.push}/uploads",
        {**BYTES, "Upload-Length": "10", "Upload-Metadata": "path YQ=="},
        b"12345",
    )
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5")


def test_an_ended_upload_is_gone(door: Door) -> None:
    """410, with a code where there is a body."""
    upload = door.begun()
    assert door.ask("DELETE", upload, TUS).status_code == 204
    assert door.ask("HEAD", upload, TUS).status_code == 410
    assert door.told("PATCH", upload, {**BYTES, "Upload-Offset": "0"}, b"1") == (410, "upload-dropped")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({**BYTES, "Upload-Offset": "7"}, (409, "upload-offset-wrong")),
        ({**BYTES, "Upload-Offset": "-1"}, (400, "header-invalid")),
        ({**BYTES, "Upload-Offset": "\u0661"}, (400, "header-invalid")),
        (BYTES, (400, "header-invalid")),
        ({**TUS, "Upload-Offset": "0"}, (415, "media-type-wrong")),
        ({**BYTES, "Tus-Resumable": "0.2.2", "Upload-Offset": "0"}, (412, "tus-version")),
        ({"Content-Type": BYTES["Content-Type"], "Upload-Offset": "0"}, (412, "tus-version")),
        ({**BYTES, "Upload-Offset": "0", "Upload-Checksum": "md5 AAAA"}, (400, "checksum-unknown")),
        ({**BYTES, "Upload-Offset": "0", "Upload-Checksum": "sha256 AAAA"}, (400, "header-invalid")),
        ({**BYTES, "Upload-Offset": "0", "Upload-Checksum": "sha256 !"}, (400, "header-invalid")),
        ({**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "DELETE"}, (400, "method-overridden")),
        ({**BYTES, "Upload-Offset": "0", "Authorization": "Bearer nothing"}, (401, "key-unknown")),
        ({**BYTES, "Upload-Offset": "0", "Authorization": ""}, (401, "key-missing")),
    ],
)
def test_bad_headers_are_refused_and_change_nothing(
    door: Door, headers: Mapping[str, str], expected: tuple[int, str]
) -> None:
    """Each with its code; the version is told beside every answer."""
    upload = door.begun()
    encoded = {name: value.encode() for name, value in headers.items()}
    assert door.told("PATCH", upload, encoded, b"12345") == expected
    assert door.ask("HEAD", upload, TUS).headers["Upload-Offset"] == "0"


def test_a_checksum_of_one_request(door: Door) -> None:
    """460 as the extension says, and nothing of the request is kept."""
    upload = door.begun(10)
    wrong, right = (base64.b64encode(hashlib.sha1(data).digest()).decode() for data in (b"x", b"12345"))
    headers = {**BYTES, "Upload-Offset": "0", "Upload-Checksum": f"sha1 {wrong}"}
    assert door.told("PATCH", upload, headers, b"12345") == (460, "checksum-mismatch")
    headers["Upload-Checksum"] = f"sha1 {right}"
    answer = door.ask("PATCH", upload, headers, b"12345")
    assert answer.headers["Upload-Offset"] == "5"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (400, "header-invalid")),
        ({"Upload-Defer-Length": "1"}, (400, "header-invalid")),
        ({"Upload-Length": str(1 << 41), "Upload-Metadata": "path YQ=="}, (413, "upload-too-large")),
        ({"Upload-Length": "9" * 30}, (400, "header-invalid")),
        ({"Upload-Length": "5", "Upload-Metadata": "filename"}, (422, "offer-invalid")),
        ({"Upload-Length": "5", "Upload-Metadata": "path !!"}, (400, "header-invalid")),
        ({"Upload-Length": "5", "Upload-Metadata": "path YQ==,mtime_ns eA=="}, (400, "header-invalid")),
        ({"Upload-Length": "5", "Upload-Metadata": "path YQ==,sha256 eA=="}, (400, "header-invalid")),
    ],
)
def test_bad_beginnings(door: Door, headers: Mapping[str, str], expected: tuple[int, str]) -> None:
    """No upload is made of them."""
    assert door.told("POST", f"/v1/pushes/{door.push}/uploads", {**TUS, **headers}) == expected


def test_too_much_is_refused_before_it_comes(door: Door) -> None:
    """By what the request says of its length, and by what it brings."""
    upload = door.begun(3)
    assert door.told("PATCH", upload, {**BYTES, "Upload-Offset": "0"}, b"12345") == (413, "upload-too-long")


def test_a_name_is_never_a_path_here(door: Door) -> None:
    """Only ids become names of files."""
    folder = door.application.settings.data.parent
    for name in ("../../../evil", "/etc/evil", "a\x00b"):
        door.ask("PATCH", door.begun(1, name), {**BYTES, "Upload-Offset": "0"}, b"1")
    assert not [path for path in folder.rglob("*") if "evil" in path.name]


@pytest.mark.parametrize("name", ["..%2Fvault.key", "x" * 32, "../keys/vault.key", "0" * 32])
def test_an_upload_that_is_none(door: Door, name: str) -> None:
    """404 whatever it is called."""
    assert door.ask("GET", f"/uploads/{name}").status_code == 404


def test_a_revoked_key_stops_the_next_request(door: Door) -> None:
    """At once, and what came is kept for another key."""
    upload = door.begun()
    door.ask("PATCH", upload, {**BYTES, "Upload-Offset": "0"}, DATA[:10])
    door.application.admitting.revoke(door.prefix)
    assert door.told("PATCH", upload, {**BYTES, "Upload-Offset": "10"}, DATA[10:]) == (401, "key-revoked")
    door.issue(Scope.PUSH)
    assert door.ask("HEAD", upload, TUS).headers["Upload-Offset"] == "10"


def test_another_scope_pushes_nothing(door: Door) -> None:
    """A provider's key is none for seizures."""
    door.issue(Scope.REPORT)
    assert door.told("POST", "/v1/pushes", {}, b'{"case":"C","exhibit":"E","label":"l"}') == (403, "scope-missing")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", b"{"),
        ("", b"[]"),
        ("", b'{"case":"C"}'),
        ("", b'{"case":"C","exhibit":"E","label":"l","more":1}'),
        ("", b'{"case":"C\\u0000","exhibit":"E","label":"l"}'),
        ("", b'{"case":"\\ud800","exhibit":"E","label":"l"}'),
        ("/offers", b'{"offers":[{"path":"!","size":1,"mtime_ns":1}]}'),
        ("/offers", b'{"offers":[{"path":"YQ==","size":"x","mtime_ns":1}]}'),
        ("/offers", b'{"problems":[{"path":"YQ==","code":"none-such"}]}'),
        ("/offers", b'{"offers":' + b"[" * 100_000),
        ("/finish", b'{"manifest":"00"}'),
    ],
)
def test_json_that_is_not_as_documented(door: Door, path: str, body: bytes) -> None:
    """Refused with a code, never a fault of ours, and no value comes back."""
    where = f"/v1/pushes/{door.push}{path}" if path else "/v1/pushes"
    assert door.told("POST", where, {}, body) == (400, "request-invalid")


def test_packs_have_a_type_and_an_end(door: Door) -> None:
    """Anything else is refused before it is in memory."""
    where = f"/v1/pushes/{door.push}/packs"
    assert door.told("POST", where, {}, b"x") == (415, "media-type-wrong")
    kind = {"Content-Type": "application/vnd.triage.pack"}
    assert door.told("POST", where, kind, b"x") == (422, "pack-invalid")
    assert door.told("POST", where, kind, bytes((16 << 20) + 1)) == (413, "body-too-large")
