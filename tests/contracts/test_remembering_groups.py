"""Groups that are remembered are those that counting all of the referral would find, whatever was said meanwhile."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.contracts.decided import NOW, U, hold, over, pass_on
from tests.contracts.test_look_plans import LATELY, LONG_AGO, ONE, OTHER, says
from tests.contracts.test_look_plans import asking as asked_of
from tests.contracts.test_look_plans import states as state
from tests.reviewing import Made, alike, looked, referral_with
from triage.domain.decisions import Instead, Said
from triage.domain.errors import TriageError
from triage.domain.items import Outcome
from triage.domain.look_plan import GroupKey, Outline, Stack
from triage.domain.people import Principal
from triage.domain.submissions import SubmissionState
from triage.services.remembering_groups import GroupMemory
from triage.store.look_plans import Asking, Group, LookPlans
from triage.store.unit_of_work import Store

Seen = dict[GroupKey, tuple[Outline, list[int]]]
WHOLE, PART = "whole", "part"


@pytest.fixture(autouse=True)
def first(ann: Principal) -> None:
    """Whoever decides where a test names nobody."""
    assert ann.id == 1


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was counted of the referral, each time."""
    counted: list[str] = []
    count, read = LookPlans.groups, LookPlans.stacks_of

    def groups(self: LookPlans, asking: Asking) -> list[Group]:
        counted.append(WHOLE)
        return count(self, asking)

    def stacks_of(self: LookPlans, asking: Asking, centres: Sequence[int]) -> dict[GroupKey, dict[int, Stack]]:
        counted.append(PART)
        return read(self, asking, centres)

    monkeypatch.setattr(LookPlans, "groups", groups)
    monkeypatch.setattr(LookPlans, "stacks_of", stacks_of)
    return counted


def sum_up(store: Store, made: Made, at: datetime = NOW) -> None:
    """As REFER leaves it."""
    with store.writing() as unit:
        unit.networks.keep_summary(made.id, {}, at)
        unit.commit()


def several_days(store: Store) -> Made:
    """Three days of two cameras, with copies, something near, and pictures without traces."""
    made = referral_with(store, "1", *[U] * 28, Outcome.NEAR, Outcome.NEAR)
    days = [LONG_AGO, LONG_AGO + timedelta(days=1), LATELY]
    taken = {one: (ONE if place % 5 else OTHER, days[place % 3]) for place, one in enumerate(made.items[:24])}
    state(store, {one: (camera, day + timedelta(minutes=one)) for one, (camera, day) in taken.items()})
    alike(store, made.items[0], made.items[3], made.items[6])
    alike(store, made.items[1], made.items[4])
    sum_up(store, made)
    return made


def remembered(store: Store, memory: GroupMemory, made: Made, now: datetime = NOW) -> Seen:
    with store.reading() as unit:
        return _seen(memory.groups(unit, asked_of(made), now))


def counted_anew(store: Store, made: Made) -> Seen:
    return remembered(store, GroupMemory(), made)


def _seen(groups: Sequence[Group]) -> Seen:
    return {one.outline.key: (one.outline, sorted(one.centres)) for one in groups}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_said_remembered_groups_are_those_counted_anew(
    store: Store, ann: Principal, ben: Principal, counts: list[str], seed: int
) -> None:
    """Decided after looks and on facts, superseded, confirmed, contradicted and taken back, by two people in turn."""
    made, drawn, memory = several_days(store), random.Random(seed), GroupMemory(few_stacks=0)
    remembered(store, memory, made)
    held = hold(store, ann, made)
    who = ann
    for step in range(25):
        now = NOW + timedelta(minutes=20 * step)
        deciding = over(store, now=now)
        if drawn.random() < 0.3:
            other = ben if who is ann else ann
            who, held = other, pass_on(store, made, held, other)
        place = drawn.randrange(len(made.items))
        if drawn.random() < 0.5:
            looked(store, who, made, item=place, level="reduced")
        with store.reading() as unit:
            history = unit.decisions.history(made.items[place])
        said = drawn.choice(["grave", "some", "lawful"])
        with suppress(TriageError):  # what the rules refuse says nothing, and that must hold too
            if history and drawn.random() < 0.6:
                one = drawn.choice(history)
                act = drawn.choice(["undo", "confirm", "dissent"])
                if act == "undo":
                    deciding.undo(who, one.id, whole_stroke=drawn.random() < 0.3)
                elif act == "confirm":
                    deciding.confirm(who, one.id)
                else:
                    deciding.dissent(who, one.id, said, "It says so in the file.")
            else:
                held = hold(store, who, made)
                deciding.decide(who, held, [made.items[place]], Said(said, "It says so.", drawn.choice([*Instead])))
        assert remembered(store, memory, made, now) == counted_anew(store, made)
    assert counts.count(PART) > 5


