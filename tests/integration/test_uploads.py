"""Uploads and pushes through real processes: killed at random and gone on with, and no plaintext on any disk.

`TRIAGE_TEST_UPLOADS=200` is the long form: so many uploads at once, from ten clients.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment, finish
from tests.integration.test_serve import ask
from tests.servers.disk import NotAllowed, SmallDisk, small_disk
from tests.servers.processes import free_port

UPLOADS = int(os.environ.get("TRIAGE_TEST_UPLOADS", "8"))
CLIENTS = 10 if UPLOADS >= 50 else 2
KILLS = 12 if UPLOADS >= 50 else 3
MARKER = b"planted marker 5f1c: nobody may read this on a disk"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}


class Server:
    """`triage serve`, to be killed and started again at the same place; its temporary folder is its own."""

    def __init__(self, deployment: Deployment, temporary: Path, env: dict[str, str] | None = None) -> None:
        self.deployment, self.temporary, self.port = deployment, temporary, free_port()
        temporary.mkdir(exist_ok=True)
        self.env = {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary), **(env or {})}
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return when it answers."""
        self.process = self.deployment.start("serve", "--port", self.port, env=self.env)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if ask(f"{self.url}/health")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(self.process.stderr and self.process.stderr.read())

    def kill(self) -> None:
        """Without a chance to do anything."""
        assert self.process
        self.process.kill()
        self.process.communicate()

    def files_written_elsewhere(self) -> list[str]:
        """Files outside the deployment that it has open for writing: there must be none, deleted ones included."""
        assert self.process
        found = []
        for entry in Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                target = str(entry.readlink())
                flags = (entry.parents[1] / "fdinfo" / entry.name).read_text().split("flags:")[1].split()[0]
            except (FileNotFoundError, PermissionError):
                continue
            if target.startswith("/") and not target.startswith(("/dev/", str(self.deployment.data))):
                found += [target] * bool(int(flags, 8) & (os.O_WRONLY | os.O_RDWR))
        return found


@pytest.fixture
def key(deployment: Deployment, tmp_path: Path) -> Path:
    """A unit, and the file of its key."""
    return issued(deployment, tmp_path)


def issued(deployment: Deployment, folder: Path) -> Path:
    deployment.done("senders", "add", "unit-one", "--kind", "unit", "--country", "TH", "--basis", "made-up warrant")
    token = deployment.done("keys", "issue", "unit-one", "--scope", "push", "--json").json["token"]
    path = folder / "unit.key"
    path.write_text(token)
    path.chmod(0o600)
    return path


@pytest.fixture
def server(deployment: Deployment, tmp_path: Path) -> Iterator[Server]:
    made = Server(deployment, tmp_path / "temporary")
    made.start()
    yield made
    made.kill()


def noise(path: Path, size: int, seed: int) -> None:
    """Random bytes with markers in between, so that no frame is without one."""
    chance = random.Random(seed)
    data = bytearray(chance.randbytes(size))
    for start in range(0, size - len(MARKER), 60_000):
        data[start : start + len(MARKER)] = MARKER
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def pushing(server: Server, source: Path, key: Path, exhibit: str, *more: object) -> subprocess.Popen[str]:
    words = ("push", source, "--to", server.url, "--case", "C", "--exhibit", exhibit, "--key-file", key, "--json")
    return server.deployment.start(*words, *more)


