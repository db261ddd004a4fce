"""The rules of decisions, which any database must keep: one stands for each item, and nothing said is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from tests.contracts.decided import NOW, RULES, WHY, U, hold, opinions_of, over, pass_on, state_of, states
from tests.reviewing import looked, person, referral_with
from triage.domain.claims import Claim
from triage.domain.decisions import DecisionState, DisagreementKind, Instead, Said, SeenBasis
from triage.domain.errors import Conflict, NotFound, Refused, TriageError
from triage.domain.items import Outcome
from triage.domain.people import Principal
from triage.services.deciding import Deciding
from triage.store.review_tables import claim
from triage.store.tables import referral, referral_event
from triage.store.unit_of_work import Store


class TestDeciding:
    def test_a_decision_closes_the_item_in_every_referral(
        self, store: Store, deciding: Deciding, ann: Principal
    ) -> None:
        """The same bytes are the same item: for everyone, in one act; and both histories say so."""
        one = referral_with(store, "1", U)
        two = referral_with(store, "2", Outcome.KNOWN, also=one.items)
        made = deciding.decide(ann, hold(store, ann, one), one.items, Said("lawful"))
        assert set(made.decisions) == set(one.items)
        assert sorted(made.done) == [one.id, two.id]
        assert [state_of(store, this.id) for this in (one, two)] == ["done", "done"]
        with store.reading() as unit:
            kinds = unit.connection.execute(
                select(referral_event.c.kind).where(referral_event.c.referral_id == two.id)
            ).scalars()
            assert list(kinds) == ["done"]

    def test_a_referral_is_done_when_nothing_is_left_and_not_before(
        self, store: Store, deciding: Deciding, ann: Principal
    ) -> None:
        """What is known, known good or a container is closed; what is too poor or undecodable is left."""
        closed = (Outcome.KNOWN, Outcome.KNOWN_GOOD, Outcome.CONTAINER)
        made = referral_with(store, "1", U, Outcome.TOO_POOR, Outcome.UNDECODABLE, Outcome.NEAR, *closed)
        held = hold(store, ann, made)
        for one in made.items[:4]:
            assert state_of(store, made.id) == "open"
            deciding.decide(ann, held, [one], Said("lawful"))
        assert state_of(store, made.id) == "done"

    def test_everything_left_is_decided_on_facts_in_one_act(
        self, store: Store, deciding: Deciding, ann: Principal
    ) -> None:
        """And what was decided before keeps what it says."""
        made = referral_with(store, "1", *[U] * 700)
        held = hold(store, ann, made)
        deciding.decide(ann, held, [made.items[3]], Said("some"))
        rest = deciding.decide_rest(ann, held, Said("lawful"))
        assert len(rest.decisions) == 699
        assert rest.done == (made.id,)
        assert states(store, made.items[3]) == [("some", "standing")]
        with store.reading() as unit:
            records = [one.event for one in unit.custody.records() if one.event]
        said = [dict(one.details) for one in records if one.action == "decided"]
        assert [(one["category"], one["scheme"], one["basis"]) for one in said[1:]] == [
            ("lawful", "scheme-a", "facts")
        ] * 2
        assert records[0].actor == "ann"

    def test_the_basis_is_what_the_server_showed(self, store: Store, deciding: Deciding, ann: Principal) -> None:
        """To this person; nobody is asked what they have seen."""
        made = referral_with(store, "1", U, U, U)
        looked(store, ann, made, item=1, level="reduced")
        looked(store, ann, made, item=2, level="reduced")
        looked(store, ann, made, item=2, level="full")
        looked(store, person(store, "eve"), made, item=0, level="full")
        deciding.decide(ann, hold(store, ann, made), made.items, Said("lawful"))
        with store.reading() as unit:
            bases = [unit.decisions.history(one)[0].basis for one in made.items]
        assert bases == [SeenBasis.FACTS, SeenBasis.REDUCED, SeenBasis.FULL]

    def test_nothing_is_decided_without_the_referral_in_hand(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """Not under an old claim, another's, one that ran out, or for an item of elsewhere."""
        made, elsewhere = referral_with(store, "1", U), referral_with(store, "2", U)
        held = hold(store, ann, made)
        for who, what in (
            (ann, replace(held, fence=held.fence - 1)),
            (ben, held),
            (ben, replace(held, principal_id=ben.id)),
        ):
            with pytest.raises(Conflict) as caught:
                deciding.decide(who, what, made.items, Said("lawful"))
            assert caught.value.code == "claim-lost"
        with pytest.raises(NotFound):
            deciding.decide(ann, held, elsewhere.items, Said("lawful"))
        with store.writing() as unit:
            unit.connection.execute(update(claim).values(lease_until=0.0))
            unit.commit()
        with pytest.raises(Conflict):
            deciding.decide(ann, held, made.items, Said("lawful"))
        assert states(store, made.items[0]) == []

    def test_a_category_is_one_of_the_scheme(self, store: Store, deciding: Deciding, ann: Principal) -> None:
        """Another word is refused."""
        made = referral_with(store, "1", U)
        with pytest.raises(Refused) as caught:
            deciding.decide(ann, hold(store, ann, made), made.items, Said("nonsense"))
        assert caught.value.code == "no-category"


