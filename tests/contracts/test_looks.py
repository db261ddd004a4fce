"""The rules of looks, on any database: asked for, allowed, recorded, shown once, timed; ways around are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update

from tests.contracts.test_jobs import another
from tests.reviewing import SCHEMES, Everything, Made, alike, match_of, person, referral_with
from tests.unit.triage.services.sealing import whole
from triage.domain.access import Action, Purpose
from triage.domain.claims import Claim
from triage.domain.decisions import Said
from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unreadable
from triage.domain.exposure import ExposurePolicy, Flagging
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import Outcome
from triage.domain.looks import Asked, Level, Reason
from triage.domain.people import Principal
from triage.domain.renditions import Rendition
from triage.domain.reports import FileMark
from triage.domain.review_rules import ReviewRules
from triage.domain.sources import ByteSource
from triage.services.claiming import Claiming
from triage.services.deciding import Deciding
from triage.services.gatekeeping import Gatekeeping
from triage.services.keeping import Keeping, sealed_row
from triage.services.revealing import Look, Revealing
from triage.store.intake_tables import report, reported_file, sender
from triage.store.review_tables import approval, claim, principal, viewing
from triage.store.tables import match, sealed_object, submission
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault

START = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
RULES = ReviewRules("scheme-a", 900, 600, frozenset(), second_reader_supersedes=False, sample_percent=3, edition="e")
POLICY = ExposurePolicy(
    day_seconds=1_000,
    hour_seconds=100,
    day_looks=50,
    hour_looks=6,
    break_after_seconds=90,
    break_minutes=10,
    shift_begins=time(6),
    shift_ends=time(16, 30),
    quiet_minutes=30,
    longest_look_seconds=60,
    token_seconds=60,
    flagged_day_seconds=40,
    flagged_day_looks=3,
    flagging=Flagging((FileMark.VIOLENCE,), ("violence",)),
    edition="e",
)
U = Outcome.UNKNOWN
ASKED = Asked(Reason.LEGAL_THRESHOLD, "", Level.REDUCED)
IN_WORDS = "The court asked for this one."
MADE = Rendition(b"a picture", 20, 10)


@dataclass
class Clock:
    """Moves when told."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Renderer:
    """Says what it was given; `before` sees the database at that moment."""

    answer: Rendition | ProcessingNote = MADE
    before: Callable[[], object] = lambda: None
    given: list[tuple[bytes, tuple[str, ...], bool]] = field(default_factory=list)

    def render(self, source: ByteSource, lines: tuple[str, ...], *, is_reduced: bool) -> Rendition | ProcessingNote:
        self.before()
        self.given.append((whole(source), lines, is_reduced))
        return self.answer


@dataclass
class Scene:
    """One person at work in one database."""

    store: Store
    vault: LocalVault
    clock: Clock
    renderer: Renderer
    permits: Everything
    who: Principal

    def revealing(self, store: Store | None = None, policy: ExposurePolicy = POLICY) -> Revealing:
        used = store or self.store
        gatekeeping = Gatekeeping(used, self.clock)
        return Revealing(
            used, self.permits, gatekeeping, Keeping(self.vault), self.renderer, policy, "scheme-a", self.clock
        )

    def referral(self, *outcomes: Outcome) -> Made:
        """In the person's hands, with bytes in the vault."""
        made = referral_with(self.store, "1", *outcomes)
        with self.vault.writer() as writer:
            rows = [{"item_id": one, **sealed_row(writer.seal([b"item %d" % one]))} for one in made.items]
            writer.sync()
        with self.store.writing() as unit:
            unit.connection.execute(insert(sealed_object), rows)
            unit.commit()
        self.hold(made)
        return made

    def hold(self, made: Made, who: Principal | None = None) -> Claim:
        return Claiming(self.store, Everything(), RULES, self.clock).take(who or self.who, made.id)

    def ask(self, made: Made, asked: Asked = ASKED, number: int = 0, override: int | None = None) -> Look:
        return self.revealing().ask(self.who, made.items[number], made.id, asked, override)

    def look(self, made: Made, asked: Asked = ASKED, number: int = 0, seconds: float = 0.0) -> None:
        """Ask, open, look for so long."""
        shown = self.revealing().open(self.ask(made, asked, number).token, self.who)
        self.clock.now += timedelta(seconds=seconds)
        self.revealing().end(self.who, shown.look_id, seconds)

    def log(self) -> list[str]:
        with self.store.reading() as unit:
            records = [one.event for one in unit.custody.records()]
        return [f"{one.actor} {one.action} {one.subject} {one.purpose}" for one in records if one]


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    keys = FileKeyProvider.create(tmp_path / "vault.key", evidence_exists=False)
    vault = LocalVault(tmp_path / "vault", keys)
    return Scene(store, vault, Clock(), Renderer(), Everything(), person(store, "ann"))


