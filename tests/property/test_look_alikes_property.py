"""Look-alike groups, for every run of pictures: no chain, no drift, and batches make no difference."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.vocabulary import Transform
from tests.unit.triage.stored import ACTOR, NOW, flipped, pdq, value
from triage.domain.links import Link, LinkKind
from triage.domain.match_policy import MatchPolicy
from triage.rule_files import load_link_rules
from triage.services.linking import Linking, _Comparable
from triage.services.look_alikes import LookAlikeMemory
from triage.settings import WorkSettings
from triage.store.links import Landmark
from triage.store.unit_of_work import Store

REACH = 31
# Whole blocks of ten bits differ, so that many distances are equal and ties decide.
VALUES = st.integers(0, 511).map(
    lambda drawn: flipped(value(drawn % 2), *(bit for bit in range(80) if drawn >> (1 + bit // 10) & 1))
)
PICTURES = st.lists(st.tuples(VALUES, st.none() | VALUES), max_size=24)
WORK = WorkSettings(threads=1, lease_seconds=600, max_attempts=3, retry_seconds=0)
RULES = load_link_rules()


def bits_apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def link(pictures: list[tuple[bytes, bytes | None]], batch: int) -> tuple[list[Link], dict[int, int]]:
    """Links and centres as the service makes them, `batch` pictures at a time. Items are numbered from 1."""
    memory = LookAlikeMemory()
    linking = Linking(cast("Store", None), memory, MatchPolicy("test"), RULES, WORK, lambda: NOW, ACTOR)
    links: list[Link] = []
    centres: dict[int, int] = {}
    seq = 0
    for start in range(0, len(pictures), batch):
        numbered = list(enumerate(pictures[start : start + batch], start=start + 1))
        batch_of = [_Comparable(item, pdq(main), pdq(small) if small else None) for item, (main, small) in numbered]
        made, assigned = linking._look_alikes(batch_of, linking._earlier(batch_of))
        links += made
        centres.update(assigned)
        news = []
        for item, (main, small) in numbered:
            seq += 1
            if centres[item] == item:
                news.append((seq, Landmark(item, main, is_thumbnail=False)))
            if small:
                news.append((seq, Landmark(item, small, is_thumbnail=True)))
        memory.learn(news)
    return links, centres


def by_hand(values: list[bytes]) -> dict[int, int]:
    """Brute force: each joins the nearest centre so far, the earliest of equals, or becomes one."""
    centres: dict[int, int] = {}
    for item, one in enumerate(values, start=1):
        near = [(bits_apart(one, values[centre - 1]), centre) for centre in sorted(set(centres.values()))]
        distance, centre = min(near, default=(256, 0))
        centres[item] = centre if distance <= REACH else item
    return centres


@given(st.lists(VALUES, max_size=40))
@settings(max_examples=60, deadline=None)
def test_groups_are_those_of_brute_force_and_nobody_is_beyond_reach(values: list[bytes]) -> None:
    """Every member is within reach of its centre itself, and centres are beyond reach of one another."""
    links, centres = link([(one, None) for one in values], batch=256)
    assert centres == by_hand(values)
    for item, centre in centres.items():
        assert bits_apart(values[item - 1], values[centre - 1]) <= REACH
    heads = sorted(set(centres.values()))
    assert all(
        bits_apart(values[one - 1], values[other - 1]) > REACH for one in heads for other in heads if one < other
    )
    members = {item: centre for item, centre in centres.items() if item != centre}
    assert {made.from_item: made.to_item for made in links} == members


@given(PICTURES, st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_how_many_are_linked_at_once_makes_no_difference(
    pictures: list[tuple[bytes, bytes | None]], batch: int
) -> None:
    """A batch is a matter of cost: a killed run that goes on elsewhere links the same, thumbnails included."""
    assert link(pictures, batch) == link(pictures, 256)


@pytest.mark.parametrize("step", [16, 20, 31])
def test_a_chain_of_likenesses_is_not_one_group(step: int) -> None:
    """Each picture is like the next; the first and the last have nothing in common."""
    values = [flipped(value("chain"), *range(step * number)) for number in range(256 // step)]
    links, centres = link([(one, None) for one in values], batch=4)
    assert len(set(centres.values())) >= len(values) // (2 * (REACH // step) + 1)
    assert all(bits_apart(values[item - 1], values[centre - 1]) <= REACH for item, centre in centres.items())
    assert all(made.distance is not None and made.distance <= REACH for made in links)


def test_a_turned_picture_joins_under_its_transform() -> None:
    """One of its eight variants is near the centre."""
    turned = pdq(value("b"))
    links, centres = link([(turned.variants[3], None), (turned.value, None)], batch=256)
    assert centres == {1: 1, 2: 1}
    assert [(made.kind, made.distance, made.transform) for made in links] == [
        (LinkKind.NEAR_FINGERPRINT, 0, Transform.ROTATE_270)
    ]


@pytest.mark.parametrize("batch", [1, 256])
def test_a_thumbnail_leads_to_the_picture_that_it_shows_whichever_comes_first(batch: int) -> None:
    """The uncropped picture before or after the crop that carries it as a thumbnail."""
    whole, crop = value("whole"), value("crop")
    after, _ = link([(whole, None), (crop, whole)], batch)
    before, _ = link([(crop, whole), (whole, None)], batch)
    assert [(made.kind, made.from_item, made.to_item) for made in after] == [(LinkKind.THUMBNAIL_OF, 2, 1)]
    assert [(made.kind, made.from_item, made.to_item) for made in before] == [(LinkKind.THUMBNAIL_OF, 1, 2)]
