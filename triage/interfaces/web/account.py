"""One's own account, and the first page until there is more."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.domain.access import is_fresh

from .ceremonies import started_told
from .forms import Sent
from .pages import page
from .sessions import Services, Signed, let_out, origin_of

routes = APIRouter(include_in_schema=False)
"""What a person can see and change of themselves."""


@routes.get("/")
def home(request: Request, signed: Signed) -> HTMLResponse:
    """Where signing in leads to."""
    return page(request, "home.html.j2", who=signed.principal)


@routes.get("/account")
def account(request: Request, services: Services, signed: Signed) -> HTMLResponse:
    """Roles and cases, passkeys, sessions."""
    return page(
        request,
        "account.html.j2",
        who=signed.principal,
        passkeys=services.passkeying.of(signed.principal),
        sessions=services.sessioning.all_of(signed.principal),
        this=signed.session.token_sha256,
        fresh=is_fresh(signed.principal, services.sessioning.clock()),
    )


@routes.post("/account/passkeys/start")
def start_passkey(request: Request, services: Services, signed: Signed) -> Response:
    """What the browser is to make a passkey for."""
    started = services.passkeying.start_registering(signed.principal.id, origin_of(request))
    return started_told(started)


@routes.post("/account/passkeys")
def add_passkey(request: Request, services: Services, signed: Signed, form: Sent) -> Response:
    """One more."""
    given = (form.text("started"), form.text("answer"), form.text("name"), origin_of(request))
    services.passkeying.add(signed.principal, *given)
    return RedirectResponse("/account", 303)


@routes.post("/account/passkeys/{passkey}/remove")
def remove_passkey(services: Services, signed: Signed, passkey: int) -> Response:
    """One less."""
    services.passkeying.remove(signed.principal, passkey)
    return RedirectResponse("/account", 303)


@routes.post("/account/sign-out-everywhere")
def sign_out_everywhere(request: Request, services: Services, signed: Signed) -> Response:
    """Every browser, this one too."""
    services.sessioning.sign_out_everywhere(signed.principal)
    return let_out(request)
