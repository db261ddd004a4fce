"""The ispws door over a whole deployment: what a provider that reports in that shape meets, on both databases."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha1
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from sqlalchemy import URL, create_engine, select, text
from starlette.testclient import TestClient

from tests.cybertip_documents import REPORT, file_details
from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.domain.legal import Legal, Origin
from triage.domain.reports import ReportState
from triage.domain.senders import Scope, SenderKind
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.settings import Settings, load_settings
from triage.store.intake_tables import report, reported_file, reported_identifier, upload

HERE = "http://127.0.0.1:8470"
PLANTED = b"planted plain text, made up " * 4_000
"""112 kB of a file; more than once the 64 kB in which frames and forms are read."""


@dataclass
class Door:
    """The door, and a provider's key at it."""

    client: TestClient
    application: Application
    auth: tuple[str, str]

    def get(self, address: str) -> Element:
        """An answer as a document."""
        answer = self.client.get(f"/ispws{address}", auth=self.auth)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/xml")
        return fromstring(answer.content)

    def post(self, address: str, **body: object) -> Element:
        """The same, of something that is sent."""
        answer = self.client.post(f"/ispws{address}", auth=self.auth, **body)  # type: ignore[arg-type]  # as httpx takes it
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/xml")
        assert answer.headers["Request-ID"] == answer.headers["X-Request-ID"]
        return fromstring(answer.content)

    def submit(self, document: str = REPORT) -> int:
        """A report's number."""
        return int(said(self.post("/submit", content=document.encode()), "reportId"))

    def upload(self, number: int, data: bytes = PLANTED, name: str = "one.bin") -> Element:
        """The answer to an upload."""
        return self.post("/upload", data={"id": str(number)}, files={"file": (name, io.BytesIO(data))})


def said(document: Element, name: str) -> str:
    """The text of an element of an answer."""
    return document.findtext(name) or ""


def code(document: Element) -> int:
    """The response code of an answer."""
    return int(said(document, "responseCode"))


