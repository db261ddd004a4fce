"""Which picture is worth the next look, and when none is: the rule as sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.reviewing import LOOKS as RULES
from triage.domain.findings import Camera, CaptureTime, Findings
from triage.domain.look_plan import (
    RUN,
    Cameras,
    GroupKey,
    Level,
    Outline,
    Stack,
    Tie,
    Verdict,
    Why,
    cameras_of,
    chance_unseen,
    in_order,
    key_of,
    level_of,
    looks_needed,
    next_in,
    occasion_of,
    outline_of,
    proposed,
    remaining,
)

DAY = GroupKey(Tie.OCCASION, "2019-05-01", "MADEUP\tM1\t7701031")
LOOSE = GroupKey(Tie.NOTHING, run=0)
NONE = Cameras()


def row(count: int, first: int = 1, *, is_near: bool = False, is_recent: bool = False) -> list[Stack]:
    """Stacks one minute apart."""
    return [
        Stack(first + n, f"2019-05-01T12:{n:02d}:00", 1, is_near=is_near, is_recent=is_recent) for n in range(count)
    ]


def say(stacks: list[Stack], item_id: int, verdict: Verdict) -> list[Stack]:
    return [replace(one, said=verdict, open_items=0) if one.item_id == item_id else one for one in stacks]


def follow(
    key: GroupKey, stacks: list[Stack], unlawful: set[int], cameras: Cameras = NONE
) -> tuple[list[int], list[Stack]]:
    """Look as proposed, by somebody who is always right."""
    looked: list[int] = []
    while True:
        group = outline_of(key, stacks)
        found = next_in(group, stacks, level_of(group, cameras), RULES)
        if found is None:
            return looked, stacks
        looked.append(found.item_id)
        stacks = say(stacks, found.item_id, Verdict.UNLAWFUL if found.item_id in unlawful else Verdict.LAWFUL)


def test_the_chance_is_what_drawing_by_hand_gives() -> None:
    """Four of eight, two stretches of four: two lie in each at worst, and each draw misses in one of two cases."""
    assert chance_unseen(8, 4, 2) == pytest.approx(0.25)
    assert chance_unseen(12, 4, 4) == pytest.approx((2 / 3) ** 4)
    assert chance_unseen(5, 4, 1) == pytest.approx(1 / 5)
    assert (chance_unseen(3, 4, 1), chance_unseen(3, 4, 0), chance_unseen(0, 4, 0)) == (0, 1, 0)


def test_a_stricter_bound_takes_more_looks() -> None:
    assert [looks_needed(12, 4, bound) for bound in (0.45, 0.2, 0.1)] == [2, 4, 6]


def test_two_looks_at_least_because_one_can_be_wrong() -> None:
    assert [looks_needed(stacks, 4, 0.9) for stacks in (0, 1, 2, 3, 12)] == [0, 1, 2, 2, 2]


def test_looks_are_spread_over_the_time_of_an_occasion() -> None:
    looked, _ = follow(DAY, row(12), set())
    assert sorted((one - 1) * 2 // 12 for one in looked) == [0, 1]


def test_the_order_in_which_stacks_are_given_changes_nothing() -> None:
    assert follow(DAY, row(12), {3, 4})[0] == follow(DAY, row(12)[::-1], {3, 4})[0]


def test_what_is_lawful_all_through_is_proposed_as_lawful() -> None:
    looked, stacks = follow(DAY, row(12), set())
    group = outline_of(DAY, stacks)
    assert {proposed(group, one) for one in stacks} == {Verdict.LAWFUL}
    assert len(looked) == 2


def test_an_occasion_of_nothing_but_unlawful_ones_is_not_looked_at_whole() -> None:
    """The rest is proposed as what all looks said, once a lawful series in it is as unlikely as the strict bound."""
    looked, stacks = follow(DAY, row(40), set(range(1, 41)))
    group = outline_of(DAY, stacks)
    assert len(looked) == looks_needed(40, RULES.series, RULES.raised) < 40
    assert {proposed(group, one) for one in stacks} == {Verdict.UNLAWFUL}


def test_looks_go_on_beside_what_is_unlawful_until_lawful_ones_lie_on_both_sides() -> None:
    series = {20, 21, 22, 23, 24, 25}
    looked, stacks = follow(DAY, row(40), series)
    assert {19, 26} | series <= set(looked)
    assert len(looked) < 40
    group = outline_of(DAY, stacks)
    assert {one.item_id for one in stacks if proposed(group, one) is Verdict.UNLAWFUL} == series


def test_without_times_a_mixed_group_is_looked_at_whole() -> None:
    looked, _ = follow(LOOSE, say(row(40), 7, Verdict.UNLAWFUL), {5, 30})
    assert sorted([7, *looked]) == list(range(1, 41))


def test_what_is_near_to_a_known_one_is_never_proposed_for_a_look() -> None:
    stacks = [*row(6), *row(6, first=50, is_near=True)]
    looked, stacks = follow(DAY, stacks, set(range(1, 7)))
    assert not {one for one in looked if one >= 50}
    group = outline_of(DAY, stacks)
    assert {proposed(group, one) for one in stacks if one.is_near} == {Verdict.UNLAWFUL}


def test_what_is_decided_on_facts_is_not_looked_at() -> None:
    stacks = [replace(one, open_items=0) if one.item_id % 2 else one for one in row(12)]
    looked, _ = follow(DAY, stacks, set())
    assert looked
    assert all(one % 2 == 0 for one in looked)
    assert follow(DAY, [replace(one, open_items=0) for one in row(12)], set())[0] == []


@pytest.mark.parametrize(
    ("facts", "level", "why"),
    [
        ({}, Level.QUIET, Why.FIRST),
        ({"is_recent": True}, Level.RAISED, Why.RECENT),
        ({"disagrees": True}, Level.RAISED, Why.THUMBNAIL),
    ],
)
def test_facts_raise_a_group(facts: dict[str, bool], level: Level, why: Why) -> None:
    stacks = row(12)
    stacks[3] = replace(stacks[3], **facts)  # type: ignore[arg-type] # as its own fields
    group = outline_of(DAY, stacks)
    found = next_in(group, stacks, level_of(group, NONE), RULES)
    assert (level_of(group, NONE), found.why if found else None) == (level, why)


def test_a_camera_is_raised_by_two_stacks_of_one_day_and_not_by_one() -> None:
    once = outline_of(DAY, say(row(12), 1, Verdict.UNLAWFUL))
    twice = outline_of(DAY, say(say(row(12), 1, Verdict.UNLAWFUL), 2, Verdict.UNLAWFUL))
    near = outline_of(DAY, row(2, is_near=True))
    assert cameras_of([once]) == NONE
    assert cameras_of([twice]) == cameras_of([near]) == Cameras(raised=frozenset({DAY.camera}))
    other = outline_of(replace(DAY, day="2020-01-01"), row(12))
    assert level_of(other, cameras_of([twice])) is Level.CAMERA
    assert cameras_of([outline_of(LOOSE, row(5, is_near=True))]) == NONE


def test_a_camera_that_mixed_on_one_day_is_looked_at_more_closely_on_its_other_days() -> None:
    """Two lawful ones beside two unlawful ones: one of either may be a person's mistake."""
    stacks = say(say(say(row(12), 1, Verdict.UNLAWFUL), 2, Verdict.UNLAWFUL), 3, Verdict.LAWFUL)
    once, twice = outline_of(DAY, stacks), outline_of(DAY, say(stacks, 4, Verdict.LAWFUL))
    other = replace(DAY, day="2020-01-01")
    raised, mixed = cameras_of([once]), cameras_of([twice])
    assert (raised.mixed, mixed.mixed) == (frozenset(), {DAY.camera})
    assert [len(follow(other, row(12), set(), cameras)[0]) for cameras in (NONE, raised, mixed)] == [2, 4, 6]
    found = next_in(outline_of(other, row(12)), row(12), level_of(outline_of(other, row(12)), mixed), RULES)
    assert found is not None
    assert found.why is Why.MIXED
    assert level_of(outline_of(replace(other, camera="another"), row(12)), mixed) is Level.QUIET


