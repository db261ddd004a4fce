"""What analysts say of entries, with its place in the custody log."""

from __future__ import annotations

from datetime import date

import pytest

from hashsets.deltas import Delta
from hashsets.library import Library
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, StateKind
from tests.unit.triage.stored import ACTOR, Scene
from triage.domain.errors import NotFound, Refused, TriageError
from triage.services.judging_entries import JudgingEntries
from triage.store.unit_of_work import Store


@pytest.fixture
def judging(library: Library) -> JudgingEntries:
    """Over a set of one entry."""
    entry = Entry("17", (Digest(DigestAlgorithm.MD5, b"\x11" * 16),))
    library.apply_delta("a set", Delta([("17", entry)]))
    return JudgingEntries(library, ACTOR)


def test_what_is_said_and_taken_back_is_recorded(judging: JudgingEntries, store: Store, scene: Scene) -> None:
    """By whoever operates; the record names the change in the library, the set's name and the source's id."""
    judging.judge("a set", "17", StateKind.DISABLED, note="under-review", until=date(2027, 1, 1))
    judging.judge("a set", "17", StateKind.REFUTED)
    judging.take_back("a set", "17", StateKind.REFUTED, note="second-look")
    assert scene.log()[1:] == [f"judged entry-state:{number} releases" for number in (1, 2, 3)]
    with store.reading() as unit:
        details = [dict(record.event.details) for record in unit.custody.records() if record.event]
    common = {"set": "a set", "entry": "17"}
    assert details[1:] == [
        {**common, "step": "said", "kind": "disabled", "note": "under-review", "until": "2027-01-01"},
        {**common, "step": "said", "kind": "refuted", "note": "", "until": None},
        {**common, "step": "taken-back", "kind": "refuted", "note": "second-look", "until": None},
    ]
    assert [(one.number, one.state.by) for one in judging.library.history("a set", "17")] == [
        (number, ACTOR) for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("set_name", "key", "kind", "error", "code"),
    [
        ("no set", "17", StateKind.CONFIRMED, NotFound, "set-unknown"),
        ("a set", "18", StateKind.CONFIRMED, NotFound, "entry-unknown"),
        ("a set", "17", StateKind.QUARANTINED, Refused, "state-note-unusable"),
        ("a set", "17", StateKind.DISABLED, Refused, "state-date-unusable"),
    ],
)
def test_what_cannot_be_said_is_not_recorded(
    set_name: str, key: str, kind: StateKind, error: type[TriageError], code: str,
    judging: JudgingEntries, scene: Scene,
) -> None:  # fmt: skip  # the case, then what it is tried on
    """Each with its code."""
    with pytest.raises(error) as caught:
        judging.judge(set_name, key, kind)
    assert caught.value.code == code
    with pytest.raises(NotFound) as unsaid:
        judging.take_back(set_name, key, kind)
    assert unsaid.value.code == "state-unknown"
    assert [line.split()[0] for line in scene.log()] == ["released"]
