"""Lists and single answers are one rule: what a condition leaves in a list is what the policy lets somebody see.

Random worlds of cases, submissions, items and referrals, and random people, on every kind of database.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from triage.domain.access import Action, may
from triage.domain.people import EVERY_CASE, Membership, Principal, Role
from triage.store.access import Subject, visible_items, visible_referrals, visible_submissions
from triage.store.tables import item, occurrence, referral, referral_member, submission
from triage.store.unit_of_work import Store, Unit

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
CASES = ["A", "B", "C", "it's", "*not", "%", "Ä"]
PEOPLE = 150


@dataclass(frozen=True)
class World:
    """How many there are of each; numbers begin at 1."""

    submissions: int
    items: int
    referrals: int


def made(store: Store, chance: random.Random) -> World:
    """Some submissions in some cases, their items, and referrals over some of them."""
    world = World(chance.randint(6, 12), chance.randint(8, 15), chance.randint(2, 5))
    with store.writing() as unit:
        _fill(unit, world, chance)
        unit.commit()
    return world


def _fill(unit: Unit, world: World, chance: random.Random) -> None:
    execute = unit.connection.execute
    for number in range(1, world.submissions + 1):
        execute(
            insert(submission).values(
                id=number, case_ref=chance.choice(CASES), exhibit_ref="E", basis="b", source=b"%d" % number,
                in_place=False, state="received", created_at=NOW, urgent=False, origin="seizure",
                may_share_with=[], handling=[],
            )
        )  # fmt: skip
    for number in range(1, world.items + 1):
        execute(
            insert(item).values(
                id=number, sha256=number.to_bytes(32, "big"), sha1=bytes(20), md5=bytes(16), size=1, kind="other",
                depth=0, outcome="unknown", first_seen=NOW,
            )
        )  # fmt: skip
        for found in chance.sample(range(1, world.submissions + 1), chance.randint(0, min(3, world.submissions))):
            execute(
                insert(occurrence).values(
                    submission_id=found, item_id=number, parent_item_id=0, path=b"p",
                    path_key=number.to_bytes(16, "big"), size=1, mtime_ns=0, linked=False,
                )
            )  # fmt: skip
    for number in range(1, world.referrals + 1):
        execute(
            insert(referral).values(
                id=number, state="open", danger=0, solvability=0, network=0, clock=0, sort_key="", reasons=[],
                edition="", created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
    for number in range(1, world.submissions + 1):
        if chance.random() < 0.8:
            held = {"submission_id": number, "referral_id": chance.randint(1, world.referrals), "joined_at": NOW}
            execute(insert(referral_member).values(held))


def somebody(chance: random.Random) -> Principal:
    """Any roles, any cases, some of them over; some people are disabled."""
    roles = frozenset(chance.sample(list(Role), chance.randint(0, 3)))
    listed = chance.sample([*CASES, EVERY_CASE, "none"], chance.randint(0, 4))
    until = [None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1)]
    cases = tuple(Membership(one, chance.choice(until)) for one in listed)
    disabled = chance.choice([None, None, None, NOW, NOW + timedelta(days=1)])
    return Principal(1, "p", "P", "u", "en", "UTC", roles, cases, disabled)


@pytest.mark.parametrize("seed", range(4))
def test_a_list_holds_what_its_reader_may_see_and_nothing_else(store: Store, seed: int) -> None:
    """Referrals, submissions and items, for everybody."""
    chance = random.Random(seed)
    world = made(store, chance)
    kinds = (
        ("referral", Action.SEE_REFERRAL, select(referral.c.id), visible_referrals, world.referrals),
        ("submission", Action.SEE_SUBMISSION, select(submission.c.id), visible_submissions, world.submissions),
        ("item", Action.SEE_ITEM, select(item.c.id), visible_items, world.items),
    )
    seen = 0
    with store.reading() as unit:
        facts = {
            (kind, number): unit.access.facts_of(Subject(kind, number), NOW)
            for kind, _, _, _, many in kinds
            for number in range(1, many + 1)
        }
        for _ in range(PEOPLE):
            who = somebody(chance)
            for kind, action, everything, visible, many in kinds:
                listed = set(unit.connection.execute(everything.where(visible(who, NOW))).scalars())
                allowed = {
                    number for number in range(1, many + 1) if may(who, action, facts[kind, number], NOW).allowed
                }
                assert listed == allowed, (who, kind)
                seen += len(listed)
    assert seen > PEOPLE  # or it compared nothing with nothing
