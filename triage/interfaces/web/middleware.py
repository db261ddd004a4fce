"""What holds for every answer: headers, a number, a trace, a line in the log. Plain ASGI: streams stay streams."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of, telling_of
from triage.telemetry.traces import continuing, failed, span

_log = logger_of("web")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SERVER_FAULT = 500

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""A page that needs more (a script, a style) says so itself; nothing here lets anything in."""


@dataclass(frozen=True)
class SafeAnswers:
    """Puts `HEADERS` on every answer that does not carry them already, errors included."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safe if scope["type"] == "http" else send)


@dataclass(frozen=True)
class Told:
    """Gives a request its number (`X-Request-ID`) and its trace, and logs how it ended.

    The log names the route as the program knows it (`/items/{item}`), never the path: a path may hold anything.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = secrets.token_hex(6)
        scope.setdefault("state", {})["number"] = number  # for doors whose clients look for it under another name
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        started, status = time.monotonic(), _SERVER_FAULT

        async def send_numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = number
            await send(message)

        with telling_of(request=number), continuing(_parent(scope)), span("request", method=method, request=number):
            try:
                await self.app(scope, receive, send_numbered)
            except Exception as error:
                _log.error(Event.UNEXPECTED, error=error)
                raise
            finally:
                if status >= _SERVER_FAULT:
                    failed("server-fault")
                _log.info(
                    Event.REQUEST,
                    method=method,
                    route=getattr(scope.get("route"), "path", "none"),
                    status=status,
                    seconds=round(time.monotonic() - started, 4),
                )


def _parent(scope: Scope) -> str | None:
    """The caller's trace, when it is well formed."""
    told = Headers(scope=scope).get("traceparent", "")
    return told if _TRACEPARENT.fullmatch(told) else None
