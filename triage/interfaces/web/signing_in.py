"""The pages of signing in and out."""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.bootstrap import Application
from triage.domain.errors import Refused

from .ceremonies import hashing, one_try, provider_name, started_told
from .forms import Sent
from .pages import page
from .sessions import PerhapsSigned, Services, let_in, let_out, local, origin_of
from .statuses import headers_of, status_of

routes = APIRouter(include_in_schema=False)
"""Everything before somebody is signed in, and the way out."""


@routes.get("/sign-in")
def sign_in_page(request: Request, services: Services, signed: PerhapsSigned, next: str = "/") -> Response:  # noqa: A002 - its name in the address
    """The form; whoever is signed in goes on."""
    if signed:
        return RedirectResponse(local(next), 303)
    return _sign_in(request, services, next)


@routes.post("/sign-in")
async def sign_in(request: Request, services: Services, form: Sent) -> Response:
    """Login, password and code at once: nobody learns which of them was wrong."""
    origin_of(request)
    given = (form.text("login"), form.text("password"), form.text("code"))
    try:
        with one_try(request, services):
            issued = await to_thread.run_sync(partial(services.signing_in.sign_in, *given), limiter=hashing(request))
    except Refused as error:
        return _sign_in(request, services, form.text("next"), error)
    return let_in(request, issued, form.text("next"))


@routes.post("/sign-in/passkey/start")
def start_passkey(request: Request, services: Services) -> Response:
    """What the browser is to ask its owner for."""
    return started_told(services.passkeying.start(origin_of(request)))


@routes.post("/sign-in/passkey")
def sign_in_with_passkey(request: Request, services: Services, form: Sent) -> Response:
    """The passkey's answer."""
    given = (form.text("started"), form.text("answer"), origin_of(request))
    try:
        issued = services.passkeying.sign_in(*given)
    except Refused as error:
        return _sign_in(request, services, form.text("next"), error)
    return let_in(request, issued, form.text("next"))


@routes.post("/sign-out")
def sign_out(request: Request, services: Services, signed: PerhapsSigned) -> Response:
    """Here; the browser forgets what it saw."""
    if signed:
        services.sessioning.sign_out(signed.session)
    return let_out(request)


def _sign_in(request: Request, services: Application, to: str, error: Refused | None = None) -> HTMLResponse:
    return page(
        request,
        "sign_in.html.j2",
        status=status_of(error) if error else 200,
        headers=headers_of(error) if error else None,
        next=local(to),
        fault=error.sentence if error else "",
        oidc=provider_name(services),
    )