@pytest.fixture
def others(store: Store) -> Iterator[list[Store]]:
    opened = [another(store) for _ in range(4)]
    yield opened
    for one in opened:
        one.engine.dispose()


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(TriageError) as caught:
        act()
    return caught.value.code


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


ACCEPTED = replace(ASKED, accepts_flagged=True)


class TestFlagged:
    """What is flagged as violent: by choice alone, and capped apart from the rest."""

    def test_nobody_is_shown_it_unasked(self, scene: Scene) -> None:
        """Who says nothing is refused; whoever chooses it sees it, and the record says what it was."""
        made = scene.referral(U, U)
        mark(scene.store, made, 0)
        assert refused(lambda: scene.ask(made)) == "look-flagged"
        scene.ask(made, number=1)
        shown = scene.revealing().open(scene.ask(made, ACCEPTED).token, scene.who)
        with scene.store.reading() as unit:
            viewed = [one.event for one in unit.custody.records() if one.event][-1]
        assert (viewed.details["look"], viewed.details["of_flagged"]) == (shown.look_id, 1)

    @pytest.mark.parametrize("by", ["match", "match of another case", "look-alike"])
    def test_a_set_and_what_looks_alike_flag_as_well(self, scene: Scene, by: str) -> None:
        """Entries' tags in any case; a group is flagged when one of it is. A match that ended flags nothing."""
        made = scene.referral(U, U, U)
        alike(scene.store, made.items[0], made.items[1])
        entry = made.items[1] if by == "look-alike" else made.items[0]
        tags = ["VIOLENCE"] if by == "match of another case" else ["made up", "violence"]
        tagged(scene.store, entry, tags)
        assert refused(lambda: scene.ask(made)) == "look-flagged"
        assert scene.revealing().is_flagged(made.items[1])
        assert not scene.revealing().is_flagged(made.items[2])
        with scene.store.writing() as unit:
            unit.connection.execute(update(match).values(ended_at=START))
            unit.commit()
        scene.ask(made)

    def test_other_words_flag_nothing(self, scene: Scene) -> None:
        """A mark or a tag that only has the word in it, or another one."""
        made = scene.referral(U)
        mark(scene.store, made, 0, "meme")
        tagged(scene.store, made.items[0], ["no violence here", "violenc_"])
        scene.ask(made)

    def test_its_cap_is_its_own(self, scene: Scene) -> None:
        """Three a day here; the rest goes on, and the next day begins anew."""
        made = scene.referral(*[U] * 6)
        for number in range(4):
            mark(scene.store, made, number)
        for number in range(3):
            scene.look(made, ACCEPTED, number)
        assert refused(lambda: scene.ask(made, ACCEPTED, 3)) == "look-flagged-limit"
        scene.look(made, number=4)
        scene.clock.now += timedelta(hours=24)
        scene.hold(made)
        scene.ask(made, ACCEPTED, 3)

    def test_a_mark_that_is_taken_away_gives_nothing_back(self, scene: Scene) -> None:
        """What was flagged when it was looked at counts; a mark on what was seen before does not."""
        made = scene.referral(*[U] * 5)
        for number in range(4):
            mark(scene.store, made, number)
        for number in range(3):
            scene.look(made, ACCEPTED, number)
        with scene.store.writing() as unit:
            unit.connection.execute(
                update(reported_file).where(reported_file.c.item_id != made.items[3]).values(facts={"marks": []})
            )
            unit.commit()
        assert refused(lambda: scene.ask(made, ACCEPTED, 3)) == "look-flagged-limit"

    def test_another_person_can_override_it_once(self, scene: Scene) -> None:
        """As the rest of the time policy, on the record."""
        made = scene.referral(*[U] * 5)
        for number in range(5):
            mark(scene.store, made, number)
        for number in range(3):
            scene.look(made, ACCEPTED, number)
        override = scene.revealing().override(person(scene.store, "sue"), scene.who.id, "The court is waiting.")
        assert refused(lambda: scene.ask(made, ASKED, 3, override)) == "look-flagged"
        scene.revealing().open(scene.ask(made, ACCEPTED, 3, override).token, scene.who)
        assert refused(lambda: scene.ask(made, ACCEPTED, 4, override)) == "look-flagged-limit"

    def test_a_flag_that_comes_between_asking_and_opening_shuts_the_look(self, scene: Scene) -> None:
        """Nothing is shown, nothing is spent of the day; asked again, it is chosen and counted."""
        made = scene.referral(U)
        token = scene.ask(made).token
        mark(scene.store, made, 0)
        assert refused(lambda: scene.revealing().open(token, scene.who)) == "look-flagged"
        assert scene.renderer.given == []
        scene.revealing().open(scene.ask(made, ACCEPTED).token, scene.who)
        assert scene.revealing().time_left(scene.who).flagged_looks_left == POLICY.flagged_day_looks - 1

    def test_many_looks_at_once_do_not_outrun_its_cap(self, scene: Scene, others: list[Store]) -> None:
        """One is left; four ask and open at once, again and again."""
        made = scene.referral(*[U] * 8)
        for number in range(8):
            mark(scene.store, made, number)
        for number in range(2):
            scene.look(made, ACCEPTED, number)
        together = Barrier(4)

        def some(worker: int) -> list[str]:
            revealing, ended = scene.revealing(others[worker]), []
            for turn in range(3):
                together.wait(30)
                try:
                    item = made.items[2 + (worker + turn) % 6]
                    token = revealing.ask(scene.who, item, made.id, ACCEPTED).token
                    revealing.open(token, scene.who)
                    ended.append("shown")
                except TriageError as error:
                    ended.append(error.code)
            return ended

        with ThreadPoolExecutor(4) as pool:
            ended = [one for each in pool.map(some, range(4)) for one in each]
        assert ended.count("shown") == 1, ended
        assert len(scene.renderer.given) == POLICY.flagged_day_looks


