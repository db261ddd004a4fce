"""Every error of the library has one answer of the house."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hashsets.errors import Damaged, HashSetError
from triage.domain.errors import NotFound, Refused, Tampered, TriageError, Unreadable
from triage.services.hash_set_errors import ANSWERS, answer_to, answered

LIBRARY = Path(__file__).parents[4] / "hashsets"
RAISED = re.compile(r'HashSetError\(\s*"([a-z0-9-]+)"')


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (HashSetError("release-unknown", "no such release"), NotFound),
        (HashSetError("export-forbidden", "the terms forbid it"), Refused),
        (HashSetError("json-broken", "the document breaks off"), Unreadable),
        (Damaged("release-unknown", "a seal is broken"), Tampered),
    ],
)
def test_code_and_sentence_come_through(error: HashSetError, answer: type[TriageError]) -> None:
    """Damage is always damage; what is about the file handed in is unreadable."""
    with pytest.raises(answer) as caught, answered():
        raise error
    assert (caught.value.code, caught.value.sentence) == (error.code, error.sentence)
    assert type(answer_to(error)) is answer


def test_the_table_names_each_code_once_and_only_codes_that_there_are() -> None:
    """A code that was renamed in the library would silently become another exit status."""
    listed = [code for codes in ANSWERS.values() for code in codes]
    raised = {code for path in LIBRARY.rglob("*.py") for code in RAISED.findall(path.read_text(encoding="utf-8"))}
    assert len(set(listed)) == len(listed)
    assert set(listed) <= raised
