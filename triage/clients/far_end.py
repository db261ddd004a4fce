"""Another deployment over HTTP: one connection for each thread, TLS verified, errors told by their code."""

from __future__ import annotations

import http.client
import ipaddress
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unavailable

T = TypeVar("T")

_TIMEOUT = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_LATER = frozenset({423, 429})
"""Answers that mean: the same again, in a moment. So does every 5xx."""
_KINDS: Mapping[int, type[TriageError]] = {401: Refused, 403: Refused, 404: NotFound, 409: Conflict, 410: Conflict}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def document(self) -> Any:
        """The body as JSON. Raises Unavailable `far-end-unclear`."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Unavailable("far-end-unclear", "What answers there is not this program.") from None

    def error(self) -> TriageError:
        """The far end's own code and sentence, where it told one."""
        try:
            told = json.loads(self.body)["error"]
            code, sentence = str(told["code"]), str(told["sentence"])
        except (ValueError, KeyError, TypeError):
            code, sentence = f"http-{self.status}", f"The far end answered with status {self.status}."
        kind = Unavailable if self.status >= 500 else _KINDS.get(self.status, Refused)
        return kind(code, sentence)


@dataclass
class Patience:
    """How long the same is tried again without any progress; `seconds` of 0 tries once."""

    seconds: float
    stopped: threading.Event = field(default_factory=threading.Event)
    _since: float | None = None
    _pause: float = _FIRST_PAUSE

    def progress(self) -> None:
        """Something went well: begin to count anew."""
        self._since, self._pause = None, _FIRST_PAUSE

    def wait(self, error: TriageError) -> None:
        """Wait a while before the next try. Raises `error` when there was enough, or when the program is to stop."""
        now = time.monotonic()
        self._since = self._since or now
        if now - self._since >= self.seconds or self.stopped.wait(self._pause * random.uniform(0.5, 1.0)):  # noqa: S311 - spreads clients, no secret
            raise error
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


class FarEnd:
    """Where to send to, with a key."""

    def __init__(
        self, url: str, token: str, *, allow_http: bool = False, ca_file: Path | None = None, seconds: float = 600.0
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Refused("address-invalid", "Give the far end as https://HOST[:PORT].")
        if parts.scheme == "http" and not (allow_http or _is_loopback(parts.hostname)):
            raise Refused("plain-http", "Plain http goes to this machine only: use https, or --allow-http.")
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = _tls(ca_file) if parts.scheme == "https" else None
        self._token = token
        self._seconds = seconds
        self._local = threading.local()
        self.stopped = threading.Event()

    def patience(self) -> Patience:
        """A new count of how long to try."""
        return Patience(self._seconds, self.stopped)

    def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """A request that may be sent again, tried until it is answered for good.

        Raises what the far end says; Unavailable `far-end-unreachable`.
        """
        patience = self.patience()
        while True:
            try:
                answer = self.once(method, path, [body] if body else [], len(body), headers)
            except Unavailable as error:
                patience.wait(error)
                continue
            if answer.is_good:
                return answer
            if answer.status < 500 and answer.status not in _LATER:
                raise answer.error()
            patience.wait(answer.error())

    def ask(self, path: str, document: Mapping[str, object]) -> Any:
        """Post JSON, get JSON."""
        body = json.dumps(document).encode()
        return self.call("POST", path, body, {"Content-Type": "application/json"}).document

    def once(
        self,
        method: str,
        path: str,
        blocks: Iterable[bytes],
        length: int,
        headers: Mapping[str, str] | None = None,
        sent: Callable[[int], None] = lambda _: None,
    ) -> Answer:
        """One request, sent once. `sent` is told bytes as they go. Raises Unavailable `far-end-unreachable`."""
        connection = self._connection()
        try:
            connection.putrequest(method, self._base + path)
            connection.putheader("Authorization", f"Bearer {self._token}")
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if length or method in {"POST", "PATCH"}:
                connection.putheader("Content-Length", str(length))
            connection.endheaders()
            for block in blocks:
                connection.send(block)
                sent(len(block))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._forget()
            if isinstance(error, ssl.SSLCertVerificationError):
                raise Refused("certificate-unknown", "The far end's certificate is not one that we trust.") from None
            raise Unavailable("far-end-unreachable", "The far end does not answer, or the line broke.") from None
        except BaseException:
            self._forget()
            raise
        if answer.will_close:
            self._forget()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, body)

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            if self._tls:
                found = http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT, context=self._tls)
            else:
                found = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
            self._local.connection = found
        return found

    def _forget(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection:
            connection.close()


def until_done(patience: Patience, attempt: Callable[[], T]) -> T:
    """Try until it does not fail for want of the machine or the line."""
    while True:
        try:
            return attempt()
        except Unavailable as error:
            patience.wait(error)


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise Unavailable("certificate-unreadable", "The file of certificates cannot be read.") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