def test_only_groups_of_which_something_was_said_are_counted_again(store: Store, counts: list[str]) -> None:
    """Of a large referral that is a few of thousands; nothing where nothing was said."""
    made, memory = several_days(store), GroupMemory(few_stacks=0)
    remembered(store, memory, made)
    remembered(store, memory, made)
    assert counts == [WHOLE]
    says(store, made, "lawful", made.items[0])
    found = remembered(store, memory, made)
    assert counts == [WHOLE, PART]
    assert found == counted_anew(store, made)


def test_of_a_group_that_was_read_only_what_was_said_since_is_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group may have thousands of stacks, and an hour some hundred decisions."""
    made, memory = several_days(store), GroupMemory(few_stacks=0)
    asked: list[int] = []
    read = LookPlans.stacks_of

    def stacks_of(self: LookPlans, asking: Asking, centres: Sequence[int]) -> dict[GroupKey, dict[int, Stack]]:
        asked.append(len(centres))
        return read(self, asking, centres)

    monkeypatch.setattr(LookPlans, "stacks_of", stacks_of)
    remembered(store, memory, made)
    for place in (2, 8, 11):  # of one camera and day
        says(store, made, "lawful", made.items[place])
        assert remembered(store, memory, made) == counted_anew(store, made)
    first, *later = asked
    assert first > 3
    assert later == [2, 3]


def test_what_was_committed_late_is_seen(store: Store) -> None:
    """A large act bears the moment at which it began, and another server's clock."""
    made, memory = several_days(store), GroupMemory(few_stacks=0)
    remembered(store, memory, made, NOW + timedelta(minutes=59))
    says(store, made, "lawful", made.items[0])  # at NOW
    assert remembered(store, memory, made, NOW + timedelta(minutes=60)) == counted_anew(store, made)


def test_a_referral_that_was_summed_up_anew_is_counted_anew(store: Store, counts: list[str]) -> None:
    """More has joined it, or it lies together otherwise."""
    made, memory = several_days(store), GroupMemory(few_stacks=0)
    remembered(store, memory, made)
    alike(store, made.items[10], made.items[13])
    sum_up(store, made, NOW + timedelta(seconds=1))
    counts.clear()
    found = remembered(store, memory, made)
    assert counts == [WHOLE]
    assert found == counted_anew(store, made)


def test_nothing_is_remembered_while_counts_are_owed(store: Store, counts: list[str]) -> None:
    """Work over it goes on, and changes what it holds without a word."""
    made, memory = several_days(store), GroupMemory(few_stacks=0)
    with store.writing() as unit:
        unit.submissions.set_state(made.submission, SubmissionState.RECEIVING, NOW)
        unit.commit()
    remembered(store, memory, made)
    remembered(store, memory, made)
    assert counts == [WHOLE, WHOLE]


def test_another_day_or_another_scheme_is_another_question(store: Store, counts: list[str]) -> None:
    """What is recent today is not so tomorrow."""
    made, memory = several_days(store), GroupMemory(few_stacks=0)
    remembered(store, memory, made)
    asking = replace(asked_of(made), since=LATELY + timedelta(days=1))
    with store.reading() as unit:
        later = _seen(memory.groups(unit, asking, NOW))
    assert counts == [WHOLE, WHOLE]
    assert sum(outline.recent for outline, _ in later.values()) == 0


def test_small_referrals_are_not_kept(store: Store, counts: list[str]) -> None:
    made, memory = several_days(store), GroupMemory()
    remembered(store, memory, made)
    remembered(store, memory, made)
    assert counts == [WHOLE, WHOLE]
