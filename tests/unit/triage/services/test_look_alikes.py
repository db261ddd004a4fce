"""The memory of look-alike centres: two ways of asking, one answer, and in step with the database."""

from __future__ import annotations

import random

import pytest

from hashsets.vocabulary import TRANSFORMS, Fingerprint, FingerprintAlgorithm, Profile, Transform
from tests.unit.triage.stored import Scene, examined, flipped, pdq, value
from triage.domain.look_alikes import Neighbour, nearest
from triage.services.look_alikes import FreshCentres, LookAlikeMemory
from triage.store.links import Landmark
from triage.store.unit_of_work import Store


def remembered(*values: bytes, start: int = 100) -> LookAlikeMemory:
    """Centres with item ids from `start` on."""
    memory = LookAlikeMemory()
    memory.learn(
        [(seq, Landmark(start + seq - 1, one, is_thumbnail=False)) for seq, one in enumerate(values, start=1)]
    )
    return memory


def fresh(*values: bytes, start: int = 100) -> FreshCentres:
    centres = FreshCentres(0)
    for number, one in enumerate(values):
        centres.add(start + number, one)
    return centres


def with_variants(*variants: bytes) -> Fingerprint:
    """A fingerprint with these eight values."""
    return Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_REF512, variants[0], 100, variants)


@pytest.mark.parametrize("seed", range(20))
def test_fresh_centres_answer_as_the_index_does(seed: int) -> None:
    """The same neighbours at the same distances under the same transforms, ties included."""
    chance = random.Random(seed)
    base = value(seed)
    centres = [flipped(base, *chance.sample(range(256), chance.randint(0, 60))) for _ in range(30)]
    variants = [flipped(base, *chance.sample(range(256), chance.randint(0, 30))) for _ in TRANSFORMS]
    variants[5] = variants[2]  # symmetric pictures have equal variants
    asked = with_variants(*variants)
    (indexed,) = remembered(*centres).centres.near([asked], 31)
    assert indexed
    assert fresh(*centres).near(asked, 31) == indexed


def test_each_landmark_is_named_once_with_its_nearest_and_simplest_transform() -> None:
    """Two variants reach it: the nearer counts; of equally near ones the first of `TRANSFORMS`."""
    centre = value("c")
    far = [value(number) for number in range(8)]
    variants = [*far[:3], flipped(centre, 1), flipped(centre, 2), centre, centre, far[7]]
    expected = [Neighbour(100, 0, 0, Transform.FLIP_Y)]
    assert remembered(centre).centres.near([with_variants(*variants)], 31) == [expected]
    assert fresh(centre).near(with_variants(*variants), 31) == expected


@pytest.mark.parametrize(("distance", "found"), [(31, True), (32, False)])
def test_at_the_reach_is_within(distance: int, found: bool) -> None:
    """And one bit further is not."""
    asked = pdq(flipped(value("c"), *range(distance)))
    assert bool(remembered(value("c")).centres.near([asked], 31)[0]) is found
    assert bool(fresh(value("c")).near(asked, 31)) is found


def test_several_are_asked_at_once_and_each_gets_its_own() -> None:
    """In the order of asking; nothing for those that are near nothing."""
    memory = remembered(value("a"), value("b"))
    found = memory.centres.near([pdq(value("b")), pdq(value("x")), pdq(value("a"))], 31)
    assert [[near.item_id for near in one] for one in found] == [[101], [], [100]]
    assert memory.centres.near([], 31) == []


def test_nothing_remembered_finds_nothing() -> None:
    """The first item of all."""
    assert LookAlikeMemory().centres.near([pdq(value("a"))], 31) == [[]]
    assert FreshCentres(0).near(pdq(value("a")), 31) == []


def test_fresh_centres_come_after_all_that_are_remembered() -> None:
    """So that of equally near ones the older is joined, as it would be in the next batch."""
    later = FreshCentres(2)
    later.add(7, value("a"))
    (found,) = later.near(pdq(value("a")), 31)
    assert found.order == 2
    older = Neighbour(1, 1, 0, Transform.IDENTITY)
    assert nearest([found, older]) is older


def test_memory_catches_up_with_what_has_been_committed_since(store: Store, scene: Scene) -> None:
    """By this process or another, once each; thumbnails apart from centres."""
    submission = scene.submission()
    first = scene.item(submission, seen=examined(value("a"), thumbnail=value("t"), thumbnail_distance=99))
    second = scene.item(submission, seen=examined(value("b")))
    memory = LookAlikeMemory()
    for item in (first, second):
        with store.writing() as unit:
            unit.links.assign([(item, item)])
            unit.commit()
        with store.reading() as unit:
            news = memory.news(unit)
        memory.learn(news)
    with store.reading() as unit:
        assert memory.news(unit) == []
    assert (list(memory.centres.items), list(memory.thumbnails.items)) == ([first, second], [first])


def test_what_is_rolled_back_is_not_remembered(store: Store, scene: Scene) -> None:
    """The memory learns from commits only."""
    item = scene.item(scene.submission(), seen=examined(value("a")))
    memory = LookAlikeMemory()
    with store.writing() as unit:
        unit.links.assign([(item, item)])
    with store.reading() as unit:
        memory.learn(memory.news(unit))
    assert not memory.centres.items
