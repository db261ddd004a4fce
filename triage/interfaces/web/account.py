"""One's own account, and the first page until there is more."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.domain.access import POLICY, Action, is_fresh
from triage.domain.errors import Unreadable
from triage.domain.people import LANGUAGES

from .ceremonies import started_told
from .forms import Id, Sent
from .pages import LANGUAGE_COOKIE, page
from .sessions import PerhapsSigned, Services, Signed, let_out, local, origin_of

routes = APIRouter(include_in_schema=False)
"""What a person can see and change of themselves."""


@routes.get("/")
def home(request: Request, signed: Signed) -> Response:
    """Where signing in leads to: the queue, for whoever works on one."""
    if signed.principal.roles & POLICY[Action.SEE_REFERRAL].roles:
        return RedirectResponse("/queue", 303)
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
def remove_passkey(services: Services, signed: Signed, passkey: Id) -> Response:
    """One less."""
    services.passkeying.remove(signed.principal, passkey)
    return RedirectResponse("/account", 303)


@routes.post("/account/sign-out-everywhere")
def sign_out_everywhere(request: Request, services: Services, signed: Signed) -> Response:
    """Every browser, this one too."""
    services.sessioning.sign_out_everywhere(signed.principal)
    return let_out(request)


@routes.post("/language")
def language(services: Services, signed: PerhapsSigned, form: Sent) -> Response:
    """The reader's language: the person's own from now on, or before signing in this browser's."""
    chosen = form.text("language")
    answer = RedirectResponse(local(form.text("next") or "/"), 303)
    if chosen not in LANGUAGES:
        raise Unreadable("language-unknown", "There is no such language here.")
    if signed:
        services.managing_people.speak(signed.principal.id, chosen)
    else:
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=31_536_000, httponly=True, samesite="lax")
    return answer
