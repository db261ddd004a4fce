"""Exposure is welfare data, figures are honest, samples are blind, and whoever worked on something hears of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from tests.contracts.decided import RULES, hold, over
from tests.refusals import refused
from tests.reviewing import Everything, looked, person, referral_with
from triage.domain.access import Action
from triage.domain.decisions import Said
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.items import Outcome
from triage.domain.outcomes import OutcomeCode
from triage.domain.people import Role
from triage.services.accessing import Accessing
from triage.services.exposing import Exposing
from triage.services.telling_outcomes import TellingOutcomes
from triage.store.review_tables import approval, retriage
from triage.store.tables import referral_event
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
U = Outcome.UNKNOWN


@pytest.fixture
def exposing(store: Store) -> Exposing:
    return Exposing(store, Everything(), RULES, lambda: NOW)


@pytest.fixture
def telling(store: Store) -> TellingOutcomes:
    return TellingOutcomes(store, Everything(), lambda: NOW)


class TestWhoSeesWhat:
    def test_a_person_sees_their_own_days_by_their_own_clock(self, store: Store, exposing: Exposing) -> None:
        """Both levels apart; 18:00 in Greenwich is tomorrow in Bangkok."""
        ann = person(store, "ann", time_zone="Asia/Bangkok")
        made = referral_with(store, "1", U)
        looked(store, ann, made, level="reduced", seconds=4, at=NOW)
        looked(store, ann, made, seconds=6, at=NOW.replace(hour=18) - timedelta(days=1))
        looked(store, ann, made, seconds=8, at=NOW - timedelta(days=40))
        (day,) = exposing.of_person(ann, ann.id).days
        assert (day.day.isoformat(), day.looks_reduced, day.looks_full) == ("2026-03-16", 1, 1)
        assert (day.seconds_reduced, day.seconds_full, day.seconds) == (4, 6, 10)

    def test_the_policy_keeps_managers_out_of_persons(self, store: Store) -> None:
        """By the real policy: oneself and the welfare lead; five people or no total."""
        exposing = Exposing(store, Accessing(store, lambda: NOW), RULES, lambda: NOW)
        people = [person(store, f"p{number}") for number in range(5)]
        manager = person(store, "boss", roles=frozenset({Role.SUPERVISOR}))
        welfare = person(store, "care", roles=frozenset({Role.WELFARE_LEAD}))
        made = referral_with(store, "1", U)
        for who in people[:4]:
            looked(store, who, made)
        assert exposing.of_person(people[0], people[0].id).days
        assert exposing.of_person(welfare, people[0].id).days
        assert refused(lambda: exposing.of_person(people[1], people[0].id)) == "only-their-own"
        assert refused(lambda: exposing.of_person(manager, people[0].id)) == "only-their-own"
        assert refused(lambda: exposing.of_everybody(manager)) == "role-lacks"
        assert refused(lambda: exposing.totals(manager)) == "too-few-people"
        looked(store, people[4], made, seconds=20)
        totals = exposing.totals(manager)
        assert (totals.people, totals.looks, totals.seconds, totals.median_seconds_per_person_day) == (5, 5, 60, 10)

    def test_the_welfare_page_is_in_the_order_of_names(self, store: Store, exposing: Exposing) -> None:
        """Whoever looked most stands where their name does."""
        people = [person(store, login) for login in ("zoe", "ann", "mia")]
        looked(store, people[0], referral_with(store, "1", U), seconds=99)
        assert [one.name for one in exposing.of_everybody(people[1])] == ["Ann", "Mia", "Zoe"]


class TestFigures:
    def test_every_figure_counts_what_it_says(self, store: Store, exposing: Exposing) -> None:
        """Views of 1,000 items, of known ones, repeats, looks that nothing allowed, and what closed without any."""
        ann, ben = person(store, "ann"), person(store, "ben")
        made = referral_with(store, "1", U, U, U, Outcome.KNOWN, Outcome.CONTAINER)
        over(store).decide(ann, hold(store, ann, made), made.items[:2], Said("some"))
        with store.writing() as unit:
            row = {
                "action": Action.REVEAL_KNOWN,
                "subject": "item:1",
                "reason": "r",
                "asked_by": ann.id,
                "asked_at": NOW,
                "expires_at": NOW,
                "answered_by": ben.id,
                "granted": True,
            }
            grant = unit.connection.execute(insert(approval).values(row).returning(approval.c.id)).scalar_one()
            unit.commit()
        looked(store, ann, made)
        looked(store, ann, made, of_decided=True)
        looked(store, ann, made, item=3, of_known=True, approval_id=grant)
        looked(store, ann, made, item=3, of_known=True)
        looked(store, ann, made, item=2, token_until=NOW - timedelta(seconds=1))
        looked(store, ann, made, item=2, shown_at=None)
        found = exposing.figures()
        counts = found.counts
        assert (counts.items, counts.views, counts.repeat_views, counts.views_without_look) == (4, 5, 1, 1)
        assert (counts.views_of_known, counts.views_of_known_seconded) == (2, 1)
        assert (counts.closed, counts.closed_without_view) == (3, 1)
        assert found.views_per_thousand_items == 1250
        assert found.repeat_share == 0.2

    def test_what_is_about_people_needs_five(self, store: Store, exposing: Exposing) -> None:
        """Four people's days say nothing here."""
        made = referral_with(store, "1", U)
        for number in range(5):
            assert exposing.figures().median_full_seconds_per_person_day is None
            looked(store, person(store, f"p{number}"), made, seconds=10.0 * number)
        found = exposing.figures()
        assert found.median_full_seconds_per_person_day == 20
        assert found.p95_full_seconds_per_person_day == 40

    def test_of_nothing_there_are_no_rates(self, exposing: Exposing) -> None:
        """None, and not nought."""
        found = exposing.figures()
        assert (found.views_per_thousand_items, found.repeat_share, found.missed_urgent_rate) == (None, None, None)

    def test_outcomes_within_thirty_days_of_the_end(
        self, store: Store, exposing: Exposing, telling: TellingOutcomes
    ) -> None:
        """Of what has ended; what was told late does not count."""
        ann = person(store, "ann")
        ended = [referral_with(store, "1", U) for _ in range(3)]
        for made in ended:
            over(store).decide(ann, hold(store, ann, made), made.items, Said("some"))
        telling.tell(ann, ended[0].id, OutcomeCode.CHILD_SAFE, "")
        telling.tell(ann, ended[1].id, OutcomeCode.CHILD_SAFE, "")
        with store.writing() as unit:
            unit.connection.execute(
                update(referral_event)
                .where(referral_event.c.referral_id == ended[1].id, referral_event.c.kind == "done")
                .values(at=NOW - timedelta(days=31))
            )
            unit.commit()
        counts = exposing.figures().counts
        assert (counts.referrals_ended, counts.told_within_30_days) == (3, 1)


