"""The rules of claims, which any database must keep: a referral is in one person's hands, or in nobody's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import select, update

from tests.reviewing import REVIEW, Everything, person, referral_with
from triage.domain.claims import QueueFilter
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.items import Outcome
from triage.domain.people import Principal
from triage.services.claiming import Claiming
from triage.store.deployment_tables import custody_event
from triage.store.review_tables import claim, declined
from triage.store.tables import referral_event
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
RULES = REVIEW
ALL = QueueFilter()


@pytest.fixture
def claiming(store: Store) -> Claiming:
    return over(store)


def over(store: Store) -> Claiming:
    return Claiming(store, Everything(), RULES, lambda: NOW)


def pass_time(store: Store, seconds: float) -> None:
    with store.writing() as unit:
        unit.connection.execute(update(claim).values(lease_until=claim.c.lease_until - seconds))
        unit.commit()


class TestNext:
    def test_the_most_urgent_is_given_first_and_once(
        self, store: Store, claiming: Claiming, ann: Principal, ben: Principal
    ) -> None:
        """In the order of the sort key; then nothing is left."""
        late, soon = referral_with(store, "9"), referral_with(store, "1")
        given = [claiming.take_next(who, ALL) for who in (ann, ben, ann)]
        assert [one.referral_id if one else None for one in given] == [soon.id, late.id, None]

    def test_of_many_people_at_once_nobody_gets_the_same(self, store: Store, others: list[Store]) -> None:
        """Over connections of their own; and everything is given."""
        ids = {referral_with(store, f"{number:02}").id for number in range(12)}
        people = [person(store, f"p{number}") for number in range(4)]
        together = Barrier(4)

        def take(number: int) -> list[int]:
            claiming, found = over(others[number]), []
            together.wait(30)
            while (taken := claiming.take_next(people[number], ALL)) is not None:
                found.append(taken.referral_id)
            return found

        with ThreadPoolExecutor(4) as pool:
            taken = [one for found in pool.map(take, range(4)) for one in found]
        assert sorted(taken) == sorted(ids)

    def test_of_many_who_claim_one_by_name_one_gets_it(self, store: Store, others: list[Store]) -> None:
        """The rest are told that it cannot be claimed now."""
        people = [person(store, f"p{number}") for number in range(4)]
        together = Barrier(4)

        def take(number: int, referral_id: int) -> str:
            together.wait(30)
            try:
                over(others[number]).take(people[number], referral_id)
            except Conflict as error:
                return error.code
            return "taken"

        with ThreadPoolExecutor(4) as pool:
            for round_ in range(5):
                one = referral_with(store, str(round_)).id
                ended = list(pool.map(take, range(4), [one] * 4))
                assert sorted(ended) == ["claim-taken"] * 3 + ["taken"]

    def test_what_a_person_may_not_see_is_not_given(self, store: Store, claiming: Claiming) -> None:
        """Nor by name, and with the same words as one that is taken."""
        hidden = referral_with(store, "1", case="CASE-A")
        shown = referral_with(store, "2", case="CASE-B")
        eve = person(store, "eve", cases=frozenset({"CASE-B"}))
        taken = claiming.take_next(eve, ALL)
        assert taken
        assert taken.referral_id == shown.id
        with pytest.raises(Conflict) as caught:
            claiming.take(eve, hidden.id)
        assert caught.value.code == "claim-taken"
        assert [line.id for line in claiming.queue(eve, ALL).lines] == [shown.id]

    def test_a_person_who_has_it_in_hand_goes_on_with_it(
        self, store: Store, claiming: Claiming, ann: Principal
    ) -> None:
        """Two windows of one person are one claim."""
        one = referral_with(store, "1")
        assert claiming.take(ann, one.id) == claiming.take(ann, one.id)


class TestLeases:
    def test_a_claim_that_ran_out_goes_to_the_next_with_a_higher_fence(
        self, store: Store, claiming: Claiming, ann: Principal, ben: Principal
    ) -> None:
        """And the first can do nothing with the old one."""
        one = referral_with(store, "1")
        old = claiming.take(ann, one.id)
        pass_time(store, RULES.claim_seconds + 1)
        new = claiming.take(ben, one.id)
        assert new.fence > old.fence
        for act in (claiming.renew, claiming.put_back, claiming.opt_out):
            with pytest.raises(Conflict) as caught:
                act(ann, old)
            assert caught.value.code == "claim-lost"
        assert claiming.mine(ben) == [new]

    def test_a_fence_never_comes_back(self, store: Store, claiming: Claiming, ann: Principal) -> None:
        """After putting back and claiming again, the claim of before is still lost."""
        one = referral_with(store, "1")
        old = claiming.take(ann, one.id)
        claiming.put_back(ann, old)
        new = claiming.take(ann, one.id)
        assert new.fence > old.fence
        with pytest.raises(Conflict):
            claiming.renew(ann, old)

    def test_a_claim_of_another_is_refused(
        self, store: Store, claiming: Claiming, ann: Principal, ben: Principal
    ) -> None:
        """Whether it is theirs or made up in one's own name."""
        held = claiming.take(ann, referral_with(store, "1").id)
        for forged in (held, replace(held, principal_id=ben.id)):
            with pytest.raises(Conflict):
                claiming.put_back(ben, forged)
        assert claiming.mine(ann) == [held]

    def test_a_claim_that_ran_out_decides_nothing(self, store: Store, claiming: Claiming, ann: Principal) -> None:
        """Though nobody followed; renewing it makes it hold again."""
        held = claiming.take(ann, referral_with(store, "1").id)
        pass_time(store, RULES.claim_seconds + 1)
        with store.writing() as unit, pytest.raises(Conflict):
            unit.claims.require(held)
        claiming.renew(ann, held)
        with store.writing() as unit:
            unit.claims.require(held)


