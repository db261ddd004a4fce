"""What is left of a group that facts are enough for is decided at once, as looks at it said, and taken back so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contracts.decided import NOW, RULES, U, hold, over, states
from tests.contracts.test_look_plans import LONG_AGO, ONE
from tests.contracts.test_look_plans import states as state
from tests.refusals import refused
from tests.reviewing import SCHEMES, Made, looked, referral_with
from triage.domain.decisions import DecisionState, Said, SeenBasis
from triage.domain.group_proposals import GroupProposal
from triage.domain.items import Outcome
from triage.domain.people import Principal
from triage.services.choosing_looks import look_plan
from triage.services.deciding import Deciding
from triage.services.remembering_groups import GroupMemory
from triage.store.unit_of_work import Store


def a_day(store: Store, count: int, *others: Outcome) -> Made:
    """Pictures of a camera's day."""
    made = referral_with(store, "1", *[U] * count, *others)
    state(store, {one: (ONE, LONG_AGO + timedelta(minutes=place)) for place, one in enumerate(made.items)})
    return made


def look(deciding: Deciding, who: Principal, made: Made, said: dict[int, str]) -> None:
    """Looks at the items of these places, and what was said after each."""
    held = hold(deciding.store, who, made)
    for place, category in said.items():
        looked(deciding.store, who, made, item=place, level="reduced")
        deciding.decide(who, held, [made.items[place]], Said(category))


def proposed(store: Store, made: Made) -> list[GroupProposal]:
    with store.reading() as unit:
        return look_plan(unit, made.id, RULES, SCHEMES.scheme("scheme-a"), NOW, GroupMemory()).on_facts


def test_what_is_left_is_decided_on_facts_and_taken_back_with_its_look(
    store: Store, deciding: Deciding, ann: Principal
) -> None:
    """Two lawful looks at twelve pictures of a day: ten are left, and name the look that they follow."""
    made = a_day(store, 12)
    assert proposed(store, made) == []
    look(deciding, ann, made, {1: "lawful", 8: "lawful"})
    (found,) = proposed(store, made)
    assert (found.category, found.items) == ("lawful", 10)
    decided = deciding.confirm_group(ann, hold(store, ann, made), found.centres[0], found.mark)
    assert (len(decided.decisions), decided.done) == (10, (made.id,))
    assert proposed(store, made) == []
    with store.reading() as unit:
        one = unit.decisions.history(made.items[5])[0]
    assert (one.basis, one.state, one.spread_from) == (SeenBasis.FACTS, DecisionState.STANDING, found.decision_id)
    assert deciding.undo(ann, found.decision_id) == 11
    assert states(store, made.items[5]) == [("lawful", "undone")]
    assert states(store, made.items[1]) == [("lawful", "standing")]


def test_what_changed_since_it_was_shown_is_not_confirmed(store: Store, deciding: Deciding, ann: Principal) -> None:
    """Somebody decided one meanwhile; a centre of nothing, or a mark of nothing, confirms nothing either."""
    made = a_day(store, 12)
    look(deciding, ann, made, {1: "lawful", 8: "lawful"})
    (found,) = proposed(store, made)
    held = hold(store, ann, made)
    deciding.decide(ann, held, made.items[:1], Said("some"))
    for centre, mark in ((found.centres[0], found.mark), (0, found.mark), (found.centres[1], "")):
        assert refused(lambda at=centre, of=mark: deciding.confirm_group(ann, held, at, of)) == "proposal-changed"
    assert states(store, made.items[5]) == []


@pytest.mark.parametrize(("last", "expected"), [("some", [("some", 1)]), ("grave", [])])
def test_looks_that_differ_in_the_category_propose_nothing(
    store: Store, ann: Principal, last: str, expected: list[tuple[str, int]]
) -> None:
    """All of it is unlawful; which category the rest has is then for a person to say, item by item."""
    made = a_day(store, 4)
    alone = over(store, replace(RULES, second_reader=frozenset()))
    look(alone, ann, made, {0: "some", 1: "some", 2: last})
    with store.reading() as unit:
        plan = look_plan(unit, made.id, RULES, SCHEMES.scheme("scheme-a"), NOW, GroupMemory())
    assert plan.left.groups_on_facts == 1
    assert [(one.category, one.items) for one in plan.on_facts] == expected


def test_a_second_persons_category_waits_for_that_person(store: Store, deciding: Deciding, ann: Principal) -> None:
    """What waits is no source: nothing follows from it before it stands."""
    made = a_day(store, 4)
    look(deciding, ann, made, {0: "grave", 1: "grave", 2: "grave"})
    assert proposed(store, made) == []


def test_what_is_near_to_something_known_is_left_alone(store: Store, deciding: Deciding, ann: Principal) -> None:
    """It has facts of its own, whatever the rest of its day was."""
    made = a_day(store, 8, Outcome.NEAR)
    look(deciding, ann, made, dict.fromkeys((0, 1, 2, 4, 5, 6, 7), "lawful"))
    (found,) = proposed(store, made)
    deciding.confirm_group(ann, hold(store, ann, made), found.centres[0], found.mark)
    assert states(store, made.items[3]) == [("lawful", "standing")]
    assert states(store, made.items[8]) == []


def test_only_whoever_has_it_in_hand_confirms(store: Store, deciding: Deciding, ann: Principal) -> None:
    """As any decision."""
    made = a_day(store, 12)
    look(deciding, ann, made, {1: "lawful", 8: "lawful"})
    (found,) = proposed(store, made)
    held = hold(store, ann, made)
    with store.writing() as unit:
        unit.claims.put_back(held)
        unit.commit()
    assert refused(lambda: deciding.confirm_group(ann, held, found.centres[0], found.mark)) == "claim-lost"
