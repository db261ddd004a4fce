"""Categories in the words of their scheme."""

from __future__ import annotations

from collections.abc import Callable

from triage.domain.errors import NotFound, Refused

from .desk import Desk


def named_in(desk: Desk) -> Callable[[str], str]:
    """From a category's code in the deployment's scheme to its words; a code of another scheme stays as it is."""
    deciding = desk.application.deciding
    scheme = deciding.schemes.scheme(deciding.rules.scheme)

    def named(code: str) -> str:
        try:
            found = scheme.category(code)
        except (NotFound, Refused):
            return code
        return str(found.words.get(desk.speaking.language, found.words["en"]))

    return named