class TestOptingOut:
    def test_it_leaves_one_row_of_the_persons_own_and_no_other_trace(
        self, store: Store, claiming: Claiming, ann: Principal, ben: Principal
    ) -> None:
        """No history, no custody, no name on the claim; others are offered it as before."""
        one = referral_with(store, "1")
        with store.reading() as unit:
            before = [len(unit.connection.execute(select(table)).all()) for table in (referral_event, custody_event)]
        held = claiming.take(ann, one.id)
        claiming.opt_out(ann, held)
        with store.reading() as unit:
            after = [len(unit.connection.execute(select(table)).all()) for table in (referral_event, custody_event)]
            assert after == before
            rows = unit.connection.execute(select(claim.c.principal_id, claim.c.claimed_at, claim.c.lease_until))
            assert [tuple(row) for row in rows] == [(None, None, 0.0)]
            assert [tuple(row) for row in unit.connection.execute(select(declined))] == [(ann.id, one.id)]
        assert claiming.take_next(ann, ALL) is None
        assert claiming.queue(ann, ALL).total == 0
        (line,) = claiming.queue(ben, ALL).lines
        assert (line.holder, line.is_mine) == ("", False)
        assert claiming.take_next(ben, ALL)

    def test_it_can_be_taken_back(self, store: Store, claiming: Claiming, ann: Principal) -> None:
        """By the same person."""
        one = referral_with(store, "1")
        claiming.opt_out(ann, claiming.take(ann, one.id))
        assert claiming.declined(ann) == [one.id]
        claiming.offer_again(ann, one.id)
        assert claiming.take_next(ann, ALL)

    def test_handing_over_does_not_tell_who_opted_out(
        self, store: Store, claiming: Claiming, ann: Principal, ben: Principal
    ) -> None:
        """The same answer as for one who may not see it."""
        one = referral_with(store, "1", case="CASE-A")
        claiming.opt_out(ben, claiming.take(ben, one.id))
        held = claiming.take(ann, one.id)
        said = []
        for to in (ben, person(store, "eve", cases=frozenset({"CASE-B"}))):
            with pytest.raises(Refused) as caught:
                claiming.hand_over(ann, held, to)
            said.append((caught.value.code, caught.value.sentence))
        assert said[0] == said[1]
        assert claiming.mine(ann) == [held]


