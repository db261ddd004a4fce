"""What submissions share, and referrals that stand for networks."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.unit.triage.stored import NOW, Scene
from triage.domain.items import Outcome
from triage.domain.links import LinkKind, Strength, Trait
from triage.domain.networks import Join, join_between
from triage.domain.priority import Assessment, Axis, Reason
from triage.domain.referral_facts import ReferralFacts
from triage.store.networks import SharedContent, SharedTrait
from triage.store.unit_of_work import Store

CAMERA = LinkKind.SAME_CAMERA.value


def share(store: Store, *items: int, key: str = "acme one 77") -> None:
    """These items were made by one body."""
    trait = Trait(LinkKind.SAME_CAMERA, key, Strength.STRONG, f"Same camera body: {key}")
    with store.writing() as unit:
        unit.links.add_traits({item: [trait] for item in items}, 1000)
        unit.commit()


class TestWhatIsShared:
    """Counted through items with one outcome: what is known is everybody's."""

    def test_a_trait_of_two_submissions(self, store: Store, scene: Scene) -> None:
        """With all who hold it."""
        one, two, three = scene.submission(), scene.submission(), scene.submission()
        share(store, scene.item(one), scene.item(two), scene.item(three))
        share(store, scene.item(one), scene.item(one), key="acme one 78")
        with store.reading() as unit:
            shared = unit.networks.shared_traits(one, CAMERA, 100, "unknown")
        assert shared == [SharedTrait("acme one 77", (one, two, three))]

    def test_a_trait_held_through_known_items_does_not_count(self, store: Store, scene: Scene) -> None:
        """On either side: two holders of one known series are not one network."""
        one, two = scene.submission(), scene.submission()
        share(store, scene.item(one), scene.item(two, outcome=Outcome.KNOWN))
        with store.reading() as unit:
            assert unit.networks.shared_traits(one, CAMERA, 100, "unknown") == []
            assert unit.networks.shared_traits(two, CAMERA, 100, "unknown") == []

    def test_a_trait_with_too_many_members_does_not_count(self, store: Store, scene: Scene) -> None:
        """All members count, whatever their outcome."""
        one, two = scene.submission(), scene.submission()
        share(store, scene.item(one), scene.item(two), scene.item(two, outcome=Outcome.KNOWN))
        with store.reading() as unit:
            assert len(unit.networks.shared_traits(one, CAMERA, 3, "unknown")) == 1
            assert unit.networks.shared_traits(one, CAMERA, 2, "unknown") == []

    def test_content_is_counted_by_how_many_hold_it(self, store: Store, scene: Scene) -> None:
        """Two in three submissions, one in two; the empty file is nobody's."""
        one, two, three = scene.submission(), scene.submission(), scene.submission()
        scene.item(one, two)
        scene.item(one, two, three)
        scene.item(one, two, three)
        scene.item(one, two, size=0)
        scene.item(one, two, outcome=Outcome.KNOWN)
        scene.item(one)
        with store.reading() as unit:
            shared = unit.networks.shared_content(one, "unknown")
            known = unit.networks.shared_content(one, "known")
        assert shared == [SharedContent(two, 2, 1), SharedContent(two, 3, 2), SharedContent(three, 3, 2)]
        assert known == [SharedContent(two, 2, 1)]

    def test_look_alikes_are_counted_by_group_and_need_different_items(self, store: Store, scene: Scene) -> None:
        """One picture in ten sizes is one group; the very same bytes are content, not likeness."""
        one, two = scene.submission(), scene.submission()
        first, second = scene.item(one), scene.item(one)
        theirs, again = scene.item(two), scene.item(two)
        same = scene.item(one, two)
        known = scene.item(two, outcome=Outcome.KNOWN)
        with store.writing() as unit:
            unit.links.assign([(first, first), (theirs, first), (again, first)])
            unit.links.assign([(second, second), (known, second), (same, same)])
            assert unit.networks.shared_look_alikes(one, "unknown") == {two: 1}
            assert unit.networks.shared_look_alikes(two, "unknown") == {one: 1}

    def test_the_same_case(self, store: Store, scene: Scene) -> None:
        """The unit itself says that they belong together."""
        one, _, three = scene.submission(case="A"), scene.submission(case="B"), scene.submission(case="A")
        with store.reading() as unit:
            assert unit.networks.same_case(one) == [three]
            assert unit.networks.same_case(three) == [one]


