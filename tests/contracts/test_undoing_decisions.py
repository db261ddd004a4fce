"""What comes after a decision: taken back, proposed to others, contradicted, and what needs none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.contracts.decided import NOW, RULES, WHY, U, hold, opinions_of, over, state_of, states
from tests.reviewing import Everything, alike, match_of, referral_with
from triage.domain.claims import QueueFilter
from triage.domain.decisions import DisagreementKind, Instead, Said, SeenBasis
from triage.domain.errors import Conflict, Refused
from triage.domain.items import Outcome
from triage.domain.people import Principal
from triage.services import opining
from triage.services.claiming import Claiming
from triage.services.deciding import Deciding
from triage.services.finishing import reopen_changed
from triage.store.review_tables import decision
from triage.store.unit_of_work import Store


class TestUndoing:
    def test_undoing_restores_what_stood_before(self, store: Store, deciding: Deciding, ann: Principal) -> None:
        """And opens the referral again that was done by it."""
        made = referral_with(store, "1", U, U)
        held = hold(store, ann, made)
        deciding.decide(ann, held, made.items[:1], Said("some"))
        second = deciding.decide(ann, held, made.items[:1], Said("lawful", "", Instead.SUPERSEDE))
        last = deciding.decide(ann, held, made.items[1:], Said("lawful"))
        assert state_of(store, made.id) == "done"
        assert deciding.undo(ann, last.decisions[made.items[1]]) == 1
        assert state_of(store, made.id) == "open"
        deciding.undo(ann, second.decisions[made.items[0]])
        assert states(store, made.items[0]) == [("some", "standing"), ("lawful", "undone")]

    def test_only_ones_own_only_once_and_only_for_a_while(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """A clock that is set back gives no more time either."""
        made = referral_with(store, "1", U)
        (number,) = deciding.decide(ann, hold(store, ann, made), made.items, Said("some")).decisions.values()
        tries = [
            (deciding, ben, "undo-not-own"),
            (over(store, now=NOW + timedelta(seconds=601)), ann, "undo-too-late"),
            (over(store, now=NOW - timedelta(seconds=1)), ann, "undo-too-late"),
        ]
        for service, who, code in tries:
            with pytest.raises(Refused) as caught:
                service.undo(who, number)
            assert caught.value.code == code
        deciding.undo(ann, number)
        with pytest.raises(Conflict):
            deciding.undo(ann, number)

    def test_an_act_is_taken_back_whole(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """A slip of the mouse over a thousand items is one click to mend; what another confirmed of it stays."""
        made = referral_with(store, "1", U, U, U)
        held = hold(store, ann, made)
        earlier = over(store, now=NOW - timedelta(seconds=1))
        earlier.decide(ann, held, made.items[:1], Said("some"))
        slip = deciding.decide_rest(ann, held, Said("grave"))
        deciding.confirm(ben, slip.decisions[made.items[2]])
        assert deciding.undo(ann, slip.decisions[made.items[1]], whole_stroke=True) == 1
        assert [states(store, one) for one in made.items] == [
            [("some", "standing")], [("grave", "undone")], [("grave", "standing")],
        ]  # fmt: skip

    def test_what_another_confirmed_is_not_taken_back_alone(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """It is superseded instead."""
        made = referral_with(store, "1", U)
        (number,) = deciding.decide(ann, hold(store, ann, made), made.items, Said("grave")).decisions.values()
        deciding.confirm(ben, number)
        with pytest.raises(Refused) as caught:
            deciding.undo(ann, number)
        assert caught.value.code == "undo-confirmed"


class TestLookAlikes:
    def test_a_decision_proposes_to_its_group_and_decides_nothing_there(
        self, store: Store, deciding: Deciding, ann: Principal
    ) -> None:
        """Until a person confirms on facts; then each says from which it was spread."""
        made = referral_with(store, "1", U, U, U, U)
        alike(store, *made.items[:3])
        held = hold(store, ann, made)
        assert opinions_of(deciding, made).proposals == []
        first = deciding.decide(ann, held, made.items[:1], Said("some"))
        (proposal,) = opinions_of(deciding, made).proposals
        assert (proposal.item_ids, proposal.categories) == (made.items[1:3], ("some",))
        assert states(store, made.items[1]) == []
        done = deciding.confirm_proposal(ann, held, proposal)
        assert set(done.decisions) == set(made.items[1:3])
        with store.reading() as unit:
            (spread,) = unit.decisions.history(made.items[1])
        assert (spread.spread_from, spread.basis) == (first.decisions[made.items[0]], SeenBasis.FACTS)
        assert opinions_of(deciding, made).proposals == []

    def test_a_window_of_items_is_asked_about_at_a_time(
        self, store: Store, deciding: Deciding, ann: Principal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So that what a page costs does not grow; a group that goes on in the next window is proposed there."""
        monkeypatch.setattr(opining, "WINDOW", 2)
        made = referral_with(store, "1", U, U, U, U, U)
        alike(store, *made.items)
        held = hold(store, ann, made)
        decided = deciding.decide(ann, held, made.items[:1], Said("some")).decisions[made.items[0]]
        seen, after = [], 0
        with store.reading() as unit:
            while True:
                found = deciding.opinions(unit, made.id, after)
                seen += [(one.decision_id, one.item_ids) for one in found.proposals]
                if not (after := found.last):
                    break
        assert seen == [(decided, made.items[1:2]), (decided, made.items[2:4]), (decided, made.items[4:])]
        whole = deciding.proposal(ann, made.id, made.items[0])
        assert whole
        assert whole.item_ids == made.items[1:]

    def test_some_of_a_group_can_be_confirmed(self, store: Store, deciding: Deciding, ann: Principal) -> None:
        """The rest is still proposed."""
        made = referral_with(store, "1", U, U, U)
        alike(store, *made.items)
        held = hold(store, ann, made)
        deciding.decide(ann, held, made.items[:1], Said("some"))
        (proposal,) = opinions_of(deciding, made).proposals
        deciding.confirm_proposal(ann, held, proposal, [made.items[2]])
        (left,) = opinions_of(deciding, made).proposals
        assert left.item_ids == (made.items[1],)

    def test_a_divided_group_and_one_that_changed_are_not_confirmed_at_once(
        self, store: Store, deciding: Deciding, ann: Principal
    ) -> None:
        """Contradicting decisions propose nothing that one click may take."""
        made = referral_with(store, "1", U, U, U)
        alike(store, *made.items)
        held = hold(store, ann, made)
        deciding.decide(ann, held, made.items[:1], Said("some"))
        (old,) = opinions_of(deciding, made).proposals
        deciding.decide(ann, held, made.items[1:2], Said("lawful"))
        (now,) = opinions_of(deciding, made).proposals
        assert now.is_divided
        with pytest.raises(Conflict) as changed:
            deciding.confirm_proposal(ann, held, old)
        with pytest.raises(Refused) as divided:
            deciding.confirm_proposal(ann, held, now)
        assert (changed.value.code, divided.value.code) == ("proposal-changed", "proposal-divided")
        assert states(store, made.items[2]) == []

    def test_undoing_takes_back_what_the_same_person_spread(
        self, store: Store, deciding: Deciding, ann: Principal
    ) -> None:
        """And a spread decision whose source was superseded is shown as such."""
        made = referral_with(store, "1", U, U, U)
        alike(store, *made.items[:2])
        held = hold(store, ann, made)
        first = deciding.decide(ann, held, made.items[:1], Said("some")).decisions[made.items[0]]
        deciding.confirm_proposal(ann, held, opinions_of(deciding, made).proposals[0])
        newer = deciding.decide(ann, held, made.items[:1], Said("lawful", "", Instead.SUPERSEDE))
        (shown,) = opinions_of(deciding, made).disagreements
        assert (shown.kind, shown.item_id) == (DisagreementKind.SOURCE_CHANGED, made.items[1])
        deciding.undo(ann, newer.decisions[made.items[0]])
        assert deciding.undo(ann, first) == 2
        assert states(store, made.items[1]) == [("some", "undone")]