class TestSuperseding:
    def test_another_decision_is_never_overwritten_by_itself(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """One item asks the person; of many it is left alone; the same category changes nothing."""
        made = referral_with(store, "1", U, U)
        held = hold(store, ann, made)
        deciding.decide(ann, held, made.items[:1], Said("some"))
        held = pass_on(store, made, held, ben)
        with pytest.raises(Conflict) as caught:
            deciding.decide(ben, held, made.items[:1], Said("lawful"))
        assert caught.value.code == "decided-already"
        assert deciding.decide(ben, held, made.items[:1], Said("some")).decisions == {}
        both = deciding.decide(ben, held, made.items, Said("lawful"))
        assert (set(both.decisions), both.left_alone) == ({made.items[1]}, (made.items[0],))
        assert states(store, made.items[0]) == [("some", "standing")]

    def test_a_person_supersedes_and_the_old_one_stays_readable(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """With a reason in words where it was another's."""
        made = referral_with(store, "1", U)
        held = hold(store, ann, made)
        deciding.decide(ann, held, made.items, Said("some"))
        with store.writing() as unit:
            unit.connection.execute(update(referral).values(state="open"))
            unit.commit()
        held = pass_on(store, made, held, ben)
        with pytest.raises(Refused) as caught:
            deciding.decide(ben, held, made.items, Said("lawful", "", Instead.SUPERSEDE))
        assert caught.value.code == "decision-words"
        deciding.decide(ben, held, made.items, Said("lawful", WHY, Instead.SUPERSEDE))
        assert states(store, made.items[0]) == [("some", "superseded"), ("lawful", "standing")]
        with store.reading() as unit:
            old, new = unit.decisions.history(made.items[0])
        assert new.supersedes == old.id
        assert old.ended_at == NOW

    def test_of_people_who_decide_at_once_one_stands(self, store: Store, others: list[Store]) -> None:
        """In four referrals that share the item; the rest are told, and no decision is lost or doubled."""
        people = [person(store, f"p{number}") for number in range(4)]
        shared = referral_with(store, "0", *[U] * 4)
        places = [referral_with(store, str(number), also=shared.items) for number in range(4)]
        claims = [hold(store, people[number], places[number]) for number in range(4)]
        together = Barrier(4)

        def decide(number: int, item: int) -> str:
            together.wait(30)
            category = ("lawful", "some")[number % 2]
            try:
                over(others[number]).decide(people[number], claims[number], [item], Said(category))
            except TriageError as error:
                return error.code
            return "decided"

        with ThreadPoolExecutor(4) as pool:
            for one in shared.items:
                ended = set(pool.map(decide, range(4), [one] * 4))
                assert ended <= {"decided", "decided-already"}
                assert [state for _, state in states(store, one)] == ["standing"]

    def test_the_last_two_items_decided_at_once_in_two_referrals_end_both(
        self, store: Store, others: list[Store]
    ) -> None:
        """Whichever commits last must see the other."""
        people = [person(store, f"p{number}") for number in range(2)]
        for _ in range(5):
            first = referral_with(store, "1", U, U)
            second = referral_with(store, "2", also=first.items)
            claims = [hold(store, people[0], first), hold(store, people[1], second)]
            together = Barrier(2)

            def decide(number: int, claims: list[Claim], items: tuple[int, ...], together: Barrier) -> None:
                together.wait(30)
                over(others[number]).decide(people[number], claims[number], [items[number]], Said("lawful"))

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(decide, range(2), [claims] * 2, [first.items] * 2, [together] * 2))
            assert [state_of(store, this.id) for this in (first, second)] == ["done", "done"]


class TestSecondReader:
    def test_a_category_of_the_policy_waits_for_another_person(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """It closes nothing before; oneself cannot confirm it; afterwards it stands with both names."""
        made = referral_with(store, "1", U)
        held = hold(store, ann, made)
        waiting = deciding.decide(ann, held, made.items, Said("grave"))
        assert (waiting.awaiting, state_of(store, made.id)) == (1, "open")
        (number,) = waiting.decisions.values()
        assert deciding.awaiting(ann) == []
        assert [(one.first.id, one.items) for one in deciding.awaiting(ben)] == [(number, 1)]
        with pytest.raises(Refused) as caught:
            deciding.confirm(ann, number)
        assert caught.value.code == "same-person"
        assert deciding.confirm(ben, number).done == (made.id,)
        with store.reading() as unit:
            (one,) = unit.decisions.history(made.items[0])
        assert (one.state, one.principal_id, one.second_by) == (DecisionState.STANDING, ann.id, ben.id)
        with pytest.raises(Conflict):
            deciding.confirm(ben, number)

    def test_a_second_person_who_disagrees_is_kept_and_shown(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """Neither overwrites the other."""
        made = referral_with(store, "1", U)
        waiting = deciding.decide(ann, hold(store, ann, made), made.items, Said("grave"))
        (number,) = waiting.decisions.values()
        deciding.dissent(ben, number, "some", WHY)
        assert states(store, made.items[0]) == [("grave", "awaiting-second"), ("some", "dissenting")]
        (shown,) = opinions_of(deciding, made).disagreements
        assert (shown.kind, shown.category, shown.other, shown.because) == (
            DisagreementKind.PEOPLE,
            "grave",
            "some",
            WHY,
        )

    def test_what_was_decided_at_once_is_confirmed_at_once(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """But not what somebody says another thing of, nor what another act decided."""
        made = referral_with(store, "1", U, U, U, U)
        held = hold(store, ann, made)
        at_once = deciding.decide(ann, held, made.items[:3], Said("grave"))
        later = over(store, now=NOW + timedelta(seconds=1))
        later.decide(ann, held, made.items[3:], Said("grave"))
        first = min(at_once.decisions.values())
        assert [(one.first.id, one.items) for one in deciding.awaiting(ben, limit=1)] == [(first, 3)]
        deciding.dissent(ben, at_once.decisions[made.items[1]], "some", WHY)
        confirmed = deciding.confirm(ben, first, whole_stroke=True)
        assert (set(confirmed.decisions), confirmed.left_alone) == ({made.items[0], made.items[2]}, (made.items[1],))
        assert [states(store, one)[0][1] for one in made.items] == [
            "standing", "awaiting-second", "standing", "awaiting-second",
        ]  # fmt: skip
        with pytest.raises(Conflict):
            deciding.confirm(ben, first, whole_stroke=True)
        with pytest.raises(Refused):
            deciding.confirm(ann, at_once.decisions[made.items[1]], whole_stroke=True)

    def test_what_rests_on_another_basis_is_confirmed_apart(
        self, store: Store, deciding: Deciding, ann: Principal, ben: Principal
    ) -> None:
        """Who agrees to what was decided on facts has not agreed to what was decided after a look."""
        made = referral_with(store, "1", U, U)
        held = hold(store, ann, made)
        looked(store, ann, made, item=0, level="reduced")
        deciding.decide(ann, held, made.items, Said("grave"))
        one, other = deciding.awaiting(ben)
        assert {one.first.basis, other.first.basis} == {SeenBasis.FACTS, SeenBasis.REDUCED}
        assert len(deciding.confirm(ben, one.first.id, whole_stroke=True).decisions) == 1
        assert [left.first.id for left in deciding.awaiting(ben)] == [other.first.id]

    def test_superseding_anothers_can_need_one_too(self, store: Store, ann: Principal, ben: Principal) -> None:
        """Until then the old one stands."""
        deciding = over(store, replace(RULES, second_reader_supersedes=True))
        made = referral_with(store, "1", U, U)
        held = hold(store, ann, made)
        deciding.decide(ann, held, made.items[:1], Said("some"))
        held = pass_on(store, made, held, ben)
        waiting = deciding.decide(ben, held, made.items[:1], Said("lawful", WHY, Instead.SUPERSEDE))
        assert states(store, made.items[0]) == [("some", "standing"), ("lawful", "awaiting-second")]
        deciding.confirm(ann, waiting.decisions[made.items[0]])
        assert states(store, made.items[0]) == [("some", "superseded"), ("lawful", "standing")]