BOTH = pytest.mark.parametrize("settings", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A new deployment, on SQLite where the test does not say otherwise."""
    if getattr(request, "param", "sqlite") == "sqlite":
        chosen = load_settings(data=tmp_path / "data")
        initialise(chosen)
        yield chosen
        return
    server: URL = request.getfixturevalue("postgres_server")
    name = f"cybertip_test_{tmp_path.name.replace('-', '_')}_{id(tmp_path)}"[:60]
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = server.set(database=name).render_as_string(hide_password=False)
    monkeypatch.setenv("TRIAGE_DATABASE__URL", url)
    chosen = load_settings(data=tmp_path / "data")
    initialise(chosen)
    yield chosen
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture
def door(settings: Settings) -> Iterator[Door]:
    """The whole application, with a provider's key."""
    deployment = Deployment(lambda: open_application(settings))
    with TestClient(web_app(deployment, ()), base_url=HERE, raise_server_exceptions=False) as client:
        application = deployment.application()
        application.admitting.add_sender("host", SenderKind.PROVIDER, "US", Legal("18 USC 2258A"))
        yield Door(client, application, key(application, "host"))


def key(application: Application, name: str, *scopes: Scope, sandbox: bool = False) -> tuple[str, str]:
    """Name and password of a new key."""
    issued = application.admitting.issue(
        name, frozenset(scopes or (Scope.REPORT,)), timedelta(days=1), sandbox=sandbox
    )
    prefix, secret = issued.token.split(".")
    return prefix, secret


@BOTH
def test_a_provider_reports_as_it_always_has(door: Door, settings: Settings) -> None:
    """Status, schema, report, file, what is told of it, the end: then it is a submission with an item."""
    assert code(door.get("/status")) == 0
    assert door.get("/xsd").tag.endswith("schema")
    number = door.submit()
    uploaded = door.upload(number)
    file_id = said(uploaded, "fileId")
    assert re.fullmatch("[0-9a-f]{32}", file_id)
    assert said(uploaded, "hash") == md5(PLANTED).hexdigest()
    hashes = (
        f'<originalFileHash hashType="SHA1">{sha1(PLANTED).hexdigest()}</originalFileHash>'
        f'<originalFileHash hashType="MD5">{md5(b"before it was made smaller").hexdigest()}</originalFileHash>'
    )
    described = door.post("/fileinfo", content=file_details(number, file_id, hashes))
    assert (code(described), said(described, "reportId"), said(described, "fileId")) == (0, str(number), file_id)
    done = door.post("/finish", data={"id": str(number)})
    assert (done.tag, code(done), said(done, "reportId")) == ("reportDoneResponse", 0, str(number))
    assert [one.text for one in done.findall("files/fileId")] == [file_id]

    with door.application.store.reading() as unit:
        kept = unit.connection.execute(select(report)).one()
        file = unit.connection.execute(select(reported_file)).one()
        assert (kept.door, kept.state) == ("ispws", ReportState.FINISHED)
        assert (file.viewed, file.facts["name"]) == ("yes", "IMG_0001.PNG")
        assert file.item_id is not None
        details = dict(map(tuple, file.facts["details"]))
        assert details["original md5"] == md5(b"before it was made smaller").hexdigest()
        found = unit.connection.execute(
            select(reported_identifier.c.value, reported_identifier.c.port).where(reported_identifier.c.kind == "ip")
        ).all()
        assert ("203.0.113.7", 54321) in [tuple(row) for row in found]
        submission = unit.submissions.get(kept.submission_id)
        assert submission.delivery.origin is Origin.PROVIDER
        assert submission.delivery.basis == "18 USC 2258A"
    on_disk = [path for path in settings.data.rglob("*") if path.is_file()]
    assert on_disk
    assert not [path for path in on_disk if b"planted plain text" in path.read_bytes()]


def test_a_report_without_files_is_finished(door: Door) -> None:
    """And a form without a file may come as multipart."""
    number = door.submit()
    done = door.post("/finish", files={"id": (None, str(number))})  # as clients that send every form as multipart
    assert (code(done), done.findall("files/fileId")) == (0, [])


def test_what_became_of_it_is_asked_at_the_other_door_by_its_number(door: Door) -> None:
    """The same key asks; another sender's key, or a sandbox's, finds no such report."""
    number = door.submit()
    file_id = said(door.upload(number), "fileId")
    assert code(door.post("/finish", data={"id": str(number)})) == 0
    asked = door.client.get(f"/v1/reports/{number}/outcome", headers=bearer(door.auth))
    assert asked.status_code == 200
    assert asked.json()["files"] == [{"id": file_id, "outcome": "received"}]
    by_id = door.client.get(f"/v1/reports/{asked.json()['id']}/outcome", headers=bearer(door.auth))
    assert by_id.json() == asked.json()
    door.application.admitting.add_sender("other", SenderKind.PROVIDER, "US", Legal("18 USC 2258A"))
    for auth in (key(door.application, "other"), key(door.application, "host", sandbox=True)):
        answer = door.client.get(f"/v1/reports/{number}/outcome", headers=bearer(auth))
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no-report")


def bearer(auth: tuple[str, str]) -> dict[str, str]:
    """Name and password as the other door takes them."""
    return {"Authorization": f"Bearer {auth[0]}.{auth[1]}"}


@BOTH
def test_states_are_kept(door: Door) -> None:
    """Twice finished, finished and retracted, retracted and finished; nothing comes in after the end."""
    number = door.submit()
    file_id = said(door.upload(number), "fileId")
    assert code(door.post("/finish", data={"id": str(number)})) == 0
    again = door.post("/finish", data={"id": str(number)})
    assert (again.tag, code(again), said(again, "reportId")) == ("reportDoneResponse", 5102, str(number))
    for late in (
        door.upload(number),
        door.post("/fileinfo", content=file_details(number, file_id)),
        door.post("/retract", data={"id": str(number)}),
    ):
        assert (late.tag, code(late), said(late, "reportId")) == ("reportResponse", 5102, str(number))

    number = door.submit()
    door.upload(number, b"other bytes, made up")
    assert code(door.post("/retract", data={"id": str(number)})) == 0
    assert code(door.post("/retract", data={"id": str(number)})) == 5101
    assert code(door.upload(number)) == 5101
    assert code(door.post("/finish", data={"id": str(number)})) == 5101
    with door.application.store.reading() as unit:
        [sealed] = unit.connection.execute(select(upload.c.sealed).where(upload.c.state == "dropped")).scalars()
        assert not sealed


@BOTH
def test_what_is_not_there_has_its_codes(door: Door) -> None:
    """A report, a file, another's report, another's file in one's own, an expired report."""
    number = door.submit()
    file_id = said(door.upload(number), "fileId")
    other = door.submit()
    assert code(door.upload(number + 1_000)) == 5001
    assert code(door.post("/finish", data={"id": str(number + 1_000)})) == 5001
    assert code(door.post("/fileinfo", content=file_details(number + 1_000, file_id))) == 5001
    assert code(door.post("/fileinfo", content=file_details(number, "0" * 32))) == 5002
    assert code(door.post("/fileinfo", content=file_details(other, file_id))) == 5002
    door.application.admitting.add_sender("rival", SenderKind.PROVIDER, "US", Legal("18 USC 2258A"))
    for auth in (key(door.application, "rival"), key(door.application, "host", sandbox=True)):
        rival = Door(door.client, door.application, auth)
        assert code(rival.upload(number)) == 5001
        assert code(rival.post("/retract", data={"id": str(number)})) == 5001
        assert code(rival.post("/fileinfo", content=file_details(number, file_id))) == 5001
    assert code(door.post("/retract", data={"id": str(number)})) == 0


@BOTH
def test_an_unfinished_report_is_dropped_after_a_day(door: Door) -> None:
    """24 hours after it was opened, an hour after its last change: then nothing is there any more."""
    number = door.submit()
    door.upload(number)
    day = timedelta(hours=24, minutes=1)
    with door.application.store.writing() as unit:
        ago = datetime.now(UTC) - day
        unit.connection.execute(report.update().values(opened_at=ago))
        unit.commit()
    assert code(door.upload(number)) == 0  # the last change counts
    with door.application.store.writing() as unit:
        unit.connection.execute(report.update().values(changed_at=datetime.now(UTC) - timedelta(hours=1, minutes=1)))
        unit.commit()
    assert code(door.upload(number)) == 5001
    assert code(door.post("/finish", data={"id": str(number)})) == 5001
    assert door.application.taking_reports.sweep() == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace("<reporter>", "<!-- --><reporter"), 4110),
        (lambda text: '<!DOCTYPE r [<!ENTITY a "b">]>' + text.split("\n", 1)[1], 4110),
        (lambda text: text.replace("Online Enticement of Children for Sexual Acts", "made up"), 4100),
        (lambda text: re.sub("(?s)(<incidentSummary>.*</incidentSummary>)(.*)(</report>)", r"\2\1\3", text), 4100),
        (lambda text: text.replace("<report ", "<fileDetails ").replace("</report>", "</fileDetails>"), 4100),
        (lambda text: text.replace("made up: a meeting", "a" * 5_000_000), 4100),
        (lambda _text: "", 4110),
    ],
)
def test_a_wrong_report_opens_nothing(door: Door, change: Callable[[str], str], expected: int) -> None:
    """The code says which sort of wrong it is; the words name a place and nothing of the report."""
    answer = door.post("/submit", content=change(REPORT).encode())
    assert code(answer) == expected
    assert answer.find("reportId") is None
    assert "made up" not in said(answer, "responseDescription")
    with door.application.store.reading() as unit:
        assert unit.connection.execute(select(report)).all() == []


