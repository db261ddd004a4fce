"""What an error becomes: for a browser a page, for a program JSON. The words are the same."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unavailable, Unreadable

from .pages import page, wants_page
from .sessions import local, to_sign_in

_STATUS: Mapping[type[TriageError], int] = {
    Refused: 403,
    NotFound: 404,
    Conflict: 409,
    Unreadable: 422,
    Unavailable: 503,
}


def error_told(request: Request, error: Exception) -> Response:
    """An error of the house."""
    assert isinstance(error, TriageError)
    return _answer(request, error.code, error.sentence, _STATUS.get(type(error), 500))


def http_error(request: Request, error: Exception) -> Response:
    """What the framework refuses."""
    assert isinstance(error, HTTPException)
    return _answer(request, f"http-{error.status_code}", str(error.detail), error.status_code)


def fault(request: Request, _error: Exception) -> Response:
    """Anything else."""
    sentence = "A fault of ours; the log has its kind and place under this request's number."
    return _answer(request, "unexpected", sentence, 500)


def sign_in_needed(request: Request, _error: Exception) -> Response:
    """Nobody is signed in."""
    if wants_page(request) or request.headers.get("hx-request") == "true":
        return to_sign_in(request)
    return _answer(request, "sign-in-needed", "Sign in first.", 401)


def _answer(request: Request, code: str, sentence: str, status: int) -> Response:
    if wants_page(request):
        # After a form the page that it stood on, after a page that page: where to go on once the way is clear.
        before = urlsplit(request.headers.get("referer", "")).path
        back = request.url.path if request.method == "GET" else before
        return page(request, "fault.html.j2", status=status, code=code, sentence=sentence, next=local(back or "/"))
    return JSONResponse({"error": {"code": code, "sentence": sentence}}, status)
