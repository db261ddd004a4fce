"""The plan of looks over any group: its chance is a bound, it ends, and it proposes nothing that it may not."""

from __future__ import annotations

import itertools
from dataclasses import replace
from math import prod

from hypothesis import given, settings
from hypothesis import strategies as st

from triage.domain.look_plan import (
    Cameras,
    GroupKey,
    Level,
    LookRules,
    Stack,
    Tie,
    Verdict,
    cameras_of,
    chance_unseen,
    in_order,
    level_of,
    looks_due,
    looks_needed,
    next_in,
    outline_of,
    proposed,
    remaining,
)

percent = st.integers(1, 90).map(lambda one: one / 100)
rules = st.builds(LookRules, st.integers(1, 8), percent, percent, percent, percent)
stack = st.builds(
    Stack,
    item_id=st.integers(1, 10_000),
    moment=st.sampled_from(["", "2019-05-01T12:00:00", "2019-05-01T13:00:00", "2019-05-01T14:00:00"]),
    open_items=st.integers(0, 3),
    said=st.sampled_from([None, None, *Verdict]),
    is_near=st.sampled_from([False, False, True]),
    is_recent=st.booleans(),
    disagrees=st.sampled_from([False, False, True]),
)
group = st.lists(stack, max_size=40, unique_by=lambda one: one.item_id)
key = st.sampled_from(
    [
        GroupKey(Tie.OCCASION, "2019-05-01", "a"),
        GroupKey(Tie.OCCASION, "2019-05-02", "a"),
        GroupKey(Tie.ARCHIVE, archive=3),
        GroupKey(Tie.NOTHING),
    ]
)


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 4))
def test_no_way_of_strewing_a_series_is_missed_more_often_than_stated(stacks: int, series: int) -> None:
    """All of them are tried, against drawing one from each stretch; and one of them is missed exactly as often."""
    size = min(series, stacks)
    for looks in range(1, stacks + 1):
        bounds = [step * stacks // looks for step in range(looks + 1)]
        chances = [
            prod(
                1 - sum(low <= one < high for one in places) / (high - low)
                for low, high in itertools.pairwise(bounds)
            )
            for places in itertools.combinations(range(stacks), size)
        ]
        assert abs(max(chances) - chance_unseen(stacks, series, looks)) < 1e-9


@settings(deadline=None)
@given(st.integers(0, 3_000), st.integers(1, 8), percent)
def test_so_many_looks_keep_the_bound(stacks: int, series: int, bound: float) -> None:
    needed = looks_needed(stacks, series, bound)
    assert min(2, stacks) <= needed <= stacks
    assert chance_unseen(stacks, series, needed) <= bound


@settings(deadline=None)
@given(key, group, rules, st.data())
def test_following_the_plan_ends_and_keeps_the_bound(
    of: GroupKey, stacks: list[Stack], told: LookRules, data: st.DataObject
) -> None:
    """No stack is proposed twice, none that is decided or near to a known one; what is open at the end is unmixed."""
    held = {one.item_id: one for one in stacks}
    looked: set[int] = set()
    while True:
        outline = outline_of(of, held.values())
        level = level_of(outline, cameras_of([outline]))
        chosen = next_in(outline, list(held.values()), level, told)
        assert (chosen is None) == (looks_due(outline, level, told) == 0)
        if chosen is None:
            break
        one = held[chosen.item_id]
        assert one.said is None
        assert one.open_items
        assert not one.is_near
        assert one.item_id not in looked
        looked.add(one.item_id)
        said = data.draw(st.sampled_from(Verdict))
        held[one.item_id] = replace(one, said=said, open_items=0)
    far = [one for one in held.values() if not one.is_near]
    seen = sum(one.said is not None for one in far)
    needed = looks_needed(len(far), told.series, told.bound(level))
    assert seen >= needed or not any(one.said is None and one.open_items for one in far)
    for one in held.values():
        if one.said is not None:
            assert proposed(outline, one) is one.said


@settings(deadline=None)
@given(st.dictionaries(key, group, max_size=4), rules)
def test_what_is_in_order_is_what_remains(groups: dict[GroupKey, list[Stack]], told: LookRules) -> None:
    outlines = [outline_of(of, stacks) for of, stacks in groups.items()]
    left = remaining(outlines, told)
    assert len(in_order(outlines, told)) == left.groups_looking
    assert left.looks <= sum(one.open for one in outlines)
    assert 0 <= left.chance <= 1
    assert left.items_on_facts <= sum(one.open_items for one in outlines)


@settings(deadline=None)
@given(group, st.lists(percent, min_size=4, max_size=4), st.integers(1, 8))
def test_what_a_camera_did_on_other_days_never_takes_a_look_away(
    stacks: list[Stack], bounds: list[float], series: int
) -> None:
    """Where the bounds are in order: the graver the level, the more looks are due, by the same facts."""
    told = LookRules(series, *sorted(bounds, reverse=True))
    outline = outline_of(GroupKey(Tie.OCCASION, "2019-05-01", "a"), stacks)
    one = frozenset({"a"})
    levels = [level_of(outline, cameras) for cameras in (Cameras(), Cameras(one), Cameras(one, one))]
    assert levels == sorted(levels)
    due = [looks_due(outline, level, told) for level in Level]
    assert due == sorted(due)
