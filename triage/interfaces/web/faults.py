"""What an error becomes: for a browser a page, for a program JSON. The words are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from triage.domain.errors import TriageError
from triage.interfaces.ispws.answers import fault as ispws_fault
from triage.interfaces.ispws.routes import PREFIX as ISPWS

from .pages import page, there_of, wants_page
from .sessions import local, to_sign_in
from .statuses import headers_of, status_of


def error_told(request: Request, error: Exception) -> Response:
    """An error of the house."""
    assert isinstance(error, TriageError)
    return _answer(request, error.code, error.sentence, status_of(error), headers_of(error))


def address_error(request: Request, _error: Exception) -> Response:
    """An address or a parameter that no route takes."""
    return _answer(request, "request-invalid", "The address or its parameters are not as documented.", 422)


def http_error(request: Request, error: Exception) -> Response:
    """What the framework refuses."""
    assert isinstance(error, HTTPException)
    return _answer(request, f"http-{error.status_code}", str(error.detail), error.status_code, error.headers)


def fault(request: Request, _error: Exception) -> Response:
    """Anything else."""
    if request.url.path.startswith(f"{ISPWS}/"):
        return ispws_fault()
    sentence = "A fault of ours; the log has its kind and place under this request's number."
    return _answer(request, "unexpected", sentence, 500)


def sign_in_needed(request: Request, _error: Exception) -> Response:
    """Nobody is signed in."""
    if wants_page(request) or request.headers.get("hx-request") == "true":
        return to_sign_in(request)
    return _answer(request, "sign-in-needed", "Sign in first.", 401)


def _answer(
    request: Request, code: str, sentence: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    if wants_page(request):
        # After a form the page that it stood on, after a page that page: where to go on once the way is clear.
        there = local(there_of(request) or "/")
        back = there if request.method == "POST" and there != "/" and code != "step-up-needed" else ""
        told: dict[str, Any] = {"code": code, "sentence": sentence, "next": there, "back": back}
        return page(request, "fault.html.j2", status=status, headers=headers, **told)
    return JSONResponse({"error": {"code": code, "sentence": sentence}}, status, headers)
