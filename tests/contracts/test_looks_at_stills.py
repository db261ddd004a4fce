"""Looks at what moves, on any database: one still a look, each with all that a look needs; none follows by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from tests.contracts.looks import ASKED, IN_WORDS, POLICY, Scene, U
from tests.refusals import refused
from tests.reviewing import Made, person
from triage.domain.access import Action
from triage.domain.items import ItemKind, Outcome
from triage.domain.looks import Level
from triage.domain.renditions import STILLS
from triage.store.review_tables import viewing
from triage.store.tables import item, provenance, raster
from triage.store.unit_of_work import Store


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    return Scene.over(store, tmp_path)


def moving(scene: Scene, outcome: Outcome = Outcome.TOO_POOR, also: Outcome | None = None) -> Made:
    """A referral in hand with a video, perhaps known, and perhaps a picture."""
    made = scene.referral(outcome, *([also] if also else []))
    with scene.store.writing() as unit:
        unit.connection.execute(update(item).where(item.c.id == made.items[0]).values(kind=ItemKind.VIDEO))
        unit.commit()
    return made


def shape(scene: Scene, item_id: int, format_name: str, frames: int) -> None:
    """What its examination wrote."""
    with scene.store.writing() as unit:
        tool = insert(provenance).values(tool=f"made up {item_id}").returning(provenance.c.id)
        values = {
            "item_id": item_id, "format": format_name, "width": 20, "height": 10, "mode": "RGB", "frames": frames,
            "provenance_id": unit.connection.execute(tool).scalar_one(),
        }  # fmt: skip
        unit.connection.execute(insert(raster).values(values))
        unit.commit()


def stored(scene: Scene) -> list[int | None]:
    with scene.store.reading() as unit:
        return list(unit.connection.execute(select(viewing.c.still).order_by(viewing.c.id)).scalars())


class TestWhichStill:
    def test_a_token_opens_the_still_that_was_asked_for_and_no_other(self, scene: Scene) -> None:
        """Whatever is asked for besides: one for the third shows the third, once."""
        made = moving(scene)
        third = scene.ask(made, replace(ASKED, still=3))
        assert (third.still, third.stills) == (3, STILLS)
        shown = scene.revealing().open(third.token, scene.who)
        assert scene.renderer.stills == [3]
        assert refused(lambda: scene.revealing().open(third.token, scene.who)) == "look-token"
        scene.revealing().end(scene.who, shown.look_id, 1.0)
        fourth = scene.ask(made, replace(ASKED, still=4))
        assert refused(lambda: scene.revealing().open(third.token, scene.who)) == "look-token"
        scene.revealing().open(fourth.token, scene.who)
        assert scene.renderer.stills == [3, 4]
        assert stored(scene) == [3, 4]

    def test_the_picture_says_which_still_it_is(self, scene: Scene) -> None:
        """All over it, beside who and when."""
        look = scene.ask(moving(scene), replace(ASKED, still=7))
        scene.revealing().open(look.token, scene.who)
        ((_, lines, _),) = scene.renderer.given
        assert lines == ("ann", "2026-03-16T09:45:00Z", f"look {look.id}", "still 7 of 9")

    def test_so_does_the_custody_record(self, scene: Scene) -> None:
        """Committed before a byte is opened; of what does not move it says none."""
        made = moving(scene, also=U)
        for number, asked in ((0, replace(ASKED, still=2)), (1, ASKED)):
            scene.look(made, asked, number)
        with scene.store.reading() as unit:
            events = [one.event for one in unit.custody.records() if one.event]
        assert [dict(one.details)["still"] for one in events if one.action == "viewed"] == [2, None]

    def test_without_a_number_it_is_the_middle_one(self, scene: Scene) -> None:
        """Not the first: many films begin in black."""
        assert scene.ask(moving(scene)).still == 5

    @pytest.mark.parametrize("still", [0, -1, STILLS + 1, 10**9])
    def test_a_number_that_it_has_not_is_refused(self, scene: Scene, still: int) -> None:
        """Nothing is rounded to one that it has."""
        made = moving(scene)
        assert refused(lambda: scene.ask(made, replace(ASKED, still=still))) == "look-still"

    def test_what_does_not_move_has_one_picture(self, scene: Scene) -> None:
        """And nothing is stored of a still."""
        made = scene.referral(U)
        shape(scene, made.items[0], "jpeg", 1)
        look = scene.ask(made)
        assert (look.still, look.stills) == (None, 1)
        assert refused(lambda: scene.ask(made, replace(ASKED, still=2))) == "look-still"
        scene.revealing().open(look.token, scene.who)
        assert scene.renderer.stills == [1]
        assert stored(scene) == [None]

    @pytest.mark.parametrize(
        ("format_name", "frames", "stills"),
        [("gif", 30, 9), ("webp", 4, 4), ("png", 2, 2), ("gif", 1, 1), ("tiff", 30, 1), ("heif", 3, 1)],
    )
    def test_an_animation_has_as_many_as_it_has_frames(
        self, scene: Scene, format_name: str, frames: int, stills: int
    ) -> None:
        """Nine at most; the pages of a file do not move."""
        made = scene.referral(U)
        shape(scene, made.items[0], format_name, frames)
        assert scene.ask(made).stills == stills


class TestEachIsALook:
    def test_each_counts_in_looks_and_seconds(self, scene: Scene) -> None:
        """Six looks an hour are six stills, of one video or of six."""
        made = moving(scene)
        for still in range(1, POLICY.hour_looks + 1):
            scene.look(made, replace(ASKED, still=still), seconds=5)
        left = scene.revealing().time_left(scene.who)
        assert left.day_looks_left == POLICY.day_looks - POLICY.hour_looks
        assert left.day_seconds_left == POLICY.day_seconds - 5 * POLICY.hour_looks
        assert refused(lambda: scene.ask(made, replace(ASKED, still=9))) == "look-hour-limit"

    def test_each_is_shown_reduced_first(self, scene: Scene) -> None:
        """That one still was seen reduced says nothing of the next."""
        made = moving(scene)
        scene.look(made, replace(ASKED, still=3))
        full = replace(ASKED, level=Level.FULL)
        assert refused(lambda: scene.ask(made, replace(full, still=4))) == "look-reduced-first"
        assert scene.ask(made, replace(full, still=3)).still == 3

    def test_each_look_at_what_is_known_uses_a_second_person_up(self, scene: Scene) -> None:
        """The policy is asked for every still; so a grant for one is none for the next."""
        made = moving(scene, Outcome.KNOWN)
        for still in (1, 2):
            scene.ask(made, replace(ASKED, still=still, words=IN_WORDS))
        assert [one[1] for one in scene.permits.asked] == [Action.REVEAL_KNOWN] * 2

    def test_one_token_in_hand(self, scene: Scene) -> None:
        """Asking for nine at once leaves one that opens."""
        made = moving(scene)
        tokens = [scene.ask(made, replace(ASKED, still=still)).token for still in range(1, STILLS + 1)]
        for token in tokens[:-1]:
            assert refused(lambda token=token: scene.revealing().open(token, scene.who)) == "look-token"
        scene.revealing().open(tokens[-1], scene.who)
        assert scene.renderer.stills == [9]

    def test_another_person_opens_nothing(self, scene: Scene) -> None:
        """As of any look."""
        look = scene.ask(moving(scene), replace(ASKED, still=3))
        other = person(scene.store, "ben")
        assert refused(lambda: scene.revealing().open(look.token, other)) == "look-token"
        assert scene.renderer.stills == []
