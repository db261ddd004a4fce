"""The pages on which a code becomes a way to sign in."""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from triage.domain.errors import Refused
from triage.services.enrolling import Begun

from .ceremonies import hashing, one_try, started_told
from .forms import Sent
from .pages import page
from .qr import square
from .sessions import Services, let_in, origin_of, remember_step, step_of
from .statuses import headers_of, status_of

routes = APIRouter(include_in_schema=False)


@routes.get("/enrol")
def enrol_page(request: Request) -> HTMLResponse:
    """The code is typed, and stands in no address: those are kept in histories and logs."""
    return page(request, "enrol.html.j2", fault="")


@routes.post("/enrol")
def enrol(request: Request, services: Services, form: Sent) -> Response:
    """The code opens the second step, as often as it takes."""
    origin_of(request)
    try:
        with one_try(request, services):
            begun = services.enrolling.begin(form.text("code"))
    except Refused as error:
        status, headers = status_of(error), headers_of(error)
        return page(request, "enrol.html.j2", fault=error.sentence, status=status, headers=headers)
    answer = _second_step(request, begun)
    remember_step(request, answer, begun.token)
    return answer


@routes.post("/enrol/finish")
async def finish(request: Request, services: Services, form: Sent) -> Response:
    """Password and one-time codes."""
    token = step_of(request)
    given = (form.text("password"), form.text("again"), form.text("code"))
    try:
        issued = await to_thread.run_sync(partial(services.enrolling.finish, token, *given), limiter=hashing(request))
    except Refused as error:
        if error.code == "enrolment-invalid":
            return page(request, "enrol.html.j2", fault=error.sentence, status=403)
        begun = await to_thread.run_sync(services.enrolling.shown, token)
        return await to_thread.run_sync(_second_step, request, begun, error)
    return let_in(request, issued, "/")


@routes.post("/enrol/passkey/start")
def start_enrolling(request: Request, services: Services) -> Response:
    """For whoever holds the first step's cookie."""
    who = services.enrolling.whose(step_of(request))
    return started_told(services.passkeying.start_registering(who, origin_of(request)))


@routes.post("/enrol/passkey")
def finish_with_passkey(request: Request, services: Services, form: Sent) -> Response:
    """The new passkey."""
    given = (form.text("started"), form.text("answer"), form.text("name"), origin_of(request))
    issued = services.enrolling.finish_with_passkey(step_of(request), *given)
    return let_in(request, issued, "/")


def _second_step(request: Request, begun: Begun, error: Refused | None = None) -> HTMLResponse:
    return page(
        request,
        "enrol_finish.html.j2",
        status=403 if error else 200,
        begun=begun,
        square=square(begun.address),
        fault=error.sentence if error else "",
    )
