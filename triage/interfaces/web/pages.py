"""How a page is made: templates, words in the reader's language, the headers that let a page be one.

    return page(request, "account.html.j2", who=signed.principal, passkeys=found)

Everything that is put into a template is escaped; there is no inline script, no inline style, nothing from elsewhere.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import negotiate_locale
from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from triage.domain.people import LANGUAGES, Principal, Role

from .assets import static

_HERE = Path(__file__).parent
LOCALES = _HERE / "locales"
"""Compiled catalogues: LANGUAGE/LC_MESSAGES/triage.mo. A language without one reads English."""

PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "Cache-Control": "no-store",
    # Without it browsers send no Origin with forms of our own.
    "Referrer-Policy": "same-origin",
}
"""What stands on every page; the middleware's closed headers stand beside them."""


def page(
    request: Request,
    template: str,
    *,
    who: Principal | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> HTMLResponse:
    """A page in the reader's language. `who` is whoever is signed in: the frame's own links depend on it."""
    language = language_of(request, who)
    body = (
        _environment(language)
        .get_template(template)
        .render(who=who, language=language, path=request.url.path, Role=Role, **values)
    )
    return HTMLResponse(body, status, headers={**PAGE_HEADERS, **(headers or {})})


def language_of(request: Request, who: Principal | None) -> str:
    """The person's own; before sign-in what the browser asks for; else English."""
    if who:
        return who.language if who.language in LANGUAGES else "en"
    asked = [part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")[:10]]
    return negotiate_locale([one for one in asked if one and one != "*"], LANGUAGES, sep="-") or "en"


def wants_page(request: Request) -> bool:
    """Whether a person asks with a browser, and not a program."""
    return "text/html" in request.headers.get("accept", "")


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = gettext.translation("triage", LOCALES, [language], fallback=True)
    made.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    made.globals["static"] = static

    def moment(value: datetime | None, who: Principal) -> str:
        """A time for people, in their own zone."""
        if value is None:
            return "–"  # noqa: RUF001 - a dash for nothing
        return format_datetime(value, "medium", tzinfo=ZoneInfo(who.time_zone), locale=language)

    made.filters["moment"] = moment
    return made
