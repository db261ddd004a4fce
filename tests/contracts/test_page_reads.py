"""What pages read stays bounded, and says the same, on any database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from tests.contracts.test_claims import RULES
from tests.contracts.test_look_plans import says
from tests.reviewing import Everything, person, referral_with
from triage.domain.claims import QueueFilter
from triage.domain.items import Outcome
from triage.services.claiming import Claiming
from triage.store.tables import item, referral
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
SEVERAL = (Outcome.UNKNOWN, Outcome.KNOWN, Outcome.NEAR, Outcome.UNKNOWN)


def test_a_page_of_items_follows_the_one_before_over_all_submissions(store: Store) -> None:
    """By id, each once, wherever it lies and in however many submissions."""
    first = referral_with(store, "1", *SEVERAL)
    second = referral_with(store, "1", *SEVERAL, also=first.items)
    submissions = [first.submission, second.submission]
    open_items = sorted(one for made in (first, second) for place, one in enumerate(made.items[:4]) if place != 1)
    with store.reading() as unit:
        page = unit.pages.open_items(submissions, limit=2)
        rest = unit.pages.open_items(submissions, after=page[-1], limit=50)
    assert (page, rest) == (open_items[:2], open_items[2:])


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_page_by_page_all_that_is_left_of_many_submissions_is_listed_once(store: Store, limit: int) -> None:
    """Where most of what comes next is closed already, and where the next lies in a later submission."""
    made = [referral_with(store, "1", *[Outcome.KNOWN] * 30, *SEVERAL)]
    made += [referral_with(store, "1", *SEVERAL, also=made[0].items[-2:]) for _ in range(24)]
    person(store, "ann")
    says(store, made[3], "lawful", made[3].items[0])
    left: list[int] = []
    with store.reading() as unit:
        open_ones = {row.id for row in unit.connection.execute(select(item)) if row.outcome != Outcome.KNOWN}
        submissions = [one.submission for one in made]
        while page := unit.pages.open_items(submissions, after=left[-1] if left else 0, limit=limit):
            assert len(page) <= limit
            left += page
    assert left == sorted({*open_ones} - {made[3].items[0]})


def test_the_queue_is_filtered_by_what_was_counted(store: Store) -> None:
    """Not by walking items; a referral that was never assessed is judged by its items."""
    counted = referral_with(store, "1", Outcome.KNOWN)
    referral_with(store, "2", Outcome.KNOWN)
    never = referral_with(store, "3", Outcome.NEAR)
    with store.writing() as unit:
        unit.connection.execute(update(referral).where(referral.c.id == counted.id).values(near=2, unknown=0))
        unit.commit()
    claiming = Claiming(store, Everything(), RULES, lambda: NOW)
    found = claiming.queue(person(store, "ann"), QueueFilter(has_near=True))
    assert [one.id for one in found.lines] == [counted.id, never.id]


def test_held_back_matches_have_an_index_of_their_own(store: Store) -> None:
    """A plan that is made for any submission walked all matches of the deployment otherwise."""
    made = referral_with(store, "1", Outcome.NEAR)
    with store.reading() as unit:
        assert unit.read.held_back([made.submission]) == {}
        name = (
            "pg_indexes WHERE indexname"
            if unit.connection.dialect.name == "postgresql"
            else "sqlite_master WHERE name"
        )
        there = unit.connection.execute(text(f"SELECT count(*) FROM {name} = 'ix_match_held_back'")).scalar_one()
    assert there == 1
