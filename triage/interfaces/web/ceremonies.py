"""What the pages of signing in, of showing once more who one is and of enrolling share."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import JSONResponse

from triage.bootstrap import Application
from triage.services.passkeying import Started

from .addresses import Attempts, address_of, place_of

HASHING = 2
"""Password hashes at a time, 64 MiB each: more at once would make everybody wait, and the machine run out."""


def hashing(request: Request) -> CapacityLimiter:
    """The threads in which passwords are hashed, the whole application's."""
    limiter: CapacityLimiter = request.app.state.hashing
    return limiter


def one_try(request: Request, services: Application) -> AbstractContextManager[None]:
    """One try of this address to sign in or to enrol. Raises TooManyRequests, as it is entered."""
    settings = services.settings
    attempts: Attempts = request.app.state.attempts
    return attempts.one(place_of(address_of(request, settings.serve.proxies)), settings.sign_in)


def provider_name(services: Application) -> str:
    """As pages call the identity provider; empty where there is none."""
    oidc = services.settings.oidc
    return oidc.name if oidc.issuer else ""


def started_told(started: Started) -> JSONResponse:
    """For the page's script."""
    return JSONResponse({"token": started.token, "options": json.loads(started.options)})