class TestMovingOn:
    def test_skipping_gives_the_next_and_leaves_the_first_to_others(
        self, store: Store, claiming: Claiming, ann: Principal, ben: Principal
    ) -> None:
        """In one move; at the end there is nothing, and what was skipped may come again."""
        first, second = referral_with(store, "1"), referral_with(store, "2")
        held = claiming.take_next(ann, ALL)
        assert held
        moved = claiming.skip(ann, held, ALL)
        assert moved
        assert moved.referral_id == second.id
        other = claiming.take_next(ben, ALL)
        assert other
        assert other.referral_id == first.id
        assert claiming.skip(ann, moved, ALL, skipped=[first.id]) is None

    def test_handing_over_ends_ones_own_claim(
        self, store: Store, claiming: Claiming, ann: Principal, ben: Principal
    ) -> None:
        """The other has it at once."""
        held = claiming.take(ann, referral_with(store, "1").id)
        handed = claiming.hand_over(ann, held, ben)
        assert claiming.mine(ann) == []
        assert claiming.mine(ben) == [handed]
        with pytest.raises(Conflict):
            claiming.renew(ann, held)


class TestFilters:
    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (QueueFilter(danger=2), ["danger"]),
            (QueueFilter(case_ref="CASE-N"), ["near"]),
            (QueueFilter(has_near=True), ["near"]),
            (QueueFilter(has_unknown=True), ["danger"]),
            (QueueFilter(expiring_within_days=10), ["expiring"]),
            (QueueFilter(free_only=True), ["danger", "near"]),
        ],
    )
    def test_each_filter_leaves_what_it_names(
        self, store: Store, claiming: Claiming, ann: Principal, wanted: QueueFilter, found: list[str]
    ) -> None:
        """Of three referrals, of which one is held."""
        ids = {
            "danger": referral_with(store, "1", Outcome.UNKNOWN, danger=3).id,
            "near": referral_with(store, "2", Outcome.NEAR, case="CASE-N").id,
            "expiring": referral_with(store, "3", Outcome.KNOWN, expires_in_days=9).id,
        }
        claiming.take(ann, ids["expiring"])
        page = claiming.queue(ann, wanted)
        assert [line.id for line in page.lines] == [ids[name] for name in found]
        assert page.total == len(found)

    def test_a_page_of_the_queue_is_a_piece_of_it(self, store: Store, claiming: Claiming, ann: Principal) -> None:
        """With how many there are in all."""
        ids = [referral_with(store, str(number)).id for number in range(5)]
        page = claiming.queue(ann, ALL, limit=2, offset=2)
        assert ([line.id for line in page.lines], page.total) == (ids[2:4], 5)

    def test_views_are_ones_own(self, claiming: Claiming, ann: Principal, ben: Principal) -> None:
        """Saved under a name, replaced under the same, and nobody else's to forget."""
        claiming.save_view(ann, "urgent", QueueFilter(danger=1))
        claiming.save_view(ann, "urgent", QueueFilter(danger=3))
        (view,) = claiming.saved_views(ann)
        assert (view.name, view.filter) == ("urgent", QueueFilter(danger=3))
        assert claiming.saved_views(ben) == []
        with pytest.raises(NotFound):
            claiming.forget_view(ben, view.id)
        claiming.forget_view(ann, view.id)
        assert claiming.saved_views(ann) == []


def test_a_filter_is_read_strictly() -> None:
    """What it did not write itself is refused."""
    wanted = QueueFilter(danger=2, case_ref="C", expiring_within_days=3)
    assert QueueFilter.of(wanted.document()) == wanted
    for bad in ({"danger": 4}, {"danger": "2"}, {"nonsense": 1}, {"has_near": 1}, {"state": "elsewhere"}):
        with pytest.raises(ValueError):  # noqa: PT011 - the words differ
            QueueFilter.of(bad)
