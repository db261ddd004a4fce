"""To the identity provider and back."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .pages import page
from .sessions import (
    PerhapsSigned,
    Services,
    SignInNeededError,
    local,
    origin_of,
    remember_step,
    set_session,
    step_of,
)

routes = APIRouter(include_in_schema=False)
"""`/sign-in/oidc`, and the way back."""

_BACK = "/sign-in/oidc/back"


@routes.get("/sign-in/oidc")
def depart(request: Request, services: Services, signed: PerhapsSigned, next: str = "/", again: str = "") -> Response:  # noqa: A002 - its name in the address
    """There. With `again`, whoever is signed in shows once more who they are."""
    if again and signed is None:
        raise SignInNeededError
    session = signed.session if again and signed else None
    departure = services.signing_in_elsewhere.start(f"{origin_of(request)}{_BACK}", local(next), session)
    answer = RedirectResponse(departure.address, 303)
    remember_step(request, answer, departure.token, strict=False)
    return answer


@routes.get(_BACK)
def come_back(request: Request, services: Services) -> Response:
    """A page of ours that leads on: a strict cookie does not come along with another site's redirect."""
    told = dict(request.query_params)
    came = services.signing_in_elsewhere.finish(step_of(request), told, f"{origin_of(request)}{_BACK}")
    answer = page(request, "go_on.html.j2", next=local(came.to))
    set_session(request, answer, came.issued)
    return answer
