"""What a server sent, byte for byte, and what a browser said of it: a picture that nobody asked for fails a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Page, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MAGIC = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|BM....\x00\x00\x00\x00|II\*\x00|MM\x00\*|....ftyp"
    rb"|RIFF....AVI |\x1a\x45\xdf\xa3|\x00\x00\x01[\xb3\xba]|FLV\x01|\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    re.DOTALL,
)
_DATA_ADDRESS = re.compile(rb"[\"'(=\s]data:[a-z]+/[a-z0-9.+-]+[;,]", re.IGNORECASE)
_BITMAP = re.compile(rb"/9j/4[A-Za-z]|iVBORw0KGgo|R0lGOD[dl]h|UklGR[a-zA-Z0-9+/]{6}XRUJQ")
"""The first signs of JPEG, PNG, GIF and WebP in Base64."""
A_LOOK = "/looks/open"
"""The one address that may answer with a picture."""


@dataclass
class Sent:
    """One answer, whole or as much of it as was sent."""

    method: str
    path: str
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    def header(self, name: str) -> str:
        """The header's value; empty where there is none."""
        return ", ".join(value for key, value in self.headers if key == name)

    @property
    def is_a_look(self) -> bool:
        """Whether it may be a picture."""
        return (self.method, self.path, self.status) == ("POST", A_LOOK, 200)

    def surprises(self, planted: re.Pattern[bytes] | None) -> list[str]:
        """What no page may hold, and headers that are missing."""
        body, where, found = bytes(self.body), f"{self.method} {self.path} {self.status}", []
        kind = self.header("content-type")
        if kind.startswith(("image/", "video/", "audio/")) or _MAGIC.match(body):
            found.append(f"{where}: a picture ({kind})")
        if not kind.startswith(("text/javascript", "font/")):
            found += [f"{where}: data address {one!r}" for one in _DATA_ADDRESS.findall(body)]
            found += [f"{where}: bitmap {one!r}" for one in _BITMAP.findall(body)]
        if re.search(rb"<(?:img|picture|video|audio|object|embed|iframe|source|image)[\s>]", body) and "html" in kind:
            found.append(f"{where}: an element that loads")
        if planted and (piece := planted.search(body)):
            found.append(f"{where}: planted bytes at {piece.start()}")
        return found

    def faults_of_headers(self) -> list[str]:
        """What has to stand on every answer, and what stands twice."""
        where, found = f"{self.method} {self.path} {self.status}", []
        kept = self.path.startswith("/static/") and self.status == 200
        if not kept and self.header("cache-control") != "no-store":
            found.append(f"{where}: may be kept ({self.header('cache-control')})")
        policy = self.header("content-security-policy")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            found.append(f"{where}: policy {policy!r}")
        if self.header("x-content-type-options") != "nosniff":
            found.append(f"{where}: may be sniffed")
        if any("x-injected" in name or re.search("[\r\n\0]", value) for name, value in self.headers):
            found.append(f"{where}: a header was split")
        return found


@dataclass
class Tap:
    """An application that keeps all that it sends."""

    app: ASGIApp
    sent: list[Sent] = field(default_factory=list)
    passing: Callable[[Sent], None] | None = None
    """Called in the server's thread as an answer begins: tests hold one up there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kept = Sent(scope["method"], scope["path"])
        self.sent.append(kept)

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept.status = message["status"]
                kept.headers = [
                    (key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in message["headers"]
                ]
            elif message["type"] == "http.response.body":
                kept.body += message.get("body", b"")
            await send(message)

        await self.app(scope, receive, keep)

    def surprises(self, planted: re.Pattern[bytes] | None = None) -> list[str]:
        """All that no answer may hold, but for answers to a look that was asked for."""
        return [fault for one in list(self.sent) if not one.is_a_look for fault in one.surprises(planted)]

    def faults_of_headers(self) -> list[str]:
        """Of all answers that began."""
        return [fault for one in list(self.sent) if one.status for fault in one.faults_of_headers()]


def watch(page: Page, address: str, complaints: list[str], *, expected: tuple[str, ...] = ()) -> None:
    """Collect what the page complains of, and what it asks of other hosts. `expected`: texts to pass by."""

    def heard(message: ConsoleMessage) -> None:
        is_status = message.text.startswith(
            "Failed to load resource"
        )  # refusals are answers; the server's are counted
        if (
            message.type in {"error", "warning"}
            and not is_status
            and not any(one in message.text for one in expected)
        ):
            complaints.append(f"{page.url}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith(f"{address}/"):
            complaints.append(f"{page.url} asked for {request.url}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("request", asked)
