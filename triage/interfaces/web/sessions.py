"""Who asks: from a cookie to a person, anew at each request, so that what changes in roles and cases holds at once.

@routes.get("/queue")
def queue(request: Request, signed: Signed) -> HTMLResponse: ...
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from triage.bootstrap import Application
from triage.domain.errors import Refused
from triage.domain.people import Principal
from triage.services.sessioning import Issued
from triage.store.sessions import Session

from .deployment import Deployment

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NAME, _STEP = "triage", "triage-step"
_STEP_SECONDS = 1200
CLEARED = {"Clear-Site-Data": '"cache", "cookies", "storage"'}
"""On signing out: nothing of what was seen stays in the browser."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person, as of this request, and the session that says so."""

    principal: Principal
    session: Session


class SignInNeededError(Exception):
    """Nobody is signed in."""


def application(request: Request) -> Application:
    """The services. Raises what opening the deployment raises."""
    deployment: Deployment = request.app.state.deployment
    return deployment.application()


async def services(request: Request) -> Application:
    """The same, for a route: without a thread once the deployment is open."""
    deployment: Deployment = request.app.state.deployment
    return deployment.application() if deployment.is_open else await run_in_threadpool(deployment.application)


def perhaps_signed_in(request: Request) -> SignedIn | None:
    """Who asks, where somebody is signed in."""
    token = request.cookies.get(cookie_name(request, _NAME), "")
    found = application(request).sessioning.whose(token) if token else None
    return SignedIn(found.principal, found.session) if found else None


def signed_in(request: Request) -> SignedIn:
    """Who asks. Raises SignInNeededError, which sends a browser to the page of signing in and back."""
    found = perhaps_signed_in(request)
    if found is None:
        raise SignInNeededError
    return found


Services = Annotated[Application, Depends(services)]
Signed = Annotated[SignedIn, Depends(signed_in)]
PerhapsSigned = Annotated[SignedIn | None, Depends(perhaps_signed_in)]


def origin_of(request: Request) -> str:
    """The address that the browser shows. Raises Refused `origin-unset`: passwords do not travel in the open."""
    chosen = application(request).settings.sign_in.origin
    if chosen:
        return chosen
    if request.url.hostname not in LOOPBACK:
        raise Refused("origin-unset", "Nobody signs in from elsewhere before [sign_in] origin is set.")
    return f"http://{request.url.netloc}"


def cookie_name(request: Request, plain: str) -> str:
    """Over TLS a browser takes the cookie for this host alone, and from it alone."""
    return f"__Host-{plain}" if origin_of(request).startswith("https:") else plain


def let_in(request: Request, issued: Issued, to: str) -> Response:
    """On to a page, with a new session's cookie; the step before it is over."""
    answer = RedirectResponse(local(to), 303)
    set_session(request, answer, issued)
    return answer


def set_session(request: Request, answer: Response, issued: Issued) -> None:
    """The cookie of a session: no script reads it, no other site sends it, it ends with the browser."""
    _set(request, answer, _NAME, issued.token, strict=True)
    answer.delete_cookie(cookie_name(request, _STEP), path="/", secure=_is_secure(request), httponly=True)


def remember_step(request: Request, answer: Response, token: str, *, strict: bool = True) -> None:
    """The cookie of a first step. Not strict where the second comes back from another site."""
    _set(request, answer, _STEP, token, strict=strict, seconds=_STEP_SECONDS)


def step_of(request: Request) -> str:
    """The token of the first step; empty where there was none."""
    return request.cookies.get(cookie_name(request, _STEP), "")


def let_out(request: Request) -> Response:
    """To the page of signing in, with nothing left behind."""
    answer = RedirectResponse("/sign-in", 303, headers=CLEARED)
    for plain in (_NAME, _STEP):
        answer.delete_cookie(cookie_name(request, plain), path="/", secure=_is_secure(request), httponly=True)
    return answer


def to_sign_in(request: Request) -> Response:
    """Where somebody goes who is not signed in: a browser to the page and back, htmx too, a program nowhere."""
    asked = f"?{request.url.query}" if request.url.query else ""
    back = f"{request.url.path}{asked}" if request.method == "GET" else ""
    there = f"/sign-in?next={quote(back)}" if back and back != "/" else "/sign-in"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": there})
    return RedirectResponse(there, 303)


def local(path: str) -> str:
    """A path of ours, or the first page: nobody is sent elsewhere after signing in."""
    split = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours and not split.scheme and not split.netloc else "/"


def _set(
    request: Request, answer: Response, plain: str, token: str, *, strict: bool, seconds: int | None = None
) -> None:
    answer.set_cookie(
        cookie_name(request, plain),
        token,
        max_age=seconds,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="strict" if strict else "lax",
    )


def _is_secure(request: Request) -> bool:
    return origin_of(request).startswith("https:")
