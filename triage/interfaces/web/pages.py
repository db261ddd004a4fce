"""How a page is made: templates, words in the reader's language, the headers that let a page be one.

    return page(request, "account.html.j2", who=signed.principal, passkeys=found)

Everything that is put into a template is escaped, and its control characters are made visible. There is no inline
script, no inline style, nothing from elsewhere.
"""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel.core import negotiate_locale
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from triage.domain.access import POLICY, Action
from triage.domain.people import LANGUAGES, Principal, Role
from triage.exporters import charts

from . import words
from .assets import static
from .fault_words import fault_told
from .language import NAMES, Sentences, Speaking, sentences
from .packing import ENCODED_HEADERS, PACK_QUICKLY, is_worth_packing, takes_gzip

_HERE = Path(__file__).parent
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
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
        _environment(language)
        .get_template(template)
        .render(
            who=who,
            language=language,
            say=Speaking(language, who.time_zone if who else "UTC"),
            path=request.url.path,
            there=there_of(request) or "/",
            nonce=nonce,
            may=holds_role_for,
            today=datetime.now(UTC).date(),
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


def visible(value: object) -> object:
    r"""Text whose control characters, and those that turn text round, are written as escapes: `\u202e`.

    A name could show itself as another, or a line as two.
    """
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return value


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(_HERE / "templates"), FileSystemLoader(_HERE / "static" / "vendor")]),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        auto_reload=False,  # else each page would ask the disk about each of its templates
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(sentences(language), newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    made.globals["_"] = _saying(sentences(language))
    made.globals.update(static=static, language_names=NAMES, charts=charts, words=words, fault_told=fault_told)

    def moment(value: datetime | None, who: Principal) -> str:
        """A time for people, in their own zone."""
        return Speaking(language, who.time_zone).moment(value) if value else "–"  # noqa: RUF001 - a dash for nothing

    made.filters["moment"] = moment
    made.filters["at"] = datetime.fromisoformat  # records and releases keep their times as text
    return made


def _saying(spoken: Sentences) -> Callable[..., Markup]:
    """`_()` of templates: as the extension's own, without taking a sentence apart that has nothing to fill in."""
    plain: dict[str, Markup] = {}

    def say(message: str, /, **values: object) -> Markup:
        if values:
            return Markup(spoken.gettext(message)) % values  # noqa: S704 - sentences of ours; values are escaped
        found = plain.get(message)
        if found is None:
            found = plain[message] = Markup(spoken.gettext(message)) % {}  # noqa: S704 - a sentence of ours
        return found

    return say
