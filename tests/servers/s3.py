"""A private S3 server on this machine, and a proxy before it that misbehaves as it is told."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import boto3
import pytest

from triage.settings import S3Settings
from triage.vault.bucket import Bucket

_ENDS_WITH_ITS_PARENT = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
"""
KEYS = {"access_key_id": "test-key", "secret_access_key": "test-secret"}
_ADMIN = {
    "region_name": "us-east-1",
    "aws_access_key_id": KEYS["access_key_id"],
    "aws_secret_access_key": KEYS["secret_access_key"],
}
REFUSED = b"<Error><Code>%s</Code><Message>made up by a test</Message></Error>"


@dataclass(frozen=True)
class S3Server:
    """A server that answers at `endpoint`, with an administrator's client."""

    endpoint: str
    admin: Any

    def new_bucket(self) -> str:
        """An empty bucket that nobody else uses."""
        name = f"evidence-{uuid.uuid4().hex[:16]}"
        self.admin.create_bucket(Bucket=name)
        return name

    def names(self, bucket: str) -> list[str]:
        """All objects."""
        return [found["Key"] for found in self.admin.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def get(self, bucket: str, name: str) -> bytes:
        """An object's bytes."""
        data: bytes = self.admin.get_object(Bucket=bucket, Key=name)["Body"].read()
        return data

    def put(self, bucket: str, name: str, data: bytes) -> None:
        """Put an object, or put another in its place, as only an administrator may."""
        self.admin.put_object(Bucket=bucket, Key=name, Body=data)

    def check_rights_of_user(self, policy: str) -> dict[str, str]:
        """Make a user with this policy and, from now on, check signatures and rights of all; the user's keys.

        The administrator's client is a stranger then: put into the server whatever it needs before.
        """
        iam = boto3.client("iam", endpoint_url=self.endpoint, **_ADMIN)
        iam.create_user(UserName="triage")
        iam.put_user_policy(UserName="triage", PolicyName="vault", PolicyDocument=policy)
        key = iam.create_access_key(UserName="triage")["AccessKey"]
        iam.close()
        connection = http.client.HTTPConnection(self.endpoint.removeprefix("http://"))
        connection.request("POST", "/moto-api/reset-auth", b"0", {"Content-Type": "application/octet-stream"})
        assert connection.getresponse().status == 200
        connection.close()
        return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}

    def unfinished(self, bucket: str) -> int:
        """Uploads begun and neither completed nor aborted."""
        return len(self.admin.list_multipart_uploads(Bucket=bucket).get("Uploads", []))


@contextlib.contextmanager
def running_s3() -> Iterator[S3Server]:
    """Moto in a process of its own, in memory, on a free port of the loopback. It ends when its parent does."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _ENDS_WITH_ITS_PARENT, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(1 << 40)},  # rights are checked when a test asks
    )
    endpoint = f"http://127.0.0.1:{port}"
    admin = boto3.client("s3", endpoint_url=endpoint, **_ADMIN)
    try:
        _await(port, process)
        yield S3Server(endpoint, admin)
    finally:
        admin.close()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)


def s3_settings(endpoint: str, **more: Any) -> S3Settings:
    """Settings for a store under test, with patience for a busy machine."""
    given = {"region": "us-east-1", "credentials_file": "", "ca_file": "", "allow_http": False, "checksum": ""}
    return S3Settings(**(given | KEYS | {"endpoint": endpoint, "request_seconds": 30, "give_up_seconds": 30} | more))


def bucket_of(server: S3Server | FaultyProxy, name: str, **more: Any) -> Bucket:
    """A bucket below a prefix, with `more` settings, reached at a server or through a proxy before it."""
    return Bucket(f"s3://{name}/unit/one", s3_settings(server.endpoint, **more))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server for this test process."""
    with running_s3() as server:
        yield server


@pytest.fixture
def s3_proxy(s3_server: S3Server) -> Iterator[FaultyProxy]:
    """A proxy before that server, which passes everything on until it is told otherwise."""
    with FaultyProxy(s3_server.endpoint) as proxy:
        yield proxy


@dataclass
class Fault:
    """What is done to the next `times` requests whose method is `method` and for which `when` says yes.

    `kind`: `status` answers with `status` and `body` in the server's place; `slow` waits `seconds` first;
    `reset` breaks the connection before the request is passed on, `lost-reply` after it; `cut` in the reply's middle;
    `unconditional` passes the request on without its If-None-Match.
    """

    kind: str
    times: int = 1
    method: str = ""
    status: int = 500
    body: bytes = b""
    seconds: float = 0.0
    when: Callable[[str], bool] = field(default=lambda _: True)


class FaultyProxy:
    """An HTTP proxy on the loopback, in threads of this process, with faults on order."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream.removeprefix("http://")
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, kind: str, **more: Any) -> None:
        """Order a fault; see Fault. Faults are used up in their order."""
        with self._lock:
            self._faults.append(Fault(kind, **more))

    def heal(self) -> None:
        """Take back what was ordered."""
        with self._lock:
            self._faults.clear()

    def count(self, method: str) -> int:
        """Requests seen of one method."""
        return sum(request.startswith(method + " ") for request in self.requests)

    def fault_for(self, method: str, path: str, headers: dict[str, str]) -> Fault | None:
        """The fault of this request, if any; counts it."""
        with self._lock:
            self.requests.append(f"{method} {path}")
            self.headers.append({name.lower(): value for name, value in headers.items()})
            for fault in self._faults:
                if fault.times > 0 and fault.method in {"", method} and fault.when(path):
                    fault.times -= 1
                    return fault
        return None

    def pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        """The server's own answer: status, headers, body."""
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultyProxy

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.owner.fault_for(self.command, self.path, dict(self.headers))
        if fault is not None and self._done_by(fault):
            return
        if fault is not None and fault.kind == "unconditional":
            del self.headers["If-None-Match"]
        status, headers, answer = self.owner.pass_on(self.command, self.path, dict(self.headers), body)
        if fault is not None and fault.kind == "lost-reply":
            self._reset()
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        length = dict(headers).get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(answer)))
        self.end_headers()
        if fault is not None and fault.kind == "cut":
            self.wfile.write(answer[: len(answer) // 2])
            self._reset()
            return
        self.wfile.write(answer)

    def _done_by(self, fault: Fault) -> bool:
        """Whether the fault takes the server's place."""
        if fault.kind == "reset":
            self._reset()
            return True
        if fault.kind == "status":
            self.send_response_only(fault.status)
            self.send_header("Content-Length", str(len(fault.body)))
            self.end_headers()
            self.wfile.write(fault.body)
            return True
        time.sleep(fault.seconds)
        return False

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any  # noqa: N815 - the base class asks for these names


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            pytest.fail(f"The S3 server ended with {process.returncode} before it answered.")
        time.sleep(0.05)
    pytest.fail(f"The S3 server did not answer within {seconds:.0f} seconds.")
