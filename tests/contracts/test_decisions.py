"""The rules of decisions, which any database must keep: one stands for each item, and nothing said is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update

from tests.contracts.test_jobs import another
from tests.reviewing import SCHEMES, Everything, Made, alike, match_of, person, referral_with
from triage.domain.claims import Claim, QueueFilter
from triage.domain.decisions import DecisionState, DisagreementKind, Instead, Said, SeenBasis
from triage.domain.errors import Conflict, NotFound, Refused, TriageError
from triage.domain.items import Outcome
from triage.domain.people import Principal
from triage.domain.review_rules import ReviewRules
from triage.services import opining
from triage.services.claiming import Claiming
from triage.services.deciding import Deciding
from triage.services.finishing import reopen_changed
from triage.services.opining import Opinions
from triage.store.review_tables import claim, decision, viewing
from triage.store.tables import referral, referral_event
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
RULES = ReviewRules(
    "scheme-a", 900, 600, frozenset({"grave"}), second_reader_supersedes=False, sample_percent=3, edition="e"
)
U = Outcome.UNKNOWN
WHY = "It says so in the file."


@pytest.fixture
def deciding(store: Store) -> Deciding:
    return over(store)


@pytest.fixture
def ann(store: Store) -> Principal:
    return person(store, "ann")


@pytest.fixture
def ben(store: Store) -> Principal:
    return person(store, "ben")


@pytest.fixture
def others(store: Store) -> Iterator[list[Store]]:
    opened = [another(store) for _ in range(4)]
    yield opened
    for one in opened:
        one.engine.dispose()


def over(store: Store, rules: ReviewRules = RULES, now: datetime = NOW) -> Deciding:
    return Deciding(store, Everything(), rules, SCHEMES, lambda: now)


def hold(store: Store, who: Principal, made: Made) -> Claim:
    return Claiming(store, Everything(), RULES, lambda: NOW).take(who, made.id)


def pass_on(store: Store, made: Made, held: Claim, who: Principal) -> Claim:
    """From one person's hands into another's."""
    with store.writing() as unit:
        unit.claims.put_back(held)
        unit.commit()
    return hold(store, who, made)


def opinions_of(deciding: Deciding, made: Made) -> Opinions:
    """What was said about the referral's items."""
    with deciding.store.reading() as unit:
        return deciding.opinions(unit, made.id)


def states(store: Store, item_id: int) -> list[tuple[str, str]]:
    with store.reading() as unit:
        return [(one.category, one.state.value) for one in unit.decisions.history(item_id)]


def state_of(store: Store, referral_id: int) -> str:
    with store.reading() as unit:
        query = select(referral.c.state).where(referral.c.id == referral_id)
        return str(unit.connection.execute(query).scalar_one())


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
        seen(store, ann, made, made.items[1], "reduced")
        seen(store, ann, made, made.items[2], "reduced")
        seen(store, ann, made, made.items[2], "full")
        seen(store, person(store, "eve"), made, made.items[0], "full")
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
        assert [one.id for one in deciding.awaiting(ben)] == [number]
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


def seen(store: Store, who: Principal, made: Made, item: int, level: str) -> None:
    """A look that was shown."""
    with store.writing() as unit:
        row = {
            "principal_id": who.id,
            "item_id": item,
            "referral_id": made.id,
            "reason": "court",
            "words": "",
            "level": level,
            "of_known": False,
            "of_decided": False,
            "token_sha256": f"{who.id} {item} {level}".encode().ljust(32),
            "asked_at": NOW,
            "token_until": NOW,
            "shown_at": NOW,
            "ended_at": NOW,
            "seconds": 1.0,
        }
        unit.connection.execute(insert(viewing).values(row))
        unit.commit()