class TestJoins:
    """Joins are ended, never deleted."""

    def test_a_withdrawn_join_stays_as_history(self, store: Store, scene: Scene) -> None:
        """It is in force no longer; made again it is a new row."""
        one, two = scene.submission(), scene.submission()
        join = join_between(one, two, "same-camera", "because")
        with store.writing() as unit:
            unit.networks.change_joins([join], [], NOW)
            unit.networks.change_joins([], [join], NOW + timedelta(days=1))
            assert unit.networks.joins_of([one]) == []
            unit.networks.change_joins([join], [], NOW + timedelta(days=2))
            assert unit.networks.joins_of([one]) == unit.networks.joins_of([two]) == [join]
            unit.commit()
        assert scene.rows("SELECT count(*), count(withdrawn_at) FROM network_join") == [(2, 1)]

    def test_a_network_is_everything_that_joins_or_a_referral_reach(self, store: Store, scene: Scene) -> None:
        """Through several steps; a join no longer in force leads nowhere."""
        ids = [scene.submission() for _ in range(6)]
        joins = [Join(ids[0], ids[1], "same-case", ""), Join(ids[1], ids[2], "same-case", "")]
        ended = Join(ids[3], ids[4], "same-case", "")
        with store.writing() as unit:
            unit.networks.change_joins([*joins, ended], [], NOW)
            unit.networks.change_joins([], [ended], NOW)
            unit.networks.place([ids[2], ids[3]], unit.networks.open_referral(NOW), NOW)
            assert unit.networks.network_of(ids[0]) == ids[:4]
            assert unit.networks.network_of(ids[4]) == [ids[4]]


class TestReferrals:
    """A submission is in one referral at a time."""

    def test_placing_moves_a_submission_out_of_whichever_held_it(self, store: Store, scene: Scene) -> None:
        """Never in two."""
        one, two = scene.submission(), scene.submission()
        with store.writing() as unit:
            old, new = unit.networks.open_referral(NOW), unit.networks.open_referral(NOW)
            unit.networks.place([one, two], old, NOW)
            unit.networks.place([two], new, NOW)
            assert unit.networks.referrals_of([one, two]) == {one: old, two: new}

    def test_a_merged_referral_says_where_it_goes_on(self, store: Store, scene: Scene) -> None:
        """Its history stays readable."""
        with store.writing() as unit:
            old, new = unit.networks.open_referral(NOW), unit.networks.open_referral(NOW)
            unit.networks.merge(new, old, NOW)
            unit.networks.add_event(new, "merged", {"into": old}, NOW)
            unit.commit()
        assert scene.rows("SELECT id, state, merged_into FROM referral ORDER BY id") == [
            (old, "open", None),
            (new, "merged", old),
        ]
        ((kind, details),) = scene.rows("SELECT kind, details FROM referral_event")
        assert (kind, json.loads(str(details))) == ("merged", {"into": old})

    def test_an_assessment_is_written_with_every_reason(self, store: Store) -> None:
        """Levels without reasons would be a score."""
        reason = Reason(Axis.DANGER, 2, "a-rule", "3 unmatched pictures", lowers=True)
        assessment = Assessment(2, 1, 0, 3, (reason,), "1032", "edition 1")
        with store.writing() as unit:
            referral = unit.networks.open_referral(NOW)
            unit.networks.assess(referral, assessment, ReferralFacts(items=3), NOW + timedelta(days=1))
            row = unit.referral_pages.referral(referral)
        assert (row.danger, row.solvability, row.network, row.clock) == (2, 1, 0, 3)
        assert row.reasons == [
            {"axis": "danger", "level": 2, "rule": "a-rule", "sentence": "3 unmatched pictures", "lowers": True}
        ]
        assert (row.created_at, row.updated_at) == (NOW, NOW + timedelta(days=1))
