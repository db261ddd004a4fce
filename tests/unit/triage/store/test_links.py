"""Traits, links and look-alike groups as rows: counted right however often a stage is repeated."""

from __future__ import annotations

import pytest

from hashsets.vocabulary import Profile, Transform
from tests.unit.triage.stored import Scene, examined, value
from triage.domain.items import ItemKind
from triage.domain.links import LinkKind, Strength, Trait, near_fingerprint
from triage.domain.submissions import Found
from triage.store.links import Landmark
from triage.store.unit_of_work import Store


def trait(key: str, kind: LinkKind = LinkKind.SAME_CAMERA) -> Trait:
    return Trait(kind, key, Strength.STRONG, f"Same {key}")


@pytest.fixture
def items(scene: Scene) -> list[int]:
    submission = scene.submission()
    return [scene.item(submission) for _ in range(5)]


class TestTraits:
    """Values that items share."""

    def test_members_are_counted_once_however_often_they_are_given(
        self, store: Store, scene: Scene, items: list[int]
    ) -> None:
        """A repeated batch, an item given twice, two items in one call."""
        with store.writing() as unit:
            unit.links.add_traits({items[0]: [trait("a"), trait("b"), trait("a")]}, 100)
            unit.links.add_traits({items[0]: [trait("a")], items[1]: [trait("a")]}, 100)
            unit.links.add_traits({items[0]: [trait("a")], items[1]: [trait("a")]}, 100)
            unit.commit()
        assert scene.rows("SELECT key, members FROM trait ORDER BY key") == [("a", 2), ("b", 1)]
        assert scene.rows("SELECT count(*) FROM trait_member") == [(3,)]

    def test_the_same_key_of_another_kind_is_another_trait(
        self, store: Store, scene: Scene, items: list[int]
    ) -> None:
        """An archive numbered 7 is not a camera numbered 7."""
        with store.writing() as unit:
            unit.links.add_traits({items[0]: [trait("7"), trait("7", LinkKind.SAME_ARCHIVE)]}, 100)
            unit.commit()
        assert scene.rows("SELECT count(*) FROM trait") == [(2,)]

    def test_crossing_the_limit_is_told_once(self, store: Store, items: list[int]) -> None:
        """Not while at the limit, not again above it."""
        with store.writing() as unit:
            told = [unit.links.add_traits({item: [trait("a")]}, too_common=2) for item in items]
            again = unit.links.add_traits({items[0]: [trait("a")]}, too_common=2)
        assert [bool(crossed) for crossed in told] == [False, False, True, False, False]
        assert again == []

    def test_many_at_once_cross_the_limit_too(self, store: Store, items: list[int]) -> None:
        """From nought to above it in one batch; only the trait that did."""
        with store.writing() as unit:
            traits = {item: [trait("a"), *([trait("b")] if item == items[0] else [])] for item in items}
            (crossed,) = unit.links.add_traits(traits, too_common=2)
            key = unit.connection.exec_driver_sql("SELECT key FROM trait WHERE id = ?", (crossed,)).scalar_one()
        assert key == "a"

    def test_nothing_to_add(self, store: Store, items: list[int]) -> None:
        """Items without traits are no case of their own."""
        with store.writing() as unit:
            assert unit.links.add_traits({}, 2) == []
            assert unit.links.add_traits({items[0]: []}, 2) == []

    def test_more_traits_than_a_statement_holds(self, store: Store, scene: Scene, items: list[int]) -> None:
        """A busy day's cells in one batch."""
        with store.writing() as unit:
            unit.links.add_traits({item: [trait(str(key)) for key in range(400)] for item in items}, 3)
            unit.commit()
        assert scene.rows("SELECT count(*), min(members), max(members) FROM trait") == [(400, 5, 5)]

    def test_who_shares_a_trait(self, store: Store, scene: Scene) -> None:
        """Every submission in which a member occurs, sorted."""
        one, other, third = scene.submission(), scene.submission(), scene.submission()
        shared, alone = scene.item(other, one), scene.item(third)
        with store.writing() as unit:
            unit.links.add_traits({shared: [trait("a")], alone: [trait("b")]}, 100)
            assert unit.links.submissions_sharing([1]) == [one, other]
            assert unit.links.submissions_sharing([1, 2]) == [one, other, third]