def mark(store: Store, made: Made, number: int, word: str = "violence") -> None:
    """A finished report in which a sender marks the item so."""
    item_id = made.items[number]
    with store.writing() as unit:
        connection = unit.connection
        by = connection.execute(select(sender.c.id)).scalars().first()
        if by is None:
            row = {"name": "s", "kind": "provider", "country": "TH", "acquired_under": "", "may_share_with": []}
            row |= {"handling": [], "keeps_media": True, "created_at": START}
            by = connection.execute(insert(sender).values(row).returning(sender.c.id)).scalar_one()
        row = {"public_id": f"r{item_id}", "sender_id": by, "sandbox": False, "door": "api", "state": "finished"}
        row |= {"facts": {}, "opened_at": START, "changed_at": START}
        owner = connection.execute(insert(report).values(row).returning(report.c.id)).scalar_one()
        row = {"public_id": f"f{item_id}", "report_id": owner, "position": 0, "facts": {"marks": ["meme", word]}}
        connection.execute(insert(reported_file).values(row | {"viewed": "yes", "known": "", "item_id": item_id}))
        unit.commit()


def tagged(store: Store, item_id: int, tags: list[str]) -> None:
    """A set's entry with these tags matches the item."""
    match_of(store, item_id, "some")
    with store.writing() as unit:
        opinion = unit.connection.execute(select(match.c.opinion).where(match.c.item_id == item_id)).scalar_one()
        unit.connection.execute(
            update(match).where(match.c.item_id == item_id).values(opinion={**opinion, "tags": tags})
        )
        unit.commit()


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