def test_nobody_comes_in_without_a_key(door: Door) -> None:
    """401 without a word, whatever is wrong; a key without the scope may ask for the status and no more."""
    prefix, secret = door.auth
    for wrong in ((prefix, "wrong"), ("nobody", secret), (prefix, ""), (f"{prefix}.{secret}", "")):
        answer = door.client.post("/ispws/submit", auth=wrong, content=REPORT.encode())
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["Request-ID"]
    for header in ("", "Basic", "Basic ?", "Bearer x.y", f"Bearer {prefix}.{secret}", "Basic /////w=="):
        answer = door.client.get("/ispws/status", headers={"Authorization": header})
        assert (answer.status_code, answer.content) == (401, b"")
    unscoped = Door(door.client, door.application, key(door.application, "host", Scope.PUSH))
    assert code(unscoped.get("/status")) == 0
    assert code(unscoped.post("/submit", content=REPORT.encode())) == 3100
    assert code(unscoped.post("/retract", data={"id": "1"})) == 3300
    door.application.admitting.disable_sender("host")
    assert door.client.get("/ispws/status", auth=door.auth).status_code == 401


def test_a_key_that_asks_too_fast_is_told_to_wait(settings: Settings, door: Door) -> None:
    """429 with the time to wait; the code is that of a service that cannot just now."""
    api = settings.api.model_copy(update={"requests_per_second": 0.001, "burst": 2})
    deployment = Deployment(lambda: open_application(settings.model_copy(update={"api": api})))
    with TestClient(web_app(deployment, ()), base_url=HERE) as client:
        answers = [client.get("/ispws/status", auth=door.auth) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert code(fromstring(answers[-1].content)) == 1000


def test_other_addresses_and_methods_are_not_found(door: Door) -> None:
    """With a code of its own, for whoever asks."""
    for method, address in (("GET", "/submit"), ("POST", "/status"), ("GET", "/"), ("GET", "/nothing/here")):
        answer = door.client.request(method, f"/ispws{address}", auth=door.auth)
        assert answer.status_code == 404
        assert code(fromstring(answer.content)) == 1210


def test_a_fault_of_ours_is_told_in_the_doors_own_words() -> None:
    """A client of this door reads no JSON."""

    def broken() -> Application:
        raise RuntimeError("planted")

    client = TestClient(web_app(Deployment(broken), ()), base_url=HERE, raise_server_exceptions=False)
    answer = client.get("/ispws/status", auth=("a", "b"))
    assert (answer.status_code, code(fromstring(answer.content))) == (500, 1000)
    assert "planted" not in answer.text


def test_an_administrators_schema_is_served_and_asked(settings: Settings, door: Door, tmp_path: Path) -> None:
    """Beside our own rules: what it forbids is refused with 4100."""
    path = tmp_path / "own.xsd"
    path.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="report"><xs:complexType>'
        '<xs:sequence><xs:any processContents="skip" minOccurs="2" maxOccurs="2"/></xs:sequence>'
        "</xs:complexType></xs:element></xs:schema>"
    )
    stricter = settings.model_copy(update={"ispws": settings.ispws.model_copy(update={"xsd": str(path)})})
    deployment = Deployment(lambda: open_application(stricter))
    with TestClient(web_app(deployment, ()), base_url=HERE) as client:
        strict = Door(client, deployment.application(), door.auth)
        assert strict.client.get("/ispws/xsd", auth=door.auth).text == path.read_text()
        assert code(strict.post("/submit", content=REPORT.encode())) == 4100
        small = re.sub("(?s)<internetDetails>.*</lawEnforcement>", "", REPORT)
        small = re.sub("(?s)<personOrUserReported>.*(</report>)", r"\1", small)
        assert code(strict.post("/submit", content=small.encode())) == 0


