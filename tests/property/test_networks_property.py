"""Placing networks, for every network: nobody is lost, nobody is in two, and numbers hold still."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.networks import Join, Parting, components, held_back, join_between, place_networks

IDS = st.integers(1, 12)
SUBMISSIONS = st.lists(IDS, min_size=1, unique=True)
JOINS = st.lists(
    st.tuples(IDS, IDS)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: join_between(*pair, "same-camera", "because")),
    max_size=12,
)
APART = st.lists(st.tuples(IDS, IDS).filter(lambda pair: pair[0] < pair[1]), max_size=6, unique=True)
HELD = st.dictionaries(IDS, st.integers(1, 6))


def reachable(start: int, submissions: list[int], joins: list[Join]) -> set[int]:
    """Brute force: walk until nothing new is met."""
    met = {start}
    while True:
        more = {
            end
            for join in joins
            if {join.low, join.high} <= set(submissions) and met & {join.low, join.high}
            for end in (join.low, join.high)
        }
        if more <= met:
            return met
        met |= more


@given(SUBMISSIONS, JOINS)
def test_components_are_what_walking_along_joins_reaches(submissions: list[int], joins: list[Join]) -> None:
    """Every submission is in exactly one group, with all whom it can reach and nobody else."""
    groups = components(submissions, joins)
    assert sorted(one for group in groups for one in group) == sorted(submissions)
    for group in groups:
        assert set(group) == reachable(group[0], submissions, joins)


@given(SUBMISSIONS, JOINS, APART)
def test_no_join_brings_together_what_was_set_apart(
    submissions: list[int], joins: list[Join], apart: list[tuple[int, int]]
) -> None:
    """Neither directly nor by way of others; and nothing is kept from joining that no parting keeps apart."""
    groups = components(submissions, joins, apart)
    assert sorted(one for group in groups for one in group) == sorted(submissions)
    group_of = {one: group for group in groups for one in group}
    for group in groups:
        assert not any(low in group and high in group for low, high in apart)
        inside = [join for join in joins if join.low in group and join.high in group]
        assert reachable(group[0], list(group), inside) == set(group), "its own joins hold it together"
    for join in held_back(groups, [one for one in joins if {one.low, one.high} <= set(submissions)]):
        sides = set(group_of[join.low]) | set(group_of[join.high])
        assert any(low in sides and high in sides for low, high in apart), "some parting is the reason"


def test_new_grounds_are_other_kinds_and_greater_counts() -> None:
    """Of the pair alone, beyond what tied it when it was set apart, and beyond what was told since."""
    parting = Parting(1, 1, 2, plan_id=7, grounds={"same-content": 2}, told={"same-camera": 1})
    same = [join_between(1, 2, "same-content", "b", 2), join_between(1, 2, "same-camera", "b", 1)]
    assert parting.new_grounds(same) == ()
    more = [
        join_between(2, 1, "same-content", "b", 3),
        join_between(1, 2, "same-case", "b"),
        join_between(1, 3, "x", "b"),
    ]
    assert parting.new_grounds([*same, *more]) == tuple(more[:2])


def placed(submissions: list[int], joins: list[Join], held: dict[int, int]) -> dict[int, int]:
    """Submission → referral after placing; new referrals take the next numbers, as the database gives them."""
    held = {one: referral for one, referral in held.items() if one in submissions}
    after: dict[int, int] = {}
    following = max(held.values(), default=0) + 1
    for placement in place_networks(components(submissions, joins), held):
        referral = placement.referral_id
        if referral is None:
            referral, following = following, following + 1
        after.update(dict.fromkeys(placement.submissions, referral))
    return after


@given(SUBMISSIONS, JOINS, HELD)
def test_one_network_one_referral(submissions: list[int], joins: list[Join], held: dict[int, int]) -> None:
    """Two submissions share a referral exactly when they are in one network; each is in exactly one."""
    after = placed(submissions, joins, held)
    assert set(after) == set(submissions)
    for one in submissions:
        assert {other for other in submissions if after[other] == after[one]} == reachable(one, submissions, joins)


@given(SUBMISSIONS, JOINS, HELD)
def test_numbers_are_stable_when_nothing_changes(
    submissions: list[int], joins: list[Join], held: dict[int, int]
) -> None:
    """Placing again what has just been placed moves nobody, opens nothing and absorbs nothing."""
    after = placed(submissions, joins, held)
    assert placed(submissions, joins, after) == after
    again = place_networks(components(submissions, joins), after)
    assert all(placement.referral_id is not None and not placement.absorbs for placement in again)


@given(SUBMISSIONS, JOINS, HELD)
def test_no_referral_vanishes_and_none_is_given_twice(
    submissions: list[int], joins: list[Join], held: dict[int, int]
) -> None:
    """Every referral that held somebody goes on in one network or is absorbed by an older one; never both."""
    held = {one: referral for one, referral in held.items() if one in submissions}
    placements = place_networks(components(submissions, joins), held)
    goes_on = [placement.referral_id for placement in placements if placement.referral_id is not None]
    absorbed = [referral for placement in placements for referral in placement.absorbs]
    assert sorted(goes_on + absorbed) == sorted(set(held.values()))
    assert all(
        placement.referral_id is not None and placement.referral_id < referral
        for placement in placements
        for referral in placement.absorbs
    )
