"""The web application: one factory, so that tests, `triage serve` and later pages have the same one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from triage.chamber.sealing import Layer
from triage.domain.errors import TriageError
from triage.interfaces.api.authorities import authority_routes
from triage.interfaces.api.door import ReportsDoor
from triage.interfaces.api.routes import report_routes
from triage.interfaces.ispws.routes import ispws_routes
from triage.interfaces.uploads import upload_routes

from . import account, enrolling, people, signing_in, signing_in_elsewhere, stepping_up
from .addresses import Attempts
from .assets import asset_routes
from .ceremonies import HASHING
from .deployment import Deployment
from .faults import address_error, error_told, fault, http_error, sign_in_needed
from .health import health_routes
from .middleware import SafeAnswers, Told
from .review import (
    acting,
    audit,
    items,
    looks,
    people_and_time,
    plans,
    queue,
    referrals,
    seconding,
    submissions,
    work,
)
from .same_origin import SameOrigin
from .sessions import SignInNeededError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_PAGES: tuple[APIRouter, ...] = (
    signing_in.routes,
    signing_in_elsewhere.routes,
    stepping_up.routes,
    enrolling.routes,
    account.routes,
    people.routes,
    queue.routes,
    acting.routes,
    looks.routes,
    seconding.routes,
    plans.routes,
    people_and_time.routes,
    audit.routes,
    referrals.routes,
    submissions.routes,
    items.routes,
    work.routes,
)


def web_app(deployment: Deployment, layers: tuple[Layer, ...], names: Sequence[str] = ()) -> ASGIApp:
    """The application. It answers under loopback names and `names` only: a foreign page cannot point a name here.

    Nothing is exported whatever the environment says, and no page loads anything from elsewhere. `layers` are those
    that a chamber on this machine has.
    """
    reports = ReportsDoor(deployment)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(reports.sweep_for_ever())
        warming = asyncio.create_task(asyncio.to_thread(deployment.warm))
        yield
        sweeping.cancel()
        warming.cancel()
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
    app.state.deployment = deployment
    app.state.hashing = CapacityLimiter(HASHING)
    app.state.attempts = Attempts()
    for routes in (
        health_routes(deployment, layers),
        report_routes(reports),
        authority_routes(reports),
        ispws_routes(deployment.application),
        upload_routes(deployment),
        asset_routes(),
        *_PAGES,
    ):
        app.include_router(routes)
    app.add_exception_handler(TriageError, error_told)
    app.add_exception_handler(SignInNeededError, sign_in_needed)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, address_error)
    app.add_exception_handler(Exception, fault)
    app.add_middleware(SameOrigin)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, *names], www_redirect=False)
    # Around all of it, and not among its middleware: the answer to a fault of ours passes here too.
    return SafeAnswers(Told(app))
