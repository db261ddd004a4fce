"""The page on which somebody who is signed in shows once more who they are."""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from triage.bootstrap import Application
from triage.domain.errors import Refused

from .ceremonies import hashing, provider_name, started_told
from .forms import Sent
from .pages import page
from .sessions import Services, Signed, SignedIn, let_in, local, origin_of

routes = APIRouter(include_in_schema=False)


@routes.get("/step-up")
def step_up_page(request: Request, services: Services, signed: Signed, next: str = "/") -> Response:  # noqa: A002 - its name in the address
    """The form."""
    return _step_up(request, services, signed, next)


@routes.post("/step-up")
async def step_up(request: Request, services: Services, signed: Signed, form: Sent) -> Response:
    """Password and code once more: another session's token, the old one ends."""
    given = (signed.principal, signed.session, form.text("password"), form.text("code"))
    try:
        issued = await to_thread.run_sync(partial(services.signing_in.step_up, *given), limiter=hashing(request))
    except Refused as error:
        return await to_thread.run_sync(_step_up, request, services, signed, form.text("next"), error)
    return let_in(request, issued, form.text("next"))


@routes.post("/step-up/passkey/start")
def start_step_up(request: Request, services: Services, signed: Signed) -> Response:
    """For one of their own passkeys."""
    return started_told(services.passkeying.start(origin_of(request), signed.principal))


@routes.post("/step-up/passkey")
def step_up_with_passkey(request: Request, services: Services, signed: Signed, form: Sent) -> Response:
    """The passkey's answer."""
    given = (signed.session, form.text("started"), form.text("answer"), origin_of(request))
    try:
        issued = services.passkeying.step_up(*given)
    except Refused as error:
        return _step_up(request, services, signed, form.text("next"), error)
    return let_in(request, issued, form.text("next"))


def _step_up(
    request: Request, services: Application, signed: SignedIn, to: str, error: Refused | None = None
) -> HTMLResponse:
    ways = services.sessioning.ways_of(signed.principal)
    return page(
        request,
        "step_up.html.j2",
        who=signed.principal,
        status=403 if error else 200,
        next=local(to),
        fault=error.sentence if error else "",
        has_password=ways.has_password,
        has_passkeys=ways.has_passkeys,
        oidc=provider_name(services) if ways.has_subject else "",
    )
