"""One network, one referral: what belongs together, and which number goes on."""

from __future__ import annotations

import pytest

from triage.domain.networks import Join, Placement, components, join_between, place_networks


def joins(*pairs: tuple[int, int]) -> list[Join]:
    return [join_between(one, other, "same-camera", "because") for one, other in pairs]


class TestJoins:
    """A join has no direction."""

    def test_ends_are_put_in_order(self) -> None:
        """The lower id first, whoever was looked at."""
        assert (
            join_between(9, 2, "same-case", "x")
            == join_between(2, 9, "same-case", "x")
            == Join(2, 9, "same-case", "x")
        )

    def test_the_wording_does_not_make_another_join(self) -> None:
        """From "2 contents in both" to "3 contents in both" it is still one join, kept as it was made."""
        assert join_between(1, 2, "same-case", "once").key == join_between(2, 1, "same-case", "twice").key
        assert join_between(1, 2, "same-case", "").key != join_between(1, 2, "same-camera", "").key


class TestComponents:
    """Connected groups."""

    def test_submissions_without_joins_stand_alone_in_order_of_id(self) -> None:
        """Nothing is joined without a ground."""
        assert components([3, 1, 2], []) == ((1,), (2,), (3,))

    @pytest.mark.parametrize("order", [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 5, 1, 4, 2]])
    def test_a_chain_is_one_group_whatever_the_order(self, order: list[int]) -> None:
        """Joins are transitive: A with B and B with C is one network."""
        assert components(order, joins((5, 4), (2, 3), (4, 3))) == ((1,), (2, 3, 4, 5))

    def test_a_join_with_somebody_outside_is_left_out(self) -> None:
        """The groups are those of the submissions asked for."""
        assert components([1, 2], joins((2, 7), (7, 1))) == ((1,), (2,))


class TestPlacing:
    """Numbers of referrals stay stable."""

    def test_a_new_network_asks_for_a_new_referral(self) -> None:
        """None of its submissions is held by any."""
        assert place_networks([(1, 2)], {}) == (Placement((1, 2), None),)

    def test_a_network_that_grew_keeps_its_referral(self) -> None:
        """The newcomer joins; nobody's number changes."""
        assert place_networks([(1, 2, 3)], {1: 7, 2: 7}) == (Placement((1, 2, 3), 7),)

    def test_where_referrals_meet_the_oldest_goes_on(self) -> None:
        """The least number absorbs all others, in order."""
        assert place_networks([(1, 2, 3)], {1: 9, 2: 4, 3: 6}) == (Placement((1, 2, 3), 4, absorbs=(6, 9)),)

    def test_where_a_referral_falls_apart_the_part_with_its_oldest_submission_keeps_it(self) -> None:
        """The other parts open new ones: an analyst's number still points at where the matter began."""
        held = dict.fromkeys((1, 2, 3, 4), 5)
        assert place_networks([(1, 4), (2,), (3,)], held) == (
            Placement((1, 4), 5),
            Placement((2,), None),
            Placement((3,), None),
        )

    def test_the_order_of_networks_does_not_decide_who_keeps_a_number(self) -> None:
        """Only the oldest submission does."""
        assert place_networks([(3,), (1, 2)], dict.fromkeys((1, 2, 3), 5)) == (
            Placement((3,), None),
            Placement((1, 2), 5),
        )

    def test_one_part_may_leave_while_another_referral_joins(self) -> None:
        """A split and a merge in one go: 5 stays with submission 1, submission 3 takes 6 to its new company."""
        assert place_networks([(1, 2), (3, 4)], {1: 5, 3: 5, 2: 8, 4: 6}) == (
            Placement((1, 2), 5, absorbs=(8,)),
            Placement((3, 4), 6),
        )
