"""Splits: a person and another unit's supervisor set submissions apart; rules never join them again by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.acting import Acts
from triage.domain.custody import CustodyAction
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.jobs import NewJob, Stage
from triage.domain.people import Principal, Role
from triage.services.referring import Referring
from triage.store.job_tables import job
from triage.store.unit_of_work import Store


@pytest.fixture
def acts(store: Store, tmp_path: Path) -> Acts:
    return Acts.over(store, tmp_path)


@pytest.fixture
def ann(acts: Acts) -> Principal:
    return acts.person("ann", Role.ANALYST, unit="north")


@pytest.fixture
def sue(acts: Acts) -> Principal:
    return acts.person("sue", Role.SUPERVISOR, unit="south", cases=[])


def refused(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


def refer(acts: Acts, *submissions: int) -> None:
    """As a worker does after linking."""
    referring = Referring(acts.store, acts.rules, acts.priority, acts.clock, "worker")
    for one in submissions:
        with acts.store.writing() as unit:
            unit.jobs.add([NewJob(Stage.REFER, one)])
            owed = unit.connection.execute(select(func.max(job.c.id))).scalar_one()
            lease = unit.jobs.claim(owed, "test", 60)
            unit.commit()
        assert lease is not None
        referring.refer(lease)


def referrals(acts: Acts, *submissions: int) -> list[int]:
    """Which referral holds each."""
    with acts.store.reading() as unit:
        held = unit.networks.referrals_of(submissions)
    return [held[one] for one in submissions]


def history(acts: Acts, referral: int) -> list[str]:
    with acts.store.reading() as unit:
        return [one["kind"] for one in unit.referral_pages.referral_history(referral)]


def shared(acts: Acts, *cases: str) -> list[int]:
    """Submissions that share one unmatched item, referred: one network."""
    made = [acts.referral(1, case=case)[1] for case in cases]
    (item,) = acts.items_of(made[0])
    for other in made[1:]:
        acts.also(other, item)
    refer(acts, *made)
    return made


def test_two_units_split_and_relinking_leaves_it_so(acts: Acts, ann: Principal, sue: Principal) -> None:
    """One network becomes two referrals; the older keeps its number; both histories say it; REFER changes nothing."""
    one, other = shared(acts, "CASE-1", "CASE-2")
    (first, second) = referrals(acts, one, other)
    assert first == second
    assert acts.splitting.preview(ann, first, [other]) == ((one,), (other,))
    number = acts.splitting.plan(ann, first, [other], "a shared computer, two families")
    acts.agree(sue, number)
    parts = acts.splitting.split(ann, number)
    assert parts == referrals(acts, one, other)
    assert parts[0] == first
    assert "set-apart" in history(acts, first)
    assert "opened" in history(acts, parts[1])
    (told,) = acts.log(CustodyAction.PARTED)
    assert told.details["submissions"] == str(other)
    assert told.details["terms"] == acts.log(CustodyAction.APPROVED)[0].details["terms"]
    before = history(acts, first)
    refer(acts, one, other)
    assert referrals(acts, one, other) == parts
    assert history(acts, first) == before, "nothing new, nothing said"


def test_new_grounds_are_said_and_join_nothing_by_themselves(acts: Acts, ann: Principal, sue: Principal) -> None:
    """A second unmatched content ties the pair: both histories say so, once; a person may end the parting."""
    one, other = shared(acts, "CASE-1", "CASE-2")
    number = acts.splitting.plan(ann, referrals(acts, one)[0], [other], "two families")
    acts.agree(sue, number)
    parts = acts.splitting.split(ann, number)
    acts.also(other, acts.item(one))
    refer(acts, one, other, one)
    assert referrals(acts, one, other) == parts
    for part in parts:
        assert history(acts, part).count("new-grounds") == 1
    with refused("decision-words"):
        acts.splitting.join_again(ann, parts[1], number, "")
    assert acts.splitting.join_again(ann, parts[1], number, "the second picture settles it") == [parts[0]]
    assert referrals(acts, one, other) == [parts[0]] * 2
    assert "parting-ended" in history(acts, parts[0])
    with pytest.raises(NotFound):
        acts.splitting.join_again(ann, parts[0], number, "once more, for good")


def test_a_third_submission_does_not_bring_together_what_was_set_apart(
    acts: Acts, ann: Principal, sue: Principal
) -> None:
    """It ties both: it goes to the older side, stays there, and both histories say what was held back."""
    one, other = shared(acts, "CASE-1", "CASE-2")
    number = acts.splitting.plan(ann, referrals(acts, one)[0], [other], "two families")
    acts.agree(sue, number)
    parts = acts.splitting.split(ann, number)
    _, third = acts.referral(0, case="CASE-3")
    acts.also(third, acts.items_of(one)[0])
    refer(acts, third)
    assert referrals(acts, one, other, third) == [parts[0], parts[1], parts[0]]
    assert history(acts, parts[1]).count("new-grounds") == 1
    refer(acts, other, third, one)
    assert referrals(acts, one, other, third) == [parts[0], parts[1], parts[0]]
    assert history(acts, parts[1]).count("new-grounds") == 1


def test_the_second_person_is_of_another_unit(acts: Acts, ann: Principal) -> None:
    """And need be no member; one of the same unit, and whoever asked, may not."""
    one, other = shared(acts, "CASE-1", "CASE-2")
    number = acts.splitting.plan(ann, referrals(acts, one)[0], [other], "two families")
    with refused("same-unit"):
        acts.agree(acts.person("sam", Role.SUPERVISOR, unit="north"), number)
    with refused("role-lacks"):
        acts.agree(acts.person("ada", Role.ANALYST, unit="south"), number)
    with refused("second-person-needed"):
        acts.splitting.split(ann, number)
    asker = acts.person("sol", Role.SUPERVISOR, unit="south")
    own = acts.splitting.plan(asker, referrals(acts, one)[0], [other], "two families")
    with refused("same-person"):
        acts.agree(asker, own)


def test_a_split_is_carried_out_once_by_whoever_asked_in_time(acts: Acts, ann: Principal, sue: Principal) -> None:
    """A spent grant, somebody else's, and one that is too old."""
    one, other = shared(acts, "CASE-1", "CASE-2")
    referral = referrals(acts, one)[0]
    late = acts.splitting.plan(ann, referral, [other], "two families")
    acts.agree(sue, late)
    acts.later(hours=8)
    with refused("second-person-needed"):
        acts.splitting.split(ann, late)
    number = acts.splitting.plan(ann, referral, [other], "two families")
    acts.agree(sue, number)
    with refused("plan-not-own"):
        acts.splitting.split(sue, number)
    acts.splitting.split(ann, number)
    with pytest.raises(Conflict) as caught:
        acts.splitting.split(ann, number)
    assert caught.value.code == "plan-over"


