"""Collects every sentence that pages say, and keeps `triage/interfaces/web/locale` in step with them.

`python -m tools.sentences` adds what is new to each catalogue, untranslated, and drops what is said no more.
`python -m tools.sentences LANGUAGE` lists what is not translated yet.
"""

from __future__ import annotations

import io
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
WEB = ROOT / "triage/interfaces/web"
LANGUAGES = ("th", "km", "lo", "vi")
_METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext.babel_extract")]
_OPTIONS = {
    "**.j2": {"trimmed": "false", "silent": "false", "extensions": "jinja2.ext.i18n", "newstyle_gettext": "1"}
}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}

Message = str | tuple[str, ...]


def said() -> dict[Message, list[str]]:
    """Every sentence, and where it is said."""
    found: dict[Message, list[str]] = {}
    for name, _line, message, *_ in extract_from_dir(WEB, _METHODS, _OPTIONS, _KEYWORDS):
        found.setdefault(message, []).append(name)
    for sentence in _rules():
        found.setdefault(sentence, []).append("priority.toml")
    return found


def _rules() -> Iterator[str]:
    with (ROOT / "config/priority.toml").open("rb") as file:
        document = tomllib.load(file)
    yield document["otherwise"]
    for rule in document["rule"]:
        yield rule["sentence"]
        if "sentence_one" in rule:
            yield rule["sentence_one"]


def missing(language: str) -> list[Message]:
    """What is not translated into a language, in the order of the catalogue."""
    catalogue = _catalogue(language)
    return [message for message in said() if not _words(catalogue, message)]


def keep_in_step(language: str) -> None:
    """Write the catalogue anew: every sentence that is said, with the words that it has."""
    before, after = _catalogue(language), Catalog(locale=language, project="triage", fuzzy=False)
    for message, places in sorted(said().items(), key=lambda one: (sorted(one[1]), str(one[0]))):
        after.add(message, _words(before, message) or None, user_comments=(), auto_comments=sorted(set(places))[:1])
    written = io.BytesIO()
    write_po(written, after, width=118, no_location=True, omit_header=False)
    kept = [
        line
        for line in written.getvalue().decode().splitlines()
        if "Date:" not in line and "Generated-By" not in line
    ]
    (WEB / f"locale/{language}.po").write_text("\n".join(kept) + "\n", encoding="utf-8")


def _catalogue(language: str) -> Catalog:
    path = WEB / f"locale/{language}.po"
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _words(catalogue: Catalog, message: Message) -> Message | None:
    key = message if isinstance(message, str) else message[0]
    found = catalogue.get(key)
    if found is None or not found.string:
        return None
    return found.string if isinstance(found.string, str) else tuple(found.string) if all(found.string) else None


if __name__ == "__main__":
    if sys.argv[1:]:
        for one in missing(sys.argv[1]):
            sys.stdout.write(f"{one!r}\n")
    else:
        for one in LANGUAGES:
            keep_in_step(one)
