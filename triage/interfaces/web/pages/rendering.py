"""Pages from templates: escaped, in the reader's language, under a policy that lets nothing in.

A page carries no picture and no data URI. Scripts are our own files; htmx acts only on elements that carry the page's
nonce, so markup that slipped in with evidence does nothing (hx-csp; Trusted Types).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from triage.exporters import charts

from . import words
from .language import NAMES, Speaking, sentences
from .static_files import FOLDER, address


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a page, and how they are spoken to. `name` is empty before anyone has signed in."""

    speaking: Speaking = field(default_factory=Speaking)
    name: str = ""
    roles: frozenset[str] = frozenset()
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(18))


def page(
    reader: Reader, template: str, /, *, answer: int = 200, pictures: bool = False, **values: Any
) -> HTMLResponse:
    """A page. Only the one that shows a rendition may have `pictures`, and only those that its script made."""
    headers = {"Content-Security-Policy": policy(reader.nonce, pictures=pictures)}
    return HTMLResponse(rendered(reader, template, **values), answer, headers=headers)


def rendered(reader: Reader, template: str, **values: Any) -> str:
    """A page, or a part of one, as text."""
    found = _environment(reader.speaking.language).get_template(template)
    return found.render(reader=reader, say=reader.speaking, **values)


def policy(nonce: str, *, pictures: bool = False) -> str:
    """The Content-Security-Policy of a page."""
    parts = [
        "default-src 'none'",
        f"script-src 'self' 'nonce-{nonce}'",
        "style-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types htmx",
    ]
    if pictures:
        parts.append("img-src blob:")
    return "; ".join(parts)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("triage.interfaces.web", "templates"), FileSystemLoader(FOLDER / "vendor")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(sentences(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(static=address, languages=NAMES, charts=charts, words=words)
    return environment
