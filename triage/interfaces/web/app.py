"""The web application: one factory, so that tests, `triage serve` and later pages have the same one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from triage.chamber.sealing import Layer
from triage.domain.errors import TriageError
from triage.interfaces.api.authorities import authority_routes
from triage.interfaces.api.door import ReportsDoor
from triage.interfaces.api.routes import report_routes
from triage.interfaces.ispws.answers import fault
from triage.interfaces.ispws.routes import PREFIX as ISPWS
from triage.interfaces.ispws.routes import ispws_routes

from .deployment import Deployment
from .health import health_routes
from .middleware import SafeAnswers, Told
from .statuses import headers_of, status_of

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def web_app(deployment: Deployment, layers: tuple[Layer, ...], names: Sequence[str] = ()) -> ASGIApp:
    """The application. It answers under loopback names and `names` only: a foreign page cannot point a name here.

    Nothing is exported whatever the environment says, and no page loads anything from elsewhere. `layers` are those
    that a chamber on this machine has.
    """
    reports = ReportsDoor(deployment)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(reports.sweep_for_ever())
        yield
        sweeping.cancel()
        reports.close()
        deployment.close()

    app = FastAPI(
        title="triage",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"auto_configure": False},
        lifespan=lifespan,
    )
    app.include_router(health_routes(deployment, layers))
    app.include_router(report_routes(reports))
    app.include_router(authority_routes(reports))
    app.include_router(ispws_routes(deployment.application))
    app.add_exception_handler(TriageError, _error_told)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _address_error)
    app.add_exception_handler(Exception, _fault)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, *names], www_redirect=False)
    # Around all of it, and not among its middleware: the answer to a fault of ours passes here too.
    return SafeAnswers(Told(app))


def _error_told(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TriageError)
    return _answer(error.code, error.sentence, status_of(error), headers_of(error))


def _address_error(_request: Request, _error: Exception) -> JSONResponse:
    return _answer("request-invalid", "The address or its parameters are not as documented.", 422)


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _answer(f"http-{error.status_code}", str(error.detail), error.status_code)


def _fault(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith(f"{ISPWS}/"):
        return fault()
    return _answer("unexpected", "A fault of ours; the log has its kind and place under this request's number.", 500)


def _answer(code: str, sentence: str, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "sentence": sentence}}, status, headers)