class TestLinks:
    """Pairs."""

    def test_a_link_made_again_stays_as_it_was(self, store: Store, scene: Scene, items: list[int]) -> None:
        """Kind and ends decide."""
        with store.writing() as unit:
            unit.links.add_links([near_fingerprint(items[1], items[0], 7, Transform.FLIP_X)])
            unit.links.add_links([near_fingerprint(items[1], items[0], 9, Transform.IDENTITY)])
            unit.links.add_links([])
            unit.commit()
        assert scene.rows("SELECT kind, from_item, to_item, distance, transform FROM link") == [
            ("near-fingerprint", items[1], items[0], 7, "flip-x")
        ]

    def test_containers_of_an_item(self, store: Store, scene: Scene) -> None:
        """All of them, over all submissions; an item straight from the source has none."""
        one, other = scene.submission(), scene.submission()
        archives = [scene.item(one, kind=ItemKind.CONTAINER) for _ in range(2)]
        member = scene.item(one, parent=archives[1])
        with store.writing() as unit:
            again = Found(b"again.jpg", 10, 1, parent_item_id=archives[0])
            unit.submissions.add_occurrences(other, [(member, again)])
            assert unit.links.containers_of([member, *archives]) == {member: tuple(archives)}


class TestLookAlikes:
    """Groups around centres, and how a process's memory catches up."""

    def test_assignments_are_numbered_in_order(self, store: Store, scene: Scene, items: list[int]) -> None:
        """Over commits; the number tells a process what is new."""
        with store.writing() as unit:
            unit.links.assign([(items[0], items[0]), (items[1], items[0])])
            unit.links.assign([])
            unit.links.assign([(items[2], items[2])])
            assert unit.links.centres_of(items).keys() == set(items[:3])
            unit.commit()
        assert scene.rows("SELECT item_id, centre_id, seq FROM look_alike ORDER BY seq") == [
            (items[0], items[0], 1),
            (items[1], items[0], 2),
            (items[2], items[2], 3),
        ]

    def test_landmarks_are_centres_and_thumbnails_that_disagree(self, store: Store, scene: Scene) -> None:
        """A member is no landmark; a thumbnail that looks like its picture says nothing new."""
        submission = scene.submission()
        centre = scene.item(submission, seen=examined(value("a"), thumbnail=value("t"), thumbnail_distance=90))
        member = scene.item(submission, seen=examined(value("a"), thumbnail=value("t"), thumbnail_distance=50))
        cropped = scene.item(submission, seen=examined(value("b"), thumbnail=value("u"), thumbnail_distance=51))
        with store.writing() as unit:
            unit.links.assign([(centre, centre), (member, centre), (cropped, centre)])
            found = list(unit.links.landmarks_after(0, (Profile.PDQ_REF512,), disagree_above=50))
            later = list(unit.links.landmarks_after(1, (Profile.PDQ_REF512,), disagree_above=50))
            other_profile = list(unit.links.landmarks_after(0, (Profile.PDQ_FULL,), disagree_above=50))
        assert found == [
            (1, Landmark(centre, value("a"), is_thumbnail=False)),
            (1, Landmark(centre, value("t"), is_thumbnail=True)),
            (3, Landmark(cropped, value("u"), is_thumbnail=True)),
        ]
        assert later == found[2:]
        assert other_profile == []


class TestTakingOut:
    """What an item was linked by ends when it is set aside."""

    def test_nothing_of_it_is_left(self, store: Store, scene: Scene, items: list[int]) -> None:
        """Neither its traits, counted down, nor its links, nor its group; a trait that nobody has is gone."""
        with store.writing() as unit:
            unit.links.add_traits({items[0]: [trait("a"), trait("b")], items[1]: [trait("a")]}, 100)
            unit.links.add_links([near_fingerprint(items[1], items[0], 1, Transform.IDENTITY)])
            unit.links.assign([(items[2], items[2]), (items[0], items[2])])
            taken = unit.links.take_out([items[0], items[4]], {"same-camera": 100})
            unit.commit()
        assert (taken.items, taken.crossed, taken.freed) == (1, [], [])
        assert scene.rows("SELECT key, members FROM trait") == [("a", 1)]
        assert scene.rows("SELECT count(*) FROM link") == [(0,)]
        assert scene.rows("SELECT item_id FROM look_alike") == [(items[2],)]

    def test_a_group_that_loses_its_centre_is_free(self, store: Store, scene: Scene, items: list[int]) -> None:
        """And a number of its order is not given again, or another process would overlook who comes next."""
        with store.writing() as unit:
            unit.links.assign([(items[0], items[0]), (items[1], items[0]), (items[2], items[0])])
            assert unit.links.take_out([items[0]], {}).freed == items[1:3]
            unit.links.assign([(items[1], items[1])])
            unit.commit()
        assert scene.rows("SELECT item_id, seq FROM look_alike") == [(items[1], 4)]

    def test_a_trait_that_is_too_common_no_longer_is_told_once(self, store: Store, items: list[int]) -> None:
        """At the limit, not below it."""
        with store.writing() as unit:
            unit.links.add_traits({item: [trait("a")] for item in items}, 100)
            told = [unit.links.take_out([item], {"same-camera": 3}).crossed for item in items]
        assert [bool(crossed) for crossed in told] == [False, True, False, False, False]
