"""How a page is made: templates, words in the reader's language, the headers that let a page be one.

    return page(request, "account.html.j2", who=signed.principal, passkeys=found)

Everything that is put into a template is escaped, and its control characters are made visible. There is no inline
script, no inline style, nothing from elsewhere.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from babel.core import negotiate_locale
from starlette.requests import Request
from starlette.responses import HTMLResponse

from triage.domain.access import POLICY, Action
from triage.domain.people import LANGUAGES, Principal, Role

from .language import Speaking
from .packing import ENCODED_HEADERS, PACK_QUICKLY, is_worth_packing, takes_gzip
from .templating import environment

LANGUAGE_COOKIE = "triage-language"
"""What somebody chose before signing in; afterwards their own language is the account's."""

PAGE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    # Without it browsers send no Origin with forms of our own.
    "Referrer-Policy": "same-origin",
}
"""What stands on every page beside its policy; the middleware's closed headers stand beside them."""


def page(
    request: Request,
    template: str,
    /,
    *,
    who: Principal | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page in the reader's language. `who` is whoever is signed in: the frame's own links depend on it."""
    nonce = secrets.token_urlsafe(18)
    body = rendered(request, template, who=who, nonce=nonce, **values).encode()
    own = {"Content-Security-Policy": policy(nonce), **PAGE_HEADERS, **ENCODED_HEADERS}
    if is_worth_packing(body) and takes_gzip(request):
        body, own["Content-Encoding"] = gzip.compress(body, PACK_QUICKLY, mtime=0), "gzip"
    return HTMLResponse(body, status, headers={**own, **(headers or {})})


def rendered(request: Request, template: str, /, *, who: Principal | None, nonce: str, **values: Any) -> str:
    """A page, or a part of one, as text."""
    language = language_of(request, who)

    def holds_role_for(action: str) -> bool:
        return bool(who and who.roles & POLICY[Action(action)].roles)

    return (
        environment(language)
        .get_template(template)
        .render(
            who=who,
            language=language,
            say=Speaking(language, who.time_zone if who else "UTC"),
            path=request.url.path,
            there=there_of(request) or "/",
            nonce=nonce,
            may=holds_role_for,
            Role=Role,
            **values,
        )
    )


def policy(nonce: str, pictures: str = "'none'") -> str:
    """The Content-Security-Policy of a page.

    Scripts are files of ours; htmx acts only on elements that carry the page's nonce (hx-csp), so markup that slipped
    in with evidence does nothing. No page may show a picture, except the one that names its own.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "font-src 'self'",
            f"img-src {pictures}",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types htmx",
        )
    )


def language_of(request: Request, who: Principal | None) -> str:
    """The person's own; before sign-in what was chosen, or what the browser asks for; else English."""
    if who:
        return who.language if who.language in LANGUAGES else "en"
    if (chosen := request.cookies.get(LANGUAGE_COOKIE, "")) in LANGUAGES:
        return chosen
    asked = [part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")[:10]]
    return negotiate_locale([one for one in asked if one and one != "*"], LANGUAGES, sep="-") or "en"


def there_of(request: Request) -> str:
    """Where a person is, with what the address asks: this page, or the one with the form; empty when unknown."""
    split = urlsplit(str(request.url) if request.method == "GET" else request.headers.get("referer", ""))
    return f"{split.path}?{split.query}" if split.query else split.path


def wants_page(request: Request) -> bool:
    """Whether a person asks with a browser, and not a program."""
    return "text/html" in request.headers.get("accept", "")