def test_a_hash_sets_other_opinion_is_shown(store: Store, deciding: Deciding, ann: Principal) -> None:
    """In the decision's scheme, or one that maps to it; the same opinion is none."""
    made = referral_with(store, "1", U, U, U, U)
    held = hold(store, ann, made)
    deciding.decide(ann, held, made.items, Said("lawful"))
    for one, category in zip(made.items, ("aa:some", "aa:lawful", "bb:x", "nothing"), strict=True):
        match_of(store, one, category)
    shown = opinions_of(deciding, made).disagreements
    assert [(one.item_id, one.kind, one.other, one.by) for one in shown] == [
        (made.items[0], DisagreementKind.HASH_SET, "some", "a-set"),
        (made.items[2], DisagreementKind.HASH_SET, "grave", "a-set"),
    ]


class TestSettingAside:
    def test_the_facts_were_enough(self, store: Store, deciding: Deciding, ann: Principal) -> None:
        """A first-class outcome: with words, a record, and the referral out of the queue and of the hands."""
        made = referral_with(store, "1", U, U)
        held = hold(store, ann, made)
        with pytest.raises(Refused):
            deciding.set_aside(ann, held, "")
        deciding.set_aside(ann, held, WHY)
        assert state_of(store, made.id) == "facts-enough"
        claiming = Claiming(store, Everything(), RULES, lambda: NOW)
        assert claiming.queue(ann, QueueFilter()).total == 0
        assert claiming.mine(ann) == []
        with store.reading() as unit:
            assert unit.connection.execute(select(decision.c.id)).all() == []
        deciding.reopen(ann, made.id, WHY)
        assert state_of(store, made.id) == "open"

    def test_it_opens_again_when_something_joins_it(self, store: Store, deciding: Deciding, ann: Principal) -> None:
        """A submission or a match of after; not what was there already."""
        made = referral_with(store, "1", U)
        deciding.set_aside(ann, hold(store, ann, made), WHY)
        with store.writing() as unit:
            assert reopen_changed(unit, [made.id], NOW) == []
            unit.commit()
        match_of(store, made.items[0], "aa:some", NOW + timedelta(seconds=1))
        with store.writing() as unit:
            assert reopen_changed(unit, [made.id], NOW) == [made.id]
            unit.commit()

    def test_what_is_done_opens_again_when_an_item_does(
        self, store: Store, deciding: Deciding, ann: Principal
    ) -> None:
        """As after a retraction."""
        made = referral_with(store, "1", U, Outcome.KNOWN)
        deciding.decide(ann, hold(store, ann, made), made.items[:1], Said("lawful"))
        assert state_of(store, made.id) == "done"
        with store.writing() as unit:
            unit.connection.exec_driver_sql(f"UPDATE item SET outcome = 'unknown' WHERE id = {made.items[1]}")
            assert reopen_changed(unit, [made.id], NOW) == [made.id]
            unit.commit()
        assert state_of(store, made.id) == "open"