@pytest.mark.parametrize(
    ("roles", "cases", "code"),
    [
        ((Role.PARTNER,), ("*",), "role-lacks"),
        ((Role.ADMINISTRATOR,), ("*",), "role-lacks"),
        ((Role.ANALYST,), ("CASE-9",), "not-a-member"),
    ],
)
def test_who_may_not_ask(acts: Acts, roles: tuple[Role, ...], cases: tuple[str, ...], code: str) -> None:
    """Roles that decide nothing, and other cases."""
    one, other = shared(acts, "CASE-1", "CASE-2")
    who = acts.person("who", *roles, cases=cases)
    with refused(code):
        acts.splitting.plan(who, referrals(acts, one)[0], [other], "two families")


def test_what_cannot_be_split(acts: Acts, ann: Principal, sue: Principal) -> None:
    """All of it, none of it, what it does not hold, and what is no longer together when it is carried out."""
    one, other = shared(acts, "CASE-1", "CASE-2")
    (referral,) = {*referrals(acts, one, other)}
    for apart in ([], [one, other]):
        with refused("split-nothing"):
            acts.splitting.plan(ann, referral, apart, "two families")
    _, foreign = acts.referral(0, case="CASE-3")
    with pytest.raises(NotFound):
        acts.splitting.plan(ann, referral, [foreign], "two families")
    first, second = (acts.splitting.plan(ann, referral, [other], "two families") for _ in range(2))
    acts.agree(sue, first)
    acts.agree(sue, second)
    acts.splitting.split(ann, first)
    with pytest.raises(NotFound):
        acts.splitting.split(ann, second)


def test_what_hung_together_by_what_was_taken_out_falls_apart_and_is_told_before(
    acts: Acts, ann: Principal, sue: Principal
) -> None:
    """A chain of three without its middle is two networks: one network, one referral."""
    one, middle, last = (acts.referral(1, case=f"CASE-{number}")[1] for number in (1, 2, 3))
    acts.also(middle, acts.items_of(one)[0])
    acts.also(last, max(acts.items_of(middle)))
    refer(acts, one, middle, last)
    (referral,) = {*referrals(acts, one, middle, last)}
    assert acts.splitting.preview(ann, referral, [middle]) == ((one,), (middle,), (last,))
    number = acts.splitting.plan(ann, referral, [middle], "a repair shop")
    acts.agree(sue, number)
    assert len(acts.splitting.split(ann, number)) == 3