def test_forms_and_files_are_bounded(settings: Settings, door: Door) -> None:
    """A file that is too long, forms that are none, numbers that are none; then all memory is free again."""
    small = settings.model_copy(update={"ispws": settings.ispws.model_copy(update={"upload_bytes": 100_000})})
    deployment = Deployment(lambda: open_application(small))
    with TestClient(web_app(deployment, ()), base_url=HERE) as client:
        bounded = Door(client, deployment.application(), door.auth)
        number = bounded.submit()
        for _ in range(10):  # more in all than may be in memory at once
            assert code(bounded.upload(number, b"a" * 100_001)) == 1111
        assert code(bounded.upload(number, b"a" * 100_000)) == 0
        assert code(bounded.post("/upload", data={"id": str(number)})) == 4000
        assert code(bounded.post("/upload", content=b"id=1")) == 4000
        assert code(bounded.post("/finish", data={"id": "one"})) == 4000
        assert code(bounded.post("/finish", data={"id": "9" * 19})) == 4000
        assert code(bounded.post("/finish", data={})) == 4000
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        for body in (
            b"",
            b"--b",
            b"--b\r\nnothing\r\n",
            b'--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n1',
        ):
            assert code(bounded.post("/upload", content=body, headers=headers)) == 4000
        cases = {"Content-Type": "multipart/form-data"}
        assert code(bounded.post("/upload", content=b"--b--", headers=cases)) == 4000


def test_a_sandbox_report_goes_the_same_way_and_becomes_nothing(door: Door) -> None:
    """The same answers; no submission, no item, no byte kept."""
    trying = Door(door.client, door.application, key(door.application, "host", sandbox=True))
    number = trying.submit()
    uploaded = trying.upload(number)
    assert said(uploaded, "hash") == md5(PLANTED).hexdigest()
    assert code(trying.post("/fileinfo", content=file_details(number, said(uploaded, "fileId")))) == 0
    assert code(trying.post("/finish", data={"id": str(number)})) == 0
    with door.application.store.reading() as unit:
        assert unit.connection.execute(select(report.c.submission_id)).scalar_one() is None
