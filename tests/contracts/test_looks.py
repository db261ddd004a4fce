"""The rules of looks, on any database: asked for, allowed, recorded, shown once, timed; ways around are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update

from tests.contracts.looks import ASKED, IN_WORDS, MADE, POLICY, RULES, START, Scene, U
from tests.refusals import refused
from tests.reviewing import SCHEMES, Everything, alike, person, referral_with
from triage.domain.access import Action, Purpose
from triage.domain.decisions import Said
from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unreadable
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import Outcome
from triage.domain.looks import Level
from triage.services.deciding import Deciding
from triage.store.review_tables import approval, claim, principal, viewing
from triage.store.tables import submission
from triage.store.unit_of_work import Store


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    return Scene.over(store, tmp_path)


class TestOneLook:
    def test_it_is_on_the_record_before_a_byte_is_opened(self, scene: Scene) -> None:
        """Who, which item, why, which look; committed, so that a crash cannot take it back."""
        made = scene.referral(U)
        at_that_moment: list[list[str]] = []
        scene.renderer.before = lambda: at_that_moment.append(scene.log())
        shown = scene.revealing().open(scene.ask(made).token, scene.who)
        assert shown.rendition == MADE
        assert at_that_moment[0][-1] == f"ann viewed item:{made.items[0]} legal-threshold"
        ((data, lines, is_reduced),) = scene.renderer.given
        assert data == b"item %d" % made.items[0]
        assert lines == ("ann", "2026-03-16T09:45:00Z", f"look {shown.look_id}")
        assert is_reduced

    def test_asking_shows_nothing_and_opens_nothing(self, scene: Scene) -> None:
        """A token that is never used leaves no look."""
        scene.ask(scene.referral(U))
        assert scene.renderer.given == []
        assert scene.log() == []

    def test_the_policy_is_asked_with_the_purpose(self, scene: Scene) -> None:
        """An unknown item is a look, a known one is breaking glass."""
        made = scene.referral(U, Outcome.KNOWN)
        scene.ask(made)
        scene.ask(made, replace(ASKED, words=IN_WORDS), 1)
        assert [(one[1], one[2], one[3]) for one in scene.permits.asked] == [
            (Action.REVEAL, f"item:{made.items[0]}", Purpose.LEGAL_THRESHOLD),
            (Action.REVEAL_KNOWN, f"item:{made.items[1]}", Purpose.LEGAL_THRESHOLD),
        ]

    def test_what_cannot_be_rendered_counts_no_second(self, scene: Scene) -> None:
        """It was recorded, and nobody saw anything."""
        made = scene.referral(U)
        scene.renderer.answer = ProcessingNote(NoteCode.UNDECODABLE)
        look = scene.ask(made)
        with pytest.raises(Unreadable) as caught:
            scene.revealing().open(look.token, scene.who)
        assert caught.value.code == "undecodable"
        scene.clock.now += timedelta(seconds=50)
        assert scene.revealing().time_left(scene.who).day_seconds_left == POLICY.day_seconds

    def test_whoever_looked_is_told_what_becomes_of_it(self, scene: Scene) -> None:
        """Their work is remembered, also without a decision."""
        made = scene.referral(U)
        scene.look(made)
        with scene.store.reading() as unit:
            rows = unit.connection.exec_driver_sql("SELECT referral_id, principal_id FROM worked_on").all()
        assert [tuple(row) for row in rows] == [(made.id, scene.who.id)]


class TestTokens:
    def test_a_token_opens_once(self, scene: Scene) -> None:
        """Replayed it opens nothing, and the log has one look."""
        token = scene.ask(scene.referral(U)).token
        scene.revealing().open(token, scene.who)
        assert refused(lambda: scene.revealing().open(token, scene.who)) == "look-token"
        assert len(scene.renderer.given) == 1
        assert len(scene.log()) == 1

    def test_of_many_opens_at_once_exactly_one_shows(self, scene: Scene, others: list[Store]) -> None:
        """Over connections of their own."""
        made = scene.referral(U, U, U)
        together = Barrier(4)

        def open_(number: int, token: str) -> str:
            together.wait(30)
            try:
                scene.revealing(others[number]).open(token, scene.who)
            except Refused as error:
                return error.code
            return "shown"

        with ThreadPoolExecutor(4) as pool:
            for number in range(3):
                token = scene.ask(made, number=number).token
                ended = list(pool.map(open_, range(4), [token] * 4))
                assert sorted(ended) == ["look-token"] * 3 + ["shown"]
        assert len(scene.renderer.given) == 3

    @pytest.mark.parametrize("token", ["", "forged", "a" * 43, "\udcff", "'; DROP TABLE viewing; --"])
    def test_a_forged_token_opens_nothing(self, scene: Scene, token: str) -> None:
        """Whatever it is made of."""
        scene.ask(scene.referral(U))
        assert refused(lambda: scene.revealing().open(token, scene.who)) == "look-token"
        assert scene.renderer.given == []

    def test_anothers_token_opens_nothing_and_stays_whole(self, scene: Scene) -> None:
        """Its owner can still use it."""
        token = scene.ask(scene.referral(U)).token
        ben = person(scene.store, "ben")
        assert refused(lambda: scene.revealing().open(token, ben)) == "look-token"
        scene.revealing().open(token, scene.who)

    def test_a_token_ends(self, scene: Scene) -> None:
        """After a minute, and before it was given, by a clock set back."""
        made = scene.referral(U)
        for later in (60, -1):
            token = scene.ask(made).token
            scene.clock.now += timedelta(seconds=later)
            assert refused(lambda token=token: scene.revealing().open(token, scene.who)) == "look-token"
            scene.clock.now = START

    def test_the_database_holds_no_token(self, scene: Scene) -> None:
        """Whoever reads it can open nothing."""
        token = scene.ask(scene.referral(U)).token
        with scene.store.reading() as unit:
            (row,) = unit.connection.execute(select(viewing)).all()
        assert token not in str(tuple(row))
        assert token.encode() not in tuple(row)

    def test_a_person_has_one_look_in_hand(self, scene: Scene) -> None:
        """Asking for the next gives the one before up."""
        made = scene.referral(U, U)
        old = scene.ask(made).token
        scene.ask(made, number=1)
        assert refused(lambda: scene.revealing().open(old, scene.who)) == "look-token"


class TestStanding:
    def test_without_the_referral_in_hand_nothing_is_shown(self, scene: Scene) -> None:
        """Neither asked for nor opened: a claim can be lost in between."""
        made = scene.referral(U)
        look = scene.ask(made)
        with scene.store.writing() as unit:
            unit.connection.execute(update(claim).values(lease_until=0.0))
            unit.commit()
        assert refused(lambda: scene.revealing().open(look.token, scene.who)) == "claim-lost"
        assert refused(lambda: scene.ask(made)) == "claim-lost"
        assert scene.renderer.given == []
        assert scene.log() == []

    def test_an_item_of_elsewhere_is_not_there(self, scene: Scene) -> None:
        """Whether it exists or not."""
        made, elsewhere = scene.referral(U), referral_with(scene.store, "2", U)
        for item in (elsewhere.items[0], 999):
            with pytest.raises(NotFound):
                scene.revealing().ask(scene.who, item, made.id, ASKED)

    def test_the_legal_gate_is_asked_at_both_doors(self, scene: Scene) -> None:
        """What a provider reported and nobody opened is not rendered; nor when that became so in between."""
        made = scene.referral(U)
        look = scene.ask(made)
        with scene.store.writing() as unit:
            unit.connection.execute(update(submission).values(origin="provider"))
            unit.commit()
        assert refused(lambda: scene.revealing().open(look.token, scene.who)) == "gate-viewing-unknown"
        assert refused(lambda: scene.ask(made)) == "gate-viewing-unknown"
        assert scene.renderer.given == []
        assert scene.log() == [f"ann look-refused item:{made.items[0]} legal-gate"]


class TestGrounds:
    def test_full_comes_after_reduced(self, scene: Scene) -> None:
        """And only for who has seen that."""
        made = scene.referral(U)
        full = replace(ASKED, level=Level.FULL)
        assert refused(lambda: scene.ask(made, full)) == "look-reduced-first"
        scene.look(made)
        scene.look(made, full)
        assert [given[2] for given in scene.renderer.given] == [True, False]

    def test_the_representative_stands_for_its_group(self, scene: Scene) -> None:
        """Others wait for it, and then need words."""
        made = scene.referral(U, U, U)
        alike(scene.store, *made.items)
        assert refused(lambda: scene.ask(made, number=1)) == "look-representative-first"
        scene.look(made)
        assert refused(lambda: scene.ask(made, number=1)) == "look-words"
        scene.look(made, replace(ASKED, words=IN_WORDS), 1)

    def test_what_is_decided_needs_words(self, scene: Scene) -> None:
        """And is counted as a repeat."""
        made = scene.referral(U, U)
        deciding = Deciding(scene.store, Everything(), RULES, SCHEMES, scene.clock)
        deciding.decide(scene.who, scene.hold(made), made.items[:1], Said("some"))
        assert refused(lambda: scene.ask(made)) == "look-words"
        scene.look(made, replace(ASKED, words=IN_WORDS))
        with scene.store.reading() as unit:
            assert unit.connection.execute(select(viewing.c.of_decided)).scalars().all() == [True]

    @pytest.mark.parametrize("words", ["x" * 501, "a\x00b", "a\u202eb"])
    def test_words_are_bounded_and_plain(self, scene: Scene, words: str) -> None:
        """No control characters and no tricks of direction."""
        made = scene.referral(U)
        assert refused(lambda: scene.ask(made, replace(ASKED, words=words))) == "look-words"


class TestTime:
    def test_a_page_that_tells_less_than_nothing_counts_whole(self, scene: Scene) -> None:
        """As does one that tells more than has passed; nothing counts more than the longest look."""
        made = scene.referral(U)
        for told, passed, counted in (
            (-5.0, 20, 20),
            (1e9, 20, 20),
            (float("nan"), 20, 20),
            (5.0, 20, 5),
            (99, 500, 60),
        ):
            before = scene.revealing().time_left(scene.who).day_seconds_left
            shown = scene.revealing().open(scene.ask(made).token, scene.who)
            scene.clock.now += timedelta(seconds=passed)
            scene.revealing().end(scene.who, shown.look_id, told)
            scene.revealing().end(scene.who, shown.look_id, 0.0)
            assert before - scene.revealing().time_left(scene.who).day_seconds_left == counted
            scene.clock.now += timedelta(minutes=15)

    def test_a_page_that_tells_no_end_counts_until_the_next(self, scene: Scene) -> None:
        """Or as long as any look may."""
        made = scene.referral(U, U)
        scene.revealing().open(scene.ask(made).token, scene.who)
        scene.clock.now += timedelta(seconds=30)
        scene.ask(made, number=1)
        assert scene.revealing().time_left(scene.who).day_seconds_left == POLICY.day_seconds - 30

    def test_a_break_is_due_and_then_over(self, scene: Scene) -> None:
        """After ninety seconds of looking, ten minutes."""
        made = scene.referral(U)
        scene.look(made, seconds=45)
        scene.look(made, seconds=45)
        assert refused(lambda: scene.ask(made)) == "look-break-due"
        scene.clock.now += timedelta(minutes=10)
        scene.ask(made)

    def test_many_looks_at_once_do_not_outrun_the_limit(self, scene: Scene, others: list[Store]) -> None:
        """Two that are asked for at once would each find room for one more."""
        made = scene.referral(*[U] * 8)
        for number in range(5):
            scene.look(made, number=number)
        together = Barrier(4)

        def both(number: int) -> str:
            together.wait(30)
            revealing = scene.revealing(others[number])
            try:
                token = revealing.ask(scene.who, made.items[5 + number % 3], made.id, ASKED).token
                revealing.open(token, scene.who)
            except TriageError as error:
                return error.code
            return "shown"

        with ThreadPoolExecutor(4) as pool:
            ended = list(pool.map(both, range(4)))
        assert ended.count("shown") <= 1
        assert len(scene.renderer.given) <= POLICY.hour_looks

    def test_an_override_is_another_persons_recorded_and_of_one_look(self, scene: Scene) -> None:
        """Never automatic: a grant to this person, named by its number, used once."""
        made = scene.referral(U, U)
        scene.clock.now = START.replace(hour=16, minute=5)
        assert refused(lambda: scene.ask(made)) == "look-outside-shift"
        ben = person(scene.store, "ben")
        granted = scene.revealing().override(ben, scene.who.id, "A child may be in danger.")
        assert scene.log() == [f"ben noted person:{scene.who.id} exposure"]
        assert refused(lambda: scene.revealing().ask(ben, made.items[0], made.id, ASKED, granted)) == "claim-lost"
        scene.ask(made, override=granted)
        assert refused(lambda: scene.ask(made, number=1, override=granted)) == "look-outside-shift"

    def test_an_override_of_another_kind_or_person_is_none(self, scene: Scene) -> None:
        """Nor one that a person gave themselves, or that is over."""
        made = scene.referral(U)
        scene.clock.now = START.replace(hour=16, minute=5)
        ben = person(scene.store, "ben")
        fine = {
            "action": Action.OVERRIDE_TIME,
            "subject": f"person:{scene.who.id}",
            "reason": "r",
            "asked_by": scene.who.id,
            "asked_at": scene.clock.now,
            "answered_by": ben.id,
            "granted": True,
            "expires_at": scene.clock.now + timedelta(minutes=5),
        }
        wrong = (
            {"action": Action.REVEAL},
            {"subject": f"person:{ben.id}"},
            {"answered_by": scene.who.id},
            {"answered_by": None},
            {"granted": False},
            {"expires_at": scene.clock.now},
            {"used_at": scene.clock.now},
            {"asked_by": ben.id},
        )
        with scene.store.writing() as unit:
            ids = [
                unit.connection.execute(insert(approval).values(fine | one).returning(approval.c.id)).scalar_one()
                for one in (*wrong, {})
            ]
            unit.commit()
        for one in ids[:-1]:
            assert refused(lambda one=one: scene.ask(made, override=one)) == "look-outside-shift"
        scene.ask(made, override=ids[-1])

    def test_changing_the_time_zone_begins_no_new_day(self, scene: Scene) -> None:
        """A person who flies east at noon has looked as much as before."""
        policy = replace(POLICY, day_looks=1, hour_looks=9)
        made = scene.referral(U, U)
        scene.look(made)
        scene.clock.now += timedelta(hours=2)
        scene.hold(made)
        for zone in ("UTC", "Pacific/Honolulu", "Pacific/Kiritimati", "Asia/Bangkok"):
            mover = replace(scene.who, time_zone=zone)
            open_all_day = replace(policy, shift_begins=time(0), shift_ends=time(23, 59), quiet_minutes=0)
            asked = lambda mover=mover, rules=open_all_day: scene.revealing(policy=rules).ask(  # noqa: E731
                mover, made.items[1], made.id, ASKED
            )
            assert refused(asked) == "look-day-limit"

    def test_a_clock_that_was_set_back_gives_nothing(self, scene: Scene) -> None:
        """What lies ahead of the clock counts as seen."""
        made = scene.referral(U)
        for _ in range(6):
            scene.look(made)
        scene.clock.now -= timedelta(minutes=30)
        assert refused(lambda: scene.ask(made)) == "look-hour-limit"

    def test_an_unknown_time_zone_shows_nothing(self, scene: Scene) -> None:
        """Rather than everything."""
        made = scene.referral(U)
        for zone in ("Nowhere/Atlantis", "../../etc/passwd", ""):
            mover = replace(scene.who, time_zone=zone)
            with pytest.raises(Refused) as caught:
                scene.revealing().ask(mover, made.items[0], made.id, ASKED)
            assert caught.value.code == "time-zone"


def test_ends_are_ones_own(scene: Scene) -> None:
    """Nobody ends another's look, or one that was never shown."""
    made = scene.referral(U)
    look = scene.ask(made)
    with pytest.raises(NotFound):
        scene.revealing().end(scene.who, look.id, 1.0)
    scene.revealing().open(look.token, scene.who)
    with pytest.raises(NotFound):
        scene.revealing().end(person(scene.store, "ben"), look.id, 0.0)


def test_a_principal_that_is_not_there_gets_no_look(scene: Scene) -> None:
    """The row that is held is the person's."""
    made = scene.referral(U)
    ghost = replace(scene.who, id=scene.who.id + 1_000)
    with pytest.raises(Conflict):
        scene.revealing().ask(ghost, made.items[0], made.id, ASKED)
    with scene.store.reading() as unit:
        assert unit.connection.execute(select(principal.c.id)).scalars().all() == [scene.who.id]