def holding(folder: Path, *markers: bytes) -> list[Path]:
    """Files below a folder that hold one of the markers."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(marker in path.read_bytes() for marker in markers)
    ]


def send(
    server: Server, method: str, path: str, key: Path, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request as any client would send it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, body, {"Authorization": f"Bearer {key.read_text()}", **(headers or {})})
    with closing(connection):
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def begun(server: Server, key: Path, size: int) -> str:
    """A new upload of a push of its own."""
    stated = json.dumps({"case": "C", "exhibit": "E", "label": "laptop:/x"}).encode()
    push = json.loads(send(server, "POST", "/v1/pushes", key, stated)[2])["push"]
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": "filename YQ=="}
    status, told, body = send(server, "POST", f"/v1/pushes/{push}/uploads", key, b"", headers)
    assert status == 201, body
    return told["location"]


@pytest.mark.timeout(1_500 if UPLOADS >= 50 else 240)
def test_clients_and_server_are_killed_and_every_digest_is_equal(server: Server, key: Path, tmp_path: Path) -> None:
    """Whoever dies, and when: what arrived is what was sent, once, and none of it lay on a disk in plain."""
    chance = random.Random(11)
    sources = [tmp_path / f"source-{number}" for number in range(CLIENTS)]
    for number in range(UPLOADS):
        source = sources[number % CLIENTS]
        noise(source / f"large-{number}.bin", chance.randint(1_100_000, 6_000_000), number)
        noise(source / f"small-{number}.bin", 70_000, 1_000 + number)
    more = ("--parallel", max(2, UPLOADS // CLIENTS), "--patience", 120)
    clients = {source: pushing(server, source, key, source.name, *more) for source in sources}
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.4, 2.0))
        assert server.files_written_elsewhere() == []
        if chance.random() < 0.5:
            server.kill()
            server.start()
        else:
            source = chance.choice(sources)
            clients[source].send_signal(signal.SIGKILL)
            clients[source].communicate()
            clients[source] = pushing(server, source, key, source.name, *more)
    for source, client in clients.items():
        ran = finish(client, 600)
        assert ran.code == 0, ran.out + ran.err
        assert ran.json["files"] == len(list(source.iterdir()))
    server.kill()
    recorded = {
        (exhibit, bytes(path).decode()): bytes(digest).hex()
        for exhibit, path, digest in server.deployment.rows(
            "SELECT exhibit_ref, path, sha256 FROM occurrence JOIN item ON item.id = occurrence.item_id"
            " JOIN submission ON submission.id = occurrence.submission_id"
        )
    }
    assert recorded == {
        (source.name, path.name): hashlib.sha256(path.read_bytes()).hexdigest()
        for source in sources
        for path in source.iterdir()
    }
    assert holding(server.deployment.data, MARKER) == []
    assert holding(server.temporary, MARKER) == []
    server.deployment.assert_audit_is_clean()


def test_names_that_are_no_text_and_links(server: Server, key: Path, tmp_path: Path) -> None:
    """A folder as units have them; the second run sends nothing."""
    source = tmp_path / "source"
    source.mkdir()
    (source / os.fsdecode(b"bad\xff\xfe")).write_bytes(b"noise")
    (source / "empty").touch()
    (source / "link").symlink_to("empty")
    first = finish(pushing(server, source, key, "E"))
    assert first.code == 0, first.err
    assert (first.json["sent"], first.json["held"], first.json["problems"]) == (2, 0, 1)
    second = finish(pushing(server, source, key, "E"))
    assert (second.json["sent"], second.json["held"], second.json["manifest"]) == (0, 2, first.json["manifest"])
    assert server.deployment.rows("SELECT path, code FROM source_note") == [(b"link", "link-not-followed")]


def test_what_is_gone_at_the_source_is_not_passed_over(server: Server, key: Path, tmp_path: Path) -> None:
    """Both sides must list the same files, or the push is not finished and says so."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_bytes(b"1")
    (source / "two").write_bytes(b"2")
    assert finish(pushing(server, source, key, "E", "--label", "disk")).code == 0
    (source / "two").unlink()
    ran = finish(pushing(server, source, key, "E", "--label", "disk"))
    assert (ran.code, ran.json["error"]["code"]) == (5, "manifest-differs")
    assert finish(pushing(server, source, key, "E", "--label", "disk, later")).code == 0


