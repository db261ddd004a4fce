"""Every code that a report can show has words."""

from __future__ import annotations

from hashsets.vocabulary import SetKind, Transform
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.priority import Axis
from triage.domain.rematches import EndedBecause
from triage.exporters import wording


def test_every_code_is_explained() -> None:
    """A new code without words fails here, not in front of a reader."""
    assert wording.OUTCOMES.keys() == set(Outcome)
    assert wording.AXES.keys() == set(Axis)
    assert wording.NOTES.keys() == set(NoteCode)
    assert wording.TRANSFORMS.keys() == set(Transform)
    assert wording.SET_KINDS.keys() == set(SetKind)
    assert wording.ENDED.keys() == set(EndedBecause)


def test_no_two_codes_share_their_words() -> None:
    """Three answers are never one; nor are two notes."""
    for words in (
        wording.OUTCOMES,
        wording.AXES,
        wording.NOTES,
        wording.TRANSFORMS,
        wording.SET_KINDS,
        wording.ENDED,
    ):
        assert len(set(words.values())) == len(words)


def test_axes_come_in_the_order_of_the_queue() -> None:
    """The report reads from what decides first."""
    assert list(wording.AXES) == list(Axis)
