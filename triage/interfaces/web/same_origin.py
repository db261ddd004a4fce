"""Another site's page cannot make a browser do anything here: what changes something is of ours, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READING = {"GET", "HEAD", "OPTIONS"}
_REFUSED = {"code": "cross-site", "sentence": "This came from a page of another site."}


@dataclass(frozen=True)
class SameOrigin:
    """Looks at what a browser says of where a request comes from; programs, which say nothing, bring no cookie.

    Cookies are `SameSite=Strict` beside this. A token in each form would say the same a third time.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer 403."""
        if scope["type"] == "http" and scope["method"] not in _READING and not is_ours(Headers(scope=scope)):
            await JSONResponse({"error": _REFUSED}, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def is_ours(headers: Headers) -> bool:
    """Whether a request that changes something is of one of our pages, or of no browser at all."""
    told = headers.get("sec-fetch-site")
    if told is not None:
        return told == "same-origin"
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host", "") != ""
    return "cookie" not in headers