def test_facts_that_raise_a_group_outrank_what_is_said_of_its_camera() -> None:
    mixed = Cameras(frozenset({DAY.camera}), frozenset({DAY.camera}))
    assert level_of(outline_of(DAY, row(12, is_recent=True)), mixed) is Level.RAISED
    assert level_of(outline_of(DAY, row(12, is_near=True)), mixed) is Level.FOUND


def test_the_gravest_group_comes_first_and_what_has_no_traces_last() -> None:
    quiet = outline_of(replace(DAY, day="2019-01-01", camera="other"), row(12))
    begun = outline_of(replace(DAY, day="2018-01-01", camera="other"), say(row(12), 3, Verdict.LAWFUL))
    recent = outline_of(replace(DAY, day="2026-03-01", camera="other"), row(12, is_recent=True))
    found = outline_of(DAY, say(row(12), 3, Verdict.UNLAWFUL))
    loose = outline_of(LOOSE, say(row(12), 3, Verdict.UNLAWFUL))
    assert in_order([begun, quiet, loose, recent, found], RULES) == [found, recent, quiet, begun, loose]


def test_what_remains_is_told_in_looks_groups_and_items() -> None:
    _, stacks = follow(DAY, [replace(one, open_items=3) for one in row(12)], set())
    ended = outline_of(DAY, stacks)
    waiting = outline_of(LOOSE, row(12))
    left = remaining([ended, waiting], RULES)
    assert (left.looks, left.groups_looking) == (2, 1)
    assert (left.groups_on_facts, left.stacks_on_facts, left.items_on_facts) == (1, 10, 30)
    assert left.chance == pytest.approx(chance_unseen(12, RULES.series, 2))
    assert remaining([], RULES) == replace(
        left, looks=0, groups_looking=0, groups_on_facts=0, stacks_on_facts=0, items_on_facts=0, chance=0.0
    )


def test_an_occasion_needs_a_camera_and_a_day_and_no_serial() -> None:
    moment = CaptureTime(datetime(2019, 5, 1, 23, 59), None)  # noqa: DTZ001 - a camera's own clock
    camera = Camera("MADEUP", "M1")
    assert occasion_of(Findings(camera, captured=moment)) == ("2019-05-01", "MADEUP\tM1\t")
    assert occasion_of(Findings(camera)) is None
    assert occasion_of(Findings(captured=moment)) is None


def test_without_an_occasion_the_archive_counts_and_then_the_order_of_arrival() -> None:
    assert key_of(RUN, ("2019-05-01", "c"), 7) == GroupKey(Tie.OCCASION, "2019-05-01", "c")
    assert key_of(RUN, None, 7) == GroupKey(Tie.ARCHIVE, archive=7, run=1)
    assert key_of(RUN - 1, None, 0) == GroupKey(Tie.NOTHING)


def test_a_group_of_one_is_looked_at() -> None:
    assert follow(DAY, row(1), set())[0] == [1]
    assert isinstance(outline_of(DAY, []), Outline)
    assert follow(DAY, [], set())[0] == []
