"""Every code that a page may meet has words."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from string import Formatter

import pytest

from hashsets.terms import Sharing
from hashsets.vocabulary import SetKind
from triage.domain.custody import CustodyAction
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.domain.legal import Origin
from triage.domain.links import LinkKind
from triage.domain.look_plan import Tie, Why
from triage.domain.matches import Standing
from triage.domain.people import Role
from triage.domain.priority import Axis
from triage.domain.referral_facts import ReferralFacts
from triage.domain.reports import Viewed
from triage.interfaces.web import words
from triage.interfaces.web.language import Speaking
from triage.rule_files import load_priority_rules

TODAY = date(2026, 11, 26)
RULES = load_priority_rules()


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (Outcome, words.OUTCOMES),
        (Axis, words.AXES),
        (Stage, words.STAGES),
        (Origin, words.ORIGINS),
        (Viewed, words.VIEWED),
        (Standing, words.STANDINGS),
        (NoteCode, words.NOTES),
        (CustodyAction, words.RECORDS),
        (SetKind, words.SET_KINDS),
        (Sharing, words.SHARING),
        (Why, words.LOOK_WHY),
        (Tie, words.LOOK_TIES),
        (Role, words.ROLES),
    ],
)
def test_every_code_has_words(codes: type, told: dict[str, object]) -> None:
    assert {one.value for one in codes} <= set(told)  # type: ignore[attr-defined]


def test_every_trait_that_items_share_has_words() -> None:
    """As `clusters` names them."""
    assert {"look-alike", LinkKind.SAME_CAMERA, LinkKind.SAME_PLACE_TIME, LinkKind.SAME_ARCHIVE} == set(words.LINKS)


@pytest.mark.parametrize(("codes", "told"), [(Why, words.LOOK_WHY), (Tie, words.LOOK_TIES)])
@pytest.mark.parametrize("language", ["en", "th"])
def test_the_plan_of_looks_has_a_sentence_of_its_own_for_each_code(
    codes: type[StrEnum], told: dict[str, str], language: str
) -> None:
    """No code without one, none left of a code that is gone, no two alike; in Thai none that stays English."""
    assert set(told) == set(codes)
    said = {code: Speaking(language).sentences.gettext(sentence) for code, sentence in told.items()}
    assert len(set(said.values())) == len(said)
    assert all(any("\u0e00" <= letter <= "\u0e7f" for letter in one) for one in said.values()) == (language == "th")


def test_a_reason_is_told_anew_in_the_readers_language() -> None:
    reason = {"rule": "reporter-escalated", "sentence": "The reporter marked this as urgent"}
    told = words.reason_told(reason, ReferralFacts(reporter_escalated=True), RULES, Speaking("th"), TODAY)
    assert told == "ผู้รายงานระบุว่าเร่งด่วน"


def test_its_number_is_what_was_counted_when_the_referral_was_assessed() -> None:
    rule = next(one for one in RULES.rules if one.when[0].fact == "known_exact" and not one.when[0].any_of)
    reason = {"rule": rule.name, "sentence": "17 items …"}
    told = words.reason_told(reason, ReferralFacts(known_exact=17), RULES, Speaking("th"), TODAY)
    assert "17" in told


def test_a_reason_of_a_rule_that_is_gone_is_told_as_it_was_written() -> None:
    reason = {"rule": "no-such-rule", "sentence": "As it was"}
    assert words.reason_told(reason, ReferralFacts(), RULES, Speaking("th"), TODAY) == "As it was"


def test_every_rule_has_only_the_holes_that_are_filled() -> None:
    for rule in RULES.rules:
        for sentence in (rule.sentence, rule.sentence_one or ""):
            assert {name for _, name, _, _ in Formatter().parse(sentence) if name} <= {"count", "days"}
