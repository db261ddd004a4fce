"""What is flagged as violent is shown by choice alone, and has a cap of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update

from tests.contracts.looks import ASKED, POLICY, START, Scene, U
from tests.refusals import refused
from tests.reviewing import Made, alike, match_of, person
from triage.domain.errors import TriageError
from triage.store.intake_tables import report, reported_file, sender
from triage.store.tables import match
from triage.store.unit_of_work import Store


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    return Scene.over(store, tmp_path)


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
