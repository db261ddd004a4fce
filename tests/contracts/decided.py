"""Referrals in somebody's hands and what was decided of them, for tests of decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select

from tests.reviewing import REVIEW, SCHEMES, Everything, Made
from triage.domain.claims import Claim
from triage.domain.items import Outcome
from triage.domain.people import Principal
from triage.domain.review_rules import ReviewRules
from triage.services.claiming import Claiming
from triage.services.deciding import Deciding
from triage.services.opining import Opinions
from triage.store.tables import referral
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)

RULES = replace(REVIEW, second_reader=frozenset({"grave"}))

U = Outcome.UNKNOWN

WHY = "It says so in the file."


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


def states(store: Store, item_id: int) -> list[tuple[str, str]]:
    with store.reading() as unit:
        return [(one.category, one.state.value) for one in unit.decisions.history(item_id)]


def state_of(store: Store, referral_id: int) -> str:
    with store.reading() as unit:
        query = select(referral.c.state).where(referral.c.id == referral_id)
        return str(unit.connection.execute(query).scalar_one())


def opinions_of(deciding: Deciding, made: Made) -> Opinions:
    """What was said about the referral's items."""
    with deciding.store.reading() as unit:
        return deciding.opinions(unit, made.id)
