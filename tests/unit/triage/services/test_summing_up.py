"""A referral's page costs the same whatever it holds: what it says of items was counted when it was assessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import event

from tests.unit.triage.stored import NOW, Scene
from triage.domain.findings import CaptureTime, Examination, Findings, Place, Raster
from triage.domain.items import Outcome
from triage.rule_files import load_link_rules
from triage.services.showing_referrals import shown_referral
from triage.services.summing_up import sum_up, summary, summary_of
from triage.store.unit_of_work import Store

RULES = load_link_rules()
OF_ITEMS = re.compile(r"\b(occurrence|item|finding|raster|match|look_alike|trait_member)\b")


@contextmanager
def asked(store: Store) -> Iterator[list[str]]:
    """Statements that were run meanwhile."""
    found: list[str] = []

    def heard(*told: object) -> None:
        found.append(str(told[2]))

    event.listen(store.engine, "before_cursor_execute", heard)
    try:
        yield found
    finally:
        event.remove(store.engine, "before_cursor_execute", heard)


def referral_of(store: Store, scene: Scene) -> tuple[int, int]:
    """A referral and its one submission, which has items of two answers; one with a time and a place."""
    submission = scene.submission()
    item = scene.item(submission, outcome=Outcome.UNKNOWN)
    scene.item(submission, outcome=Outcome.KNOWN)
    findings = Findings(captured=CaptureTime(NOW.replace(tzinfo=None)), place=Place(13.75, 100.5))
    with store.writing() as unit:
        unit.examinations.add({item: Examination(Raster("jpeg", 9, 9, "RGB"), findings=findings, tool="made 1")})
        referral = unit.networks.open_referral(NOW)
        unit.networks.place([submission], referral, NOW)
        unit.commit()
    return referral, submission


def test_a_summary_is_the_same_after_the_database_as_before(store: Store, scene: Scene) -> None:
    """Through JSON and back, counts and places included."""
    _, submission = referral_of(store, scene)
    with store.reading() as unit:
        counted = sum_up(unit, [submission], RULES)
    assert summary_of(json.loads(json.dumps(counted.document()))) == counted
    assert counted.outcomes == {"known": 1, "unknown": 1}
    assert counted.months == {date(NOW.year, NOW.month, 1): 1}
    assert counted.places == [(13.75, 100.5, 1)]
    assert counted.reports is None


def test_what_was_summed_up_is_not_counted_again(store: Store, scene: Scene) -> None:
    """No table of items is asked, so a page of a million items is as quick as one of two."""
    referral, submission = referral_of(store, scene)
    with store.writing() as unit:
        unit.networks.keep_summary(referral, sum_up(unit, [submission], RULES).document(), NOW)
        unit.commit()
    with asked(store) as statements, store.reading() as unit:
        shown = shown_referral(unit, referral, unit.gates.bases(referral), RULES, [], NOW)
    assert shown.counted.outcomes == {"known": 1, "unknown": 1}
    assert len(statements) > 3
    assert not [one for one in statements if OF_ITEMS.search(one)]


def test_one_that_was_never_summed_up_is_counted_when_it_is_read(store: Store, scene: Scene) -> None:
    """Referrals from before have a page too."""
    referral, submission = referral_of(store, scene)
    with store.reading() as unit:
        assert summary(unit, referral, [submission], RULES).counted.outcomes == {"known": 1, "unknown": 1}


def test_a_referral_that_goes_on_in_another_keeps_no_summary(store: Store, scene: Scene) -> None:
    """Its items are counted there."""
    referral, submission = referral_of(store, scene)
    with store.writing() as unit:
        unit.networks.keep_summary(referral, sum_up(unit, [submission], RULES).document(), NOW)
        unit.networks.merge(referral, unit.networks.open_referral(NOW), NOW)
        assert unit.pages.summary(referral) is None
