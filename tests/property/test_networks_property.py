"""Placing networks, for every network: nobody is lost, nobody is in two, and numbers hold still."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.networks import Join, components, join_between, place_networks

IDS = st.integers(1, 12)
SUBMISSIONS = st.lists(IDS, min_size=1, unique=True)
JOINS = st.lists(
    st.tuples(IDS, IDS)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: join_between(*pair, "same-camera", "because")),
    max_size=12,
)
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