class TestBlindSample:
    def test_some_of_the_low_queue_is_judged_again_by_others(self, store: Store, exposing: Exposing) -> None:
        """Never by who worked on it; its levels of before are kept and not told; once."""
        ann, ben = person(store, "ann"), person(store, "ben")
        made = referral_with(store, "1", U)
        referral_with(store, "0", U, danger=2)
        with store.writing() as unit:
            unit.claims.remember_work(made.id, ann.id, NOW)
            unit.commit()
        assert exposing.draw_sample() == 1
        assert exposing.draw_sample() == 0
        assert exposing.next_blind(ann) is None
        blind = exposing.next_blind(ben)
        assert blind is not None
        assert (blind.referral_id, set(blind.__dataclass_fields__)) == (made.id, {"draw_id", "referral_id"})
        with pytest.raises(Conflict):
            exposing.answer_blind(ann, blind, is_urgent=True)
        exposing.answer_blind(ben, blind, is_urgent=True)
        with pytest.raises(Conflict):
            exposing.answer_blind(ben, blind, is_urgent=False)
        found = exposing.figures()
        assert (found.counts.retriaged, found.missed_urgent_rate) == (1, 1.0)
        with store.reading() as unit:
            (row,) = unit.connection.execute(select(retriage)).all()
        assert row.was["danger"] == 0

    def test_the_share_is_that_of_the_rules(self, store: Store, exposing: Exposing) -> None:
        """Three of a hundred, rounded up."""
        for number in range(40):
            referral_with(store, str(number))
        assert exposing.draw_sample() == 2

    def test_no_miss_in_a_small_sample_says_little(self, store: Store, exposing: Exposing) -> None:
        """The upper bound stands beside the rate."""
        ben = person(store, "ben")
        referral_with(store, "1", U)
        exposing.draw_sample()
        blind = exposing.next_blind(ben)
        assert blind
        exposing.answer_blind(ben, blind, is_urgent=False)
        found = exposing.figures()
        assert found.missed_urgent_rate == 0
        assert found.missed_urgent_at_most
        assert found.missed_urgent_at_most > 0.5


class TestNotes:
    def test_everybody_who_worked_on_it_is_told_once(self, store: Store, telling: TellingOutcomes) -> None:
        """Also who worked on a referral that went on in it; and nobody else."""
        ann, ben, eve = (person(store, login) for login in ("ann", "ben", "eve"))
        made, before = referral_with(store, "1", U), referral_with(store, "2", U)
        over(store).decide(ann, hold(store, ann, made), made.items, Said("some"))
        with store.writing() as unit:
            unit.claims.remember_work(before.id, ben.id, NOW)
            unit.claims.remember_work(before.id, ann.id, NOW)
            unit.networks.merge(before.id, made.id, NOW)
            unit.commit()
        assert telling.tell(ann, made.id, OutcomeCode.CHILD_IDENTIFIED, "With thanks.") == 2
        assert [telling.unread(who) for who in (ann, ben, eve)] == [1, 1, 0]
        (note,) = telling.notes(ben)
        assert (note.outcome.code, note.outcome.words, note.read_at) == ("child-identified", "With thanks.", None)
        with pytest.raises(NotFound):
            telling.mark_read(ann, note.id)
        telling.mark_read(ben, note.id)
        with pytest.raises(NotFound):
            telling.mark_read(ben, note.id)
        assert telling.unread(ben) == 0

    def test_it_is_on_the_record_without_its_words(self, store: Store, telling: TellingOutcomes) -> None:
        """A code, and how many were told."""
        ann = person(store, "ann")
        made = referral_with(store, "1", U)
        telling.tell(ann, made.id, OutcomeCode.CONVICTION, "Words of a person.")
        with store.reading() as unit:
            (record,) = unit.custody.records()
        assert record.event
        assert (record.event.action, record.event.subject) == ("told", f"referral:{made.id}")
        assert "Words" not in str(dict(record.event.details))
        assert [one.code for one in telling.of_referral(ann, made.id)] == ["conviction"]

    def test_words_and_referrals_are_checked(self, store: Store, telling: TellingOutcomes) -> None:
        """Nothing is told of what is not there."""
        ann = person(store, "ann")
        made = referral_with(store, "1", U)
        with pytest.raises(Refused):
            telling.tell(ann, made.id, OutcomeCode.CLOSED, "x" * 501)
        with pytest.raises(NotFound):
            telling.tell(ann, 999, OutcomeCode.CLOSED, "")
