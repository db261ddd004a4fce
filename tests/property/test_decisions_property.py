"""Decisions and claims under any order of acts: no two holders, one standing decision, and nothing in circles."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select, update

from tests.reviewing import REVIEW, SCHEMES, Everything, alike, person, referral_with
from triage.domain.checkpoints import LogSigner
from triage.domain.claims import QueueFilter
from triage.domain.decisions import Decision, DecisionState, Instead, Said
from triage.domain.errors import TriageError
from triage.domain.items import Outcome
from triage.services.claiming import Claiming
from triage.services.deciding import Deciding
from triage.store.engine import open_engine
from triage.store.review_tables import claim
from triage.store.schema import upgrade_schema
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
RULES = replace(REVIEW, second_reader=frozenset({"grave"}), second_reader_supersedes=True)
PEOPLE = st.integers(0, 2)
PLACES = st.integers(0, 1)
ITEMS = st.integers(0, 2)
CATEGORIES = st.sampled_from(["lawful", "some", "grave"])
WHY = "Because of the file."


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp()) / "template.sqlite3"
    upgrade_schema(f"sqlite:///{path}")
    return path


class Reviewing(RuleBasedStateMachine):
    """Three people, two referrals that share their three items."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(_template(), self.folder / "d.sqlite3")
        signer = LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
        engine = open_engine(f"sqlite:///{self.folder / 'd.sqlite3'}")
        self.store = Store(engine, signer, LogMirror.create(self.folder / "witness"))
        self.claiming = Claiming(self.store, Everything(), RULES, lambda: NOW)
        self.deciding = Deciding(self.store, Everything(), RULES, SCHEMES, lambda: NOW)
        self.people = [person(self.store, f"p{number}") for number in range(3)]
        first = referral_with(self.store, "1", *[Outcome.UNKNOWN] * 3)
        self.places = [first, referral_with(self.store, "2", also=first.items)]
        alike(self.store, *first.items[:2])
        self.taken: dict[int, int] = {}  # referral → the person whom we were told to have it

    def teardown(self) -> None:
        self.store.engine.dispose()
        shutil.rmtree(self.folder)

    @rule(who=PEOPLE)
    def take_next(self, who: int) -> None:
        taken = self.claiming.take_next(self.people[who], QueueFilter())
        if taken:
            assert taken.referral_id not in self.taken
            self.taken[taken.referral_id] = who

    @rule(who=PEOPLE, place=PLACES, opt_out=st.booleans())
    def leave(self, who: int, place: int, opt_out: bool) -> None:
        try:
            held = self.claiming.claim_on(self.people[who], self.places[place].id)
        except TriageError:
            return
        assert self.taken.pop(held.referral_id) == who
        (self.claiming.opt_out if opt_out else self.claiming.put_back)(self.people[who], held)

    @rule(place=PLACES)
    def run_out(self, place: int) -> None:
        self.taken.pop(self.places[place].id, None)
        with self.store.writing() as unit:
            here = claim.c.referral_id == self.places[place].id
            unit.connection.execute(update(claim).where(here).values(lease_until=0.0))
            unit.commit()

    @rule(who=PEOPLE, place=PLACES, item=ITEMS, category=CATEGORIES, instead=st.sampled_from(list(Instead)))
    def decide(self, who: int, place: int, item: int, category: str, instead: Instead) -> None:
        made = self.places[place]
        try:
            held = self.claiming.claim_on(self.people[who], made.id)
            self.deciding.decide(self.people[who], held, [made.items[item]], Said(category, WHY, instead))
        except TriageError:
            return

    @rule(who=PEOPLE, place=PLACES)
    def confirm_proposals(self, who: int, place: int) -> None:
        made = self.places[place]
        try:
            held = self.claiming.claim_on(self.people[who], made.id)
            with self.store.reading() as unit:
                proposed = self.deciding.opinions(unit, made.id).proposals
            for one in proposed:
                self.deciding.confirm_proposal(self.people[who], held, one)
        except TriageError:
            return

    @rule(who=PEOPLE, number=st.integers(1, 12))
    def confirm(self, who: int, number: int) -> None:
        try:
            self.deciding.confirm(self.people[who], number)
        except TriageError:
            return
        (one,) = [one for one in self.decisions() if one.id == number]
        assert one.principal_id != self.people[who].id

    @rule(who=PEOPLE, number=st.integers(1, 12))
    def undo(self, who: int, number: int) -> None:
        before = {one.id: one for one in self.decisions()}
        try:
            self.deciding.undo(self.people[who], number)
        except TriageError:
            assert {one.id: one for one in self.decisions()} == before
            return
        after = {one.id: one for one in self.decisions()}
        assert after[number].state is DecisionState.UNDONE
        replaced = before[number].supersedes
        if replaced and before[number].state is DecisionState.STANDING:
            assert after[replaced].state is DecisionState.STANDING

    @invariant()
    def one_decision_stands(self) -> None:
        for state in (DecisionState.STANDING, DecisionState.AWAITING_SECOND):
            items = [one.item_id for one in self.decisions() if one.state is state]
            assert len(items) == len(set(items))

    @invariant()
    def what_supersedes_is_newer_and_of_the_same_item(self) -> None:
        by_id = {one.id: one for one in self.decisions()}
        for one in by_id.values():
            if one.supersedes:
                assert one.supersedes < one.id
                assert by_id[one.supersedes].item_id == one.item_id
            if one.state is DecisionState.STANDING and one.category == "grave":
                assert one.second_by not in {None, one.principal_id}
            assert (one.ended_at is not None) == (one.state in {DecisionState.SUPERSEDED, DecisionState.UNDONE})

    @invariant()
    def a_claim_has_the_holder_that_was_told(self) -> None:
        with self.store.reading() as unit:
            rows = unit.connection.execute(select(claim).where(claim.c.lease_until > 0)).all()
        held = {row.referral_id: row.principal_id for row in rows}
        assert held == {place: self.people[who].id for place, who in self.taken.items()}

    def decisions(self) -> list[Decision]:
        with self.store.reading() as unit:
            return [one for item in self.places[0].items for one in unit.decisions.history(item)]


TestReviewing = Reviewing.TestCase
TestReviewing.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
