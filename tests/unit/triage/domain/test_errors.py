"""Errors that cross floors: a stable code, a sentence, and one exit status per kind."""

from __future__ import annotations

import pytest

from triage.domain.errors import (
    Conflict,
    NotFound,
    Refused,
    Tampered,
    TriageError,
    Unavailable,
    Unreadable,
)

KINDS = {Refused: 3, NotFound: 4, Conflict: 5, Unreadable: 6, Unavailable: 7, Tampered: 8}


@pytest.mark.parametrize(("kind", "status"), KINDS.items())
def test_each_kind_has_the_exit_status_that_is_documented(kind: type[TriageError], status: int) -> None:
    """Scripts decide by these numbers: they never change."""
    assert kind("some-code", "A sentence.").exit_code == status


def test_no_kind_is_forgotten_and_no_status_is_used_twice() -> None:
    """A new kind takes a number of its own; 1 and 2 belong to failure as such and to wrong usage."""
    assert set(TriageError.__subclasses__()) == set(KINDS)
    assert len({*KINDS.values(), TriageError.exit_code, 2}) == len(KINDS) + 2


def test_an_error_carries_its_code_beside_its_sentence() -> None:
    """The code is for machines, the sentence for people; the text of the exception is the sentence."""
    error = NotFound("no-submission", "There is no submission S-7.")
    assert (error.code, error.sentence, str(error)) == (
        "no-submission",
        "There is no submission S-7.",
        "There is no submission S-7.",
    )
