"""Referring: one network, one referral, in the order that facts give, with its history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.triage.stored import ACTOR, NOW, Scene, examined, value
from triage.domain.findings import Camera, CaptureTime, Findings, Place
from triage.domain.items import ItemKind, Outcome
from triage.domain.jobs import Stage
from triage.domain.links import traits_of
from triage.domain.matches import Answer
from triage.rule_files import load_link_rules, load_priority_rules
from triage.services.referring import Referring
from triage.store.unit_of_work import Store

RULES = load_link_rules()
BODY = Camera("Acme", "One", "B-778812")


@dataclass
class Desk:
    """Where referrals are made."""

    referring: Referring
    scene: Scene

    def refer(self, *submissions: int) -> None:
        for submission in submissions:
            self.referring.refer(self.scene.lease(Stage.REFER, submission))

    def shot(self, *submissions: int, outcome: Outcome = Outcome.UNKNOWN, **findings: Any) -> int:
        """An item with these facts, linked."""
        facts = Findings(**findings)
        item = self.scene.item(*submissions, outcome=outcome, seen=examined(value(self.scene.made), findings=facts))
        with self.scene.store.writing() as unit:
            for trait in traits_of(facts, (), RULES):
                unit.links.add_traits({item: [trait]}, RULES.most_members[trait.kind.value])
            unit.commit()
        return item

    def look_alike(self, one: int, other: int) -> None:
        """Two items in one group."""
        with self.scene.store.writing() as unit:
            placed = unit.links.centres_of([one])
            unit.links.assign([*([] if placed else [(one, one)]), (other, one)])
            unit.commit()

    def held(self) -> dict[object, object]:
        """Submission → referral."""
        return {row[0]: row[1] for row in self.scene.rows("SELECT submission_id, referral_id FROM referral_member")}

    def joins(self) -> list[tuple[object, ...]]:
        """Joins in force."""
        return self.scene.rows("SELECT low_id, high_id, kind, because FROM network_join WHERE withdrawn_at IS NULL")

    def history(self, referral: int) -> list[str]:
        with self.scene.store.reading() as unit:
            return [event["kind"] for event in unit.referral_pages.referral_history(referral)]


@pytest.fixture
def desk(store: Store, scene: Scene) -> Desk:
    return Desk(Referring(store, RULES, load_priority_rules(), lambda: NOW, ACTOR), scene)


class TestJoining:
    """What makes one network of two submissions."""

    def test_strangers_get_a_referral_each(self, desk: Desk, scene: Scene) -> None:
        """With at least one reason."""
        one, two = scene.submission(), scene.submission()
        desk.shot(one)
        desk.shot(two)
        desk.refer(one, two)
        assert desk.held() == {one: 1, two: 2}
        with scene.store.reading() as unit:
            assert all(row.reasons for row in unit.referral_pages.referrals())

    def test_one_case_is_one_referral(self, desk: Desk, scene: Scene) -> None:
        """Even before anything is examined."""
        one, two = scene.submission(case="A"), scene.submission(case="A")
        desk.refer(one, two)
        assert desk.held() == {one: 1, two: 1}
        assert desk.joins() == [(one, two, "same-case", "Both carry the same case reference")]

    def test_one_body_with_unmatched_pictures_on_both_sides(self, desk: Desk, scene: Scene) -> None:
        """Known pictures by it join nobody."""
        one, two, three = scene.submission(), scene.submission(), scene.submission()
        desk.shot(one, camera=BODY)
        desk.shot(two, camera=BODY)
        desk.shot(three, camera=BODY, outcome=Outcome.KNOWN)
        desk.refer(one, two, three)
        assert desk.held() == {one: 1, two: 1, three: 2}

    def test_the_same_unmatched_bytes(self, desk: Desk, scene: Scene) -> None:
        """Known bytes and archives passed around join nobody."""
        one, two, three = scene.submission(), scene.submission(), scene.submission()
        desk.shot(one, two)
        desk.shot(one, three, outcome=Outcome.KNOWN)
        scene.item(two, three, kind=ItemKind.CONTAINER, outcome=Outcome.CONTAINER)
        desk.refer(one, two, three)
        assert desk.held() == {one: 1, two: 1, three: 2}
        assert desk.joins() == [(one, two, "same-content", "1 unmatched content in both")]

    def test_what_very_many_have_joins_nobody(self, desk: Desk, scene: Scene) -> None:
        """A wallpaper in six seizures; in five it still joins."""
        ids = [scene.submission() for _ in range(6)]
        desk.shot(*ids)
        desk.refer(*ids)
        assert len(set(desk.held().values())) == 6

    def test_likeness_needs_two_groups(self, desk: Desk, scene: Scene) -> None:
        """One may be chance."""
        one, two = scene.submission(), scene.submission()
        desk.look_alike(desk.shot(one), desk.shot(two))
        desk.refer(one, two)
        assert desk.held() == {one: 1, two: 2}
        desk.look_alike(desk.shot(one), desk.shot(two))
        desk.refer(two)
        assert desk.held() == {one: 1, two: 1}

    def test_meeting_needs_two_occasions(self, desk: Desk, scene: Scene) -> None:
        """One place and time may be a festival."""
        one, two = scene.submission(), scene.submission()
        start = datetime(2026, 2, 1, 12)  # noqa: DTZ001 - a camera's wall clock
        for days in (0, 7):
            for submission in (one, two):
                captured = CaptureTime(start + timedelta(days=days), 0)
                desk.shot(submission, captured=captured, place=Place(13.75, 100.5))
            desk.refer(one, two)
            assert len(set(desk.held().values())) == (2 if days == 0 else 1)


class TestNumbers:
    """A number that an analyst has seen stays what it is."""

    def test_referring_again_changes_nothing(self, desk: Desk, scene: Scene) -> None:
        """No event, no join, no number."""
        one, two = scene.submission(case="A"), scene.submission(case="A")
        desk.refer(one, two)
        before = desk.held(), desk.joins(), desk.history(1)
        desk.refer(two, one)
        assert (desk.held(), desk.joins(), desk.history(1)) == before
        assert scene.rows("SELECT count(*) FROM referral") == [(1,)]

    def test_a_new_submission_joins_the_open_referral_of_its_network(self, desk: Desk, scene: Scene) -> None:
        """And the referral is assessed anew."""
        one = scene.submission()
        desk.shot(one, camera=BODY)
        desk.refer(one)
        two = scene.submission()
        desk.shot(two, camera=BODY)
        desk.refer(two)
        assert desk.held() == {one: 1, two: 1}
        assert desk.history(1) == ["opened", "joined"]

    def test_a_later_submission_merges_two_referrals(self, desk: Desk, scene: Scene) -> None:
        """The older number goes on; the other says where, and both keep their history."""
        one, two, bridge = scene.submission(), scene.submission(), scene.submission()
        other = replace(BODY, serial="B-990014")
        desk.shot(one, camera=BODY)
        desk.shot(two, camera=other)
        desk.refer(one, two)
        assert desk.held() == {one: 1, two: 2}
        desk.shot(bridge, camera=BODY)
        desk.shot(bridge, camera=other)
        desk.refer(bridge)
        assert desk.held() == dict.fromkeys((one, two, bridge), 1)
        assert scene.rows("SELECT id, state, merged_into FROM referral") == [(1, "open", None), (2, "merged", 1)]
        assert desk.history(1) == ["opened", "joined", "absorbed"]
        assert desk.history(2) == ["opened", "merged"]

    def test_a_network_that_falls_apart_is_split(self, desk: Desk, scene: Scene) -> None:
        """The ground is gone (the value became too common): the part with the oldest keeps the number."""
        one, two = scene.submission(), scene.submission()
        first = desk.shot(one, camera=BODY)
        desk.shot(two, camera=BODY)
        desk.refer(one, two)
        with scene.store.writing() as unit:
            unit.items.set_outcomes({first: Answer(Outcome.KNOWN, "")})
            unit.commit()
        desk.refer(one)
        assert desk.held() == {one: 1, two: 2}
        assert desk.joins() == []
        assert desk.history(1) == ["opened", "split"]
        assert desk.history(2) == ["opened"]
        with scene.store.reading() as unit:
            assert {row.id: row.submissions for row in unit.referral_pages.referrals()} == {1: [one], 2: [two]}
            assert all(row.reasons for row in unit.referral_pages.referrals())

    def test_a_ground_that_is_gone_stays_as_history(self, desk: Desk, scene: Scene) -> None:
        """While another holds, the network stays together."""
        one, two = scene.submission(case="A"), scene.submission(case="A")
        first = desk.shot(one, camera=BODY)
        desk.shot(two, camera=BODY)
        desk.refer(one, two)
        with scene.store.writing() as unit:
            unit.items.set_outcomes({first: Answer(Outcome.KNOWN, "")})
            unit.commit()
        desk.refer(two)
        assert desk.held() == {one: 1, two: 1}
        assert [join[2] for join in desk.joins()] == ["same-case"]
        assert scene.rows("SELECT count(*) FROM network_join WHERE withdrawn_at IS NOT NULL") == [(1,)]


def test_referring_is_recorded_with_the_network_and_the_rules(desk: Desk, scene: Scene) -> None:
    """One record for each referral that it touched."""
    one, two = scene.submission(case="A"), scene.submission(case="A")
    desk.refer(one, two)
    with scene.store.reading() as unit:
        events = [record.event for record in unit.custody.records() if record.event]
    assert [event.subject for event in events] == ["referral:1", "referral:1"]
    assert events[1].details["submissions"] == f"{one},{two}"
    assert events[1].details["rules"] == desk.referring.priority.edition
    assert scene.jobs("done") == [("refer", one, ()), ("refer", two, ())]
