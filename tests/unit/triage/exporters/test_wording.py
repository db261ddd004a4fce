"""Every code that a report can show has words."""

from __future__ import annotations

from dataclasses import fields

from hashsets.vocabulary import SetKind, Transform
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.legal import Handling, Origin
from triage.domain.priority import Axis
from triage.domain.referral_facts import ReferralFacts
from triage.domain.rematches import EndedBecause
from triage.domain.reports import FileMark, IncidentType, Viewed
from triage.domain.retention import HolderKind
from triage.exporters import wording


def test_every_code_is_explained() -> None:
    """A new code without words fails here, not in front of a reader."""
    assert wording.OUTCOMES.keys() == set(Outcome)
    assert wording.AXES.keys() == set(Axis)
    assert wording.NOTES.keys() == set(NoteCode)
    assert wording.TRANSFORMS.keys() == set(Transform)
    assert wording.SET_KINDS.keys() == set(SetKind)
    assert wording.ENDED.keys() == set(EndedBecause)
    assert wording.ORIGINS.keys() == set(Origin)
    assert wording.HANDLING.keys() == set(Handling)
    assert wording.VIEWED.keys() == set(Viewed)
    assert wording.INCIDENTS.keys() == set(IncidentType)
    assert wording.MARKS.keys() == set(FileMark)
    assert wording.RECORDS.keys() == set(HolderKind)
    assert wording.REPORT_FACTS.keys() <= {one.name for one in fields(ReferralFacts)}


def test_no_two_codes_share_their_words() -> None:
    """Three answers are never one; nor are two notes."""
    for words in (
        wording.OUTCOMES,
        wording.AXES,
        wording.NOTES,
        wording.TRANSFORMS,
        wording.SET_KINDS,
        wording.ENDED,
        wording.ORIGINS,
        wording.HANDLING,
        wording.VIEWED,
        wording.INCIDENTS,
        wording.MARKS,
        wording.RECORDS,
        wording.REPORT_FACTS,
    ):
        assert len(set(words.values())) == len(words)


def test_axes_come_in_the_order_of_the_queue() -> None:
    """The report reads from what decides first."""
    assert list(wording.AXES) == list(Axis)
