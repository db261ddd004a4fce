"""What every route of this door shares: who asks, bounded bodies, and a status for each code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from triage.bootstrap import Application
from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unavailable, Unreadable
from triage.interfaces.web.deployment import Deployment
from triage.services.admitting import Admitted

TUS_VERSION = "1.0.0"

_BY_CODE: Mapping[str, int] = {
    **dict.fromkeys(("key-missing", "key-unknown", "key-expired", "key-revoked", "sender-disabled"), 401),
    "upload-offset-wrong": 409,
    "upload-dropped": 410,
    "upload-failed": 410,
    "tus-version": 412,
    "upload-too-large": 413,
    "upload-too-long": 413,
    "body-too-large": 413,
    "media-type-wrong": 415,
    "upload-busy": 423,
    "uploads-too-many": 429,
    "checksum-mismatch": 460,  # of the tus checksum extension
    "disk-full": 507,
    **dict.fromkeys(
        ("header-invalid", "method-overridden", "checksum-unknown", "request-invalid", "upload-broken-off"), 400
    ),
}
_BY_KIND: Mapping[type[TriageError], int] = {
    Refused: 403,
    NotFound: 404,
    Conflict: 409,
    Unreadable: 422,
    Unavailable: 503,
}


class CodedRoute(APIRoute):
    """A route whose errors are answered with their code, and with the tus version where a client looks for it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler within our own error model."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                _refuse_override(request)
                answer = await handler(request)
            except TriageError as error:
                answer = told(error)
            answer.headers["Tus-Resumable"] = TUS_VERSION
            return answer

        return answered


def told(error: TriageError) -> JSONResponse:
    """A coded error as an answer."""
    status = _BY_CODE.get(error.code) or _BY_KIND.get(type(error), 500)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if error.code == "tus-version":
        headers["Tus-Version"] = TUS_VERSION
    return JSONResponse({"error": {"code": error.code, "sentence": error.sentence}}, status, headers)


def _refuse_override(request: Request) -> None:
    """What a proxy let through as POST stays POST: rules before us may rest on the method."""
    if "x-http-method-override" in request.headers:
        raise Refused("method-overridden", "X-HTTP-Method-Override is not taken: use the method itself.")


async def admitted(deployment: Deployment, request: Request) -> tuple[Application, Admitted]:
    """The services, and who asks. Raises Refused `key-missing`, and what admitting raises."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Refused("key-missing", "Send a key: Authorization: Bearer PREFIX.SECRET")

    def ask() -> tuple[Application, Admitted]:
        application = deployment.application()
        return application, application.admitting.admit(token.strip())

    return await run_in_threadpool(ask)


async def whole_body(request: Request, most: int) -> bytes:
    """A body of at most `most` bytes. Raises Refused `body-too-large`."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise Refused("body-too-large", f"A request of this kind holds {most} bytes at most.")
    return bytes(body)


def require_type(request: Request, expected: str) -> None:
    """Raise Refused `media-type-wrong`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != expected:
        raise Refused("media-type-wrong", f"Send it as {expected}.")
