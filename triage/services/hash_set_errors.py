"""The one place where errors of the hash-set library become errors of the house."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hashsets.errors import Damaged, HashSetError
from triage.domain.errors import Conflict, NotFound, Refused, Tampered, TriageError, Unavailable, Unreadable

ANSWERS: Mapping[type[TriageError], frozenset[str]] = {
    Refused: frozenset(
        {
            "export-forbidden",
            "header-unusable",
            "no-value-column",
            "nothing-to-export",
            "set-name-unusable",
            "state-date-unusable",
            "state-note-unusable",
            "unknown-field",
            "unknown-format",
            "update-too-long",
        }
    ),
    NotFound: frozenset({"entry-unknown", "release-unknown", "set-unknown", "state-unknown"}),
    Conflict: frozenset({"release-not-enabled", "set-changed-meanwhile", "set-kind-differs", "set-not-in-force"}),
    Unavailable: frozenset({"export-not-written", "release-not-written", "state-not-written"}),
}
"""By code. Every other is about the file that was handed in: `Unreadable`."""


def answer_to(error: HashSetError) -> TriageError:
    """What the house says of an error of the library, with its code and its sentence."""
    if isinstance(error, Damaged):
        return Tampered(error.code, error.sentence)
    answer = next((known for known, codes in ANSWERS.items() if error.code in codes), Unreadable)
    return answer(error.code, error.sentence)


@contextmanager
def answered() -> Iterator[None]:
    """Around calls of the library: whatever it raises comes out as an error of the house."""
    try:
        yield
    except HashSetError as error:
        raise answer_to(error) from error