def test_a_key_that_opens_nothing_ends_a_push_at_once(server: Server, key: Path, tmp_path: Path) -> None:
    """It is not tried again for ten minutes."""
    source = tmp_path / "source"
    noise(source / "one", 10, 1)
    server.deployment.done("keys", "revoke", key.read_text().split(".")[0])
    ran = finish(pushing(server, source, key, "E"))
    assert (ran.code, ran.json["error"]["code"]) == (3, "key-revoked")


def test_a_sender_that_falls_silent_lets_go(deployment: Deployment, key: Path, tmp_path: Path) -> None:
    """A line that died without a word does not lock the upload for ever; what came is kept."""
    server = Server(deployment, tmp_path / "temporary", {"TRIAGE_UPLOADS__IDLE_SECONDS": "0.5"})
    server.start()
    try:
        upload = begun(server, key, 1_000)
        silent = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        silent.putrequest("PATCH", upload)
        for name, value in {**BYTES, "Authorization": f"Bearer {key.read_text()}", "Content-Length": "1000"}.items():
            silent.putheader(name, value)
        silent.endheaders()
        silent.send(b"x" * 100)
        statuses = []
        deadline = time.monotonic() + 30
        while statuses[-1:] != [200] and time.monotonic() < deadline:
            status, headers, _ = send(server, "HEAD", upload, key, b"", TUS)
            statuses.append(status)
            time.sleep(0.05)
            if status == 200 and headers["upload-offset"] != "100":
                statuses[-1] = 0  # asked before the first request had begun
        assert set(statuses) <= {423, 200, 0}
        assert headers["upload-offset"] == "100"
        silent.close()
    finally:
        server.kill()


def test_two_clients_on_one_upload(server: Server, key: Path) -> None:
    """The second is told so while the first writes; bytes never mix."""
    upload = begun(server, key, 200_000)
    first = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    first.putrequest("PATCH", upload)
    for name, value in {**BYTES, "Authorization": f"Bearer {key.read_text()}", "Content-Length": "200000"}.items():
        first.putheader(name, value)
    first.endheaders()
    first.send(b"x" * 100_000)
    deadline = time.monotonic() + 30
    status = 0
    while status != 423 and time.monotonic() < deadline:
        status = send(server, "HEAD", upload, key, b"", TUS)[0]
    status, _, body = send(server, "PATCH", upload, key, b"y" * 10, BYTES)
    assert (status, json.loads(body)["error"]["code"]) == (423, "upload-busy")
    first.send(b"x" * 100_000)
    with closing(first):
        assert first.getresponse().status == 204


def test_a_disk_that_fills_keeps_what_is_durable(tmp_path: Path) -> None:
    """507 with a code; given room, the sender goes on from where it was."""
    try:
        with small_disk(tmp_path / "disk", 48) as disk:
            _fill_and_go_on(disk, tmp_path)
    except NotAllowed as error:
        pytest.skip(str(error))


def _fill_and_go_on(disk: SmallDisk, tmp_path: Path) -> None:
    deployment = Deployment(disk.path / "data")
    deployment.done("init")
    key = issued(deployment, tmp_path)
    server = Server(deployment, tmp_path / "temporary")
    server.start()
    try:
        data = random.Random(3).randbytes(12_000_000)
        upload = begun(server, key, len(data))
        disk.fill(6_000_000)
        status, _, body = send(server, "PATCH", upload, key, data, BYTES)
        assert (status, json.loads(body)["error"]["code"]) == (507, "disk-full")
        disk.make_room()
        status, headers, _ = send(server, "HEAD", upload, key, b"", TUS)
        offset = int(headers["upload-offset"])
        assert 0 < offset < len(data)
        rest = {**BYTES, "Upload-Offset": str(offset)}
        assert send(server, "PATCH", upload, key, data[offset:], rest)[0] == 204
        deadline = time.monotonic() + 60
        told: dict[str, object] = {}
        while told.get("state") != "taken" and time.monotonic() < deadline:
            told = json.loads(send(server, "GET", upload, key)[2])
            threading.Event().wait(0.1)
        assert told["sha256"] == hashlib.sha256(data).hexdigest()
    finally:
        server.kill()
