"""The templates of one language, compiled for it: what is the same on each page is worked out once.

A sentence of ours in a template is text of the template by the time it runs, in the language that it is compiled for;
what can only look a few ways (an axis at a level, an answer) is drawn once for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from triage.domain.people import Principal
from triage.exporters import charts

from . import words
from .assets import static
from .fault_words import fault_told
from .language import NAMES, Sentences, Speaking, sentences
from .retold import because_told, history_told

_HERE = Path(__file__).parent
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_SAYING = "_"


@cache
def environment(language: str) -> Environment:
    """All templates in a language."""
    made = _Spoken(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        auto_reload=False,  # else each page would ask the disk about each of its templates
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.say = _saying(sentences(language))
    made.install_gettext_translations(sentences(language), newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    made.globals[_SAYING] = made.say
    made.globals.update(static=static, language_names=NAMES, charts=charts, words=words, fault_told=fault_told)
    made.globals.update(because_told=because_told, history_told=history_told)
    made.globals.update(level=_drawn(made, "level.html.j2"), outcome=_drawn(made, "outcome.html.j2"))

    def moment(value: datetime | None, who: Principal) -> str:
        """A time for people, in their own zone."""
        return Speaking(language, who.time_zone).moment(value) if value else "–"  # noqa: RUF001 - a dash for nothing

    made.filters["moment"] = moment
    made.filters["at"] = datetime.fromisoformat  # records and releases keep their times as text
    return made


def visible(value: object) -> object:
    r"""Text whose control characters, and those that turn text round, are written as escapes: `\u202e`.

    A name could show itself as another, or a line as two.
    """
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return value


class _Spoken(Environment):
    """Reads `_("…")` of templates in one language, before they are compiled."""

    say: Callable[..., Markup]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Jinja's own, with the sentences put in."""
        parsed: nodes.Template = _PuttingIn(self.say).visit(super()._parse(source, name, filename))
        return parsed


class _PuttingIn(NodeTransformer):
    """Puts a sentence where it is asked for without anything to fill in."""

    def __init__(self, say: Callable[..., Markup]) -> None:
        self.say = say

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name for it
        """`_("a sentence of ours")` becomes what it says; any other call stays."""
        self.generic_visit(node)
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and len(node.args) == 1
        if plain and isinstance(node.node, nodes.Name) and node.node.name == _SAYING:
            asked = node.args[0]
            if isinstance(asked, nodes.Const):
                return nodes.MarkSafe(nodes.Const(str(self.say(asked.value)), lineno=node.lineno), lineno=node.lineno)
        return node


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


def _drawn(made: Environment, template: str) -> Callable[..., Markup]:
    """A small template of words of ours alone, drawn once for each way that it can look."""

    @cache
    def draw(*what: Any) -> Markup:
        return Markup(made.get_template(template).render(what=what))  # noqa: S704 - escaped by its template

    return draw
