"""The queue, and what the page of a referral lists: nothing of anybody else's."""

from __future__ import annotations

import pytest

from hashsets.vocabulary import Basis, Opinion, Transform
from tests.unit.triage.stored import NOW, Scene, candidate
from triage.domain.errors import NotFound
from triage.domain.findings import Subject
from triage.domain.links import LinkKind, Strength, Trait, near_fingerprint
from triage.domain.matches import Match
from triage.domain.networks import join_between
from triage.domain.priority import Assessment
from triage.domain.referral_facts import ReferralFacts
from triage.store.unit_of_work import Store


class TestReferrals:
    """The queue and what is behind one line of it."""

    @staticmethod
    def refer(store: Store, *submissions: int, sort_key: str = "3333") -> int:
        with store.writing() as unit:
            referral = unit.networks.open_referral(NOW)
            unit.networks.place(submissions, referral, NOW)
            unit.networks.assess(referral, Assessment(0, 0, 0, 0, (), sort_key, "e"), ReferralFacts(), NOW)
            unit.commit()
        return referral

    def test_the_most_urgent_comes_first_then_the_oldest(self, store: Store, scene: Scene) -> None:
        """Merged ones go on in another and are not in the queue."""
        ids = [scene.submission() for _ in range(4)]
        late, first, second, merged = (
            self.refer(store, one, sort_key=key) for one, key in zip(ids, ("3", "1", "1", "0"), strict=True)
        )
        with store.writing() as unit:
            unit.networks.merge(merged, late, NOW)
            assert [row.id for row in unit.referral_pages.referrals()] == [first, second, late]
            assert {row.id for row in unit.referral_pages.referrals(merged=True)} == {late, first, second, merged}
            assert unit.referral_pages.referral(merged).merged_into == late
            assert unit.referral_pages.referral(first).submissions == [ids[1]]

    def test_one_that_is_not_there(self, store: Store) -> None:
        """Its number is named."""
        with store.reading() as unit, pytest.raises(NotFound, match="R-5") as missing:
            unit.referral_pages.referral(5)
        assert missing.value.code == "no-referral"

    def test_history_oldest_first(self, store: Store, scene: Scene) -> None:
        """Of this referral only."""
        one = self.refer(store, scene.submission())
        other = self.refer(store, scene.submission())
        with store.writing() as unit:
            unit.networks.add_event(one, "opened", {"submissions": [1]}, NOW)
            unit.networks.add_event(other, "opened", {}, NOW)
            unit.networks.add_event(one, "joined", {"submissions": [2]}, NOW)
            assert [event["kind"] for event in unit.referral_pages.referral_history(one)] == ["opened", "joined"]

    def test_joins_within_include_those_no_longer_in_force(self, store: Store, scene: Scene) -> None:
        """With an end outside they are not shown."""
        one, two, three = scene.submission(), scene.submission(), scene.submission()
        inside, outside = join_between(one, two, "same-case", "x"), join_between(two, three, "same-case", "y")
        with store.writing() as unit:
            unit.networks.change_joins([inside, outside], [], NOW)
            unit.networks.change_joins([], [inside], NOW)
            (found,) = unit.referral_pages.joins_within([one, two])
        assert (found["submissions"], found["because"], found["withdrawn_at"]) == ([one, two], "x", NOW)


class TestMatchesAndLinks:
    """What a referral's page lists."""

    def test_matches_by_set_basis_and_category(self, store: Store, scene: Scene) -> None:
        """Items and entries counted apart; the span of distances."""
        one = scene.submission()
        items = [scene.item(one) for _ in range(2)]
        said = Opinion(category="2")
        with store.writing() as unit:
            found = [
                Match(items[0], Subject.MAIN, candidate(basis=Basis.NEAR, distance=4, opinion=said)),
                Match(items[1], Subject.MAIN, candidate(basis=Basis.NEAR, distance=9, opinion=said)),
                Match(items[1], Subject.MAIN, candidate(entry="e-2")),
            ]
            unit.matches.add(found, unit.matches.comparison("p", "r"), NOW)
            exact, near = unit.referral_pages.match_counts([one])
            single = unit.referral_pages.matches([one], limit=2)
        assert (near["items"], near["entries"], near["least"], near["most"], near["category"]) == (2, 1, 4, 9, "2")
        assert (exact["items"], exact["entries"], exact["category"]) == (1, 1, None)
        assert [(row["item_id"], row["distance"]) for row in single] == [(items[0], 4), (items[1], 0)]

    def test_groups_links_and_shared_values(self, store: Store, scene: Scene) -> None:
        """A group of one is none; a value of one item is not shared; lists are cut at the limit."""
        one, other = scene.submission(), scene.submission()
        items = [scene.item(one) for _ in range(4)]
        elsewhere = scene.item(other)
        body = Trait(LinkKind.SAME_CAMERA, "k", Strength.STRONG, "Same body")
        lonely = Trait(LinkKind.SAME_CAMERA, "l", Strength.STRONG, "Another body")
        with store.writing() as unit:
            unit.links.assign(
                [(items[0], items[0]), (items[1], items[0]), (items[2], items[0]), (items[3], items[3])]
            )
            near = [near_fingerprint(item, items[0], item, Transform.IDENTITY) for item in items[1:3]]
            unit.links.add_links([*near, near_fingerprint(elsewhere, items[0], 1, Transform.IDENTITY)])
            unit.links.add_traits({items[0]: [body, lonely], items[1]: [body], elsewhere: [body]}, 100)
            groups = unit.referral_pages.look_alike_groups([one], 10)
            shared = unit.referral_pages.shared_traits([one], 10)
            links = unit.referral_pages.links([one], 1)
        assert groups == [{"centre": items[0], "members": 3, "farthest": items[2]}]
        assert [(row["because"], row["members"], row["here"]) for row in shared] == [("Same body", 3, 2)]
        assert [(row["from_item"], row["to_item"]) for row in links] == [(items[1], items[0])]
