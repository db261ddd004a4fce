"""Linking a submission: shared values, look-alikes, thumbnails; the same whatever order things came in."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.triage.stored import ACTOR, NOW, Scene, examined, flipped, value
from triage.domain.errors import Conflict
from triage.domain.findings import Camera, CaptureTime, Examination, Findings, Place
from triage.domain.items import ItemKind, Outcome
from triage.domain.jobs import Stage
from triage.domain.links import LinkKind
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Answer
from triage.rule_files import load_link_rules
from triage.services.linking import Linking
from triage.services.look_alikes import LookAlikeMemory
from triage.settings import WorkSettings
from triage.store.unit_of_work import Store

POLICY = MatchPolicy("policy 1")
RULES = load_link_rules()
BODY = Camera("Acme", "One", "B-778812")


@dataclass
class Bench:
    """Linking with a memory of its own, as one process has."""

    linking: Linking
    scene: Scene

    def link(self, submission: int) -> None:
        self.linking.link(self.scene.lease(Stage.LINK, submission))

    def restarted(self) -> Bench:
        """Another process over the same database."""
        return Bench(replace(self.linking, memory=LookAlikeMemory()), self.scene)

    def with_rules(self, **most: int) -> Bench:
        """Other limits of what is too common."""
        limits = {**RULES.most_members, **{kind.replace("_", "-"): count for kind, count in most.items()}}
        return Bench(replace(self.linking, rules=replace(RULES, most_members=limits)), self.scene)

    def traits(self) -> list[tuple[object, ...]]:
        return self.scene.rows(
            "SELECT kind, members, group_concat(item_id) FROM trait JOIN trait_member ON trait_id = trait.id"
            " GROUP BY trait.id ORDER BY kind, trait.id"
        )

    def links(self) -> list[tuple[object, ...]]:
        return self.scene.rows("SELECT kind, from_item, to_item, distance FROM link ORDER BY kind, from_item")

    def centres(self) -> dict[object, object]:
        return {row[0]: row[1] for row in self.scene.rows("SELECT item_id, centre_id FROM look_alike")}


@pytest.fixture
def bench(store: Store, scene: Scene, work_settings: WorkSettings) -> Bench:
    linking = Linking(store, LookAlikeMemory(), POLICY, RULES, work_settings, lambda: NOW, ACTOR)
    return Bench(linking, scene)


def shot(seed: object, **findings: Any) -> Examination:
    """A picture like no other, with these facts."""
    return examined(value(seed), findings=Findings(**findings))


class TestValues:
    """What items share without being compared."""

    def test_items_of_one_body_share_it(self, bench: Bench, scene: Scene) -> None:
        """Known ones too: the body that made a known picture is worth knowing."""
        one = scene.submission()
        first = scene.item(one, seen=shot(1, camera=BODY))
        second = scene.item(one, seen=shot(2, camera=BODY), outcome=Outcome.KNOWN)
        scene.item(one, seen=shot(3, camera=Camera("Acme", "One")))
        bench.link(one)
        assert [(kind, members) for kind, members, _ in bench.traits()] == [("same-camera", 2)]
        held = scene.rows("SELECT item_id FROM trait_member ORDER BY item_id")
        assert held == [(first,), (second,)]

    def test_items_set_aside_link_nothing(self, bench: Bench, scene: Scene) -> None:
        """A harmless stock picture in every seizure would tie strangers together."""
        one = scene.submission()
        seen = examined(value("a"), findings=Findings(camera=BODY))
        scene.item(one, seen=seen, outcome=Outcome.KNOWN_GOOD)
        scene.item(one, seen=seen, outcome=Outcome.KNOWN_GOOD)
        bench.link(one)
        assert (bench.traits(), bench.links(), bench.centres()) == ([], [], {})

    def test_members_of_an_archive_share_it(self, bench: Bench, scene: Scene) -> None:
        """An item in two archives shares both."""
        one = scene.submission()
        archive = scene.item(one, kind=ItemKind.CONTAINER, outcome=Outcome.CONTAINER)
        members = [scene.item(one, parent=archive) for _ in range(2)]
        bench.link(one)
        assert bench.traits() == [("same-archive", 2, ",".join(map(str, members)))]

    def test_captures_near_in_place_and_time_share_a_cell(self, bench: Bench, scene: Scene) -> None:
        """Within the tolerances, always."""
        one = scene.submission()
        local = datetime(2026, 2, 1, 12)  # noqa: DTZ001 - a camera's wall clock
        for minutes in (0, 20):
            captured = CaptureTime(local + timedelta(minutes=minutes), 0)
            scene.item(one, seen=shot(minutes, captured=captured, place=Place(13.75, 100.5)))
        bench.link(one)
        assert any(members == 2 for kind, members, _ in bench.traits() if kind == "same-place-time")

    def test_a_value_that_becomes_too_common_is_looked_at_again_by_whoever_it_joined(
        self, bench: Bench, scene: Scene
    ) -> None:
        """Once, at the crossing; each of the others is owed a new referral, and this one gets its own anyway."""
        strict = bench.with_rules(same_camera=2)
        ids = [scene.submission() for _ in range(4)]
        for number, submission in enumerate(ids):
            scene.item(submission, seen=shot(number, camera=BODY))
            strict.link(submission)
        assert [job for job in scene.jobs() if job[0] == "refer"] == [
            ("refer", ids[0], ()),
            ("refer", ids[1], ()),
            ("refer", ids[2], ()),
            ("refer", ids[3], ()),
        ]
        with scene.store.writing() as unit:
            unit.connection.exec_driver_sql("UPDATE job SET state = 'done'")
            unit.commit()
        again = bench.with_rules(same_camera=5)
        for number in range(10, 12):
            submission = scene.submission()
            scene.item(submission, seen=shot(number, camera=BODY))
            again.link(submission)
        assert [job[1] for job in scene.jobs()] == [5, *ids, 6]


class TestLikeness:
    """Groups around centres."""

    def test_look_alikes_join_the_centre_that_came_first_by_content(self, bench: Bench, scene: Scene) -> None:
        """By content address, not by id: timing decides nothing."""
        one = scene.submission()
        items = [scene.item(one, seen=examined(flipped(value("a"), number))) for number in range(3)]
        bench.link(one)
        with scene.store.reading() as unit:
            by_content = sorted(unit.items.many(items), key=lambda item: item.digests.sha256)
        centre, *others = (item.id for item in by_content)
        assert bench.centres() == dict.fromkeys(items, centre)
        assert {(row[1], row[2]) for row in bench.links()} == {(other, centre) for other in others}

    def test_a_picture_of_little_information_is_like_nothing(self, bench: Bench, scene: Scene) -> None:
        """Two screens of one program would tie together all who have it."""
        one = scene.submission()
        screen = examined(value("screen"))
        assert screen.raster
        for concentration in (79, 80, 100):
            scene.item(one, seen=replace(screen, raster=replace(screen.raster, concentration=concentration)))
        bench.link(one)
        assert bench.centres() == {1: 1}

    def test_too_poor_a_picture_is_like_nothing(self, bench: Bench, scene: Scene) -> None:
        """Blank frames are alike everywhere."""
        one = scene.submission()
        for _ in range(2):
            scene.item(one, seen=examined(value("blank"), quality=49), outcome=Outcome.TOO_POOR)
        bench.link(one)
        assert bench.centres() == {}

    def test_a_later_submission_meets_earlier_ones(self, bench: Bench, scene: Scene) -> None:
        """Also in another process, whose memory catches up from the database."""
        one, two, three = scene.submission(), scene.submission(), scene.submission()
        centre = scene.item(one, seen=examined(value("a")))
        bench.link(one)
        second = scene.item(two, seen=examined(flipped(value("a"), 1)))
        bench.link(two)
        third = scene.item(three, seen=examined(flipped(value("a"), 2)))
        bench.restarted().link(three)
        assert bench.centres() == dict.fromkeys((centre, second, third), centre)

    def test_an_item_is_placed_once(self, bench: Bench, scene: Scene) -> None:
        """In a second submission it keeps its centre and adds no link."""
        one, two = scene.submission(), scene.submission()
        scene.item(one, two, seen=examined(value("a")))
        scene.item(one, two, seen=examined(flipped(value("a"), 1)))
        bench.link(one)
        before = bench.links(), bench.centres()
        bench.link(two)
        assert (bench.links(), bench.centres()) == before

    def test_a_thumbnail_that_disagrees_leads_to_the_picture_that_it_shows(self, bench: Bench, scene: Scene) -> None:
        """One that agrees says nothing new."""
        one = scene.submission()
        whole = scene.item(one, seen=examined(value("whole")))
        crop = scene.item(one, seen=examined(value("crop"), thumbnail=value("whole"), thumbnail_distance=51))
        scene.item(one, seen=examined(value("other"), thumbnail=value("whole"), thumbnail_distance=50))
        bench.link(one)
        assert bench.links() == [(LinkKind.THUMBNAIL_OF, crop, whole, 0)]


Facts = tuple[set[frozenset[str]], set[tuple[str, str, str]], set[tuple[str, frozenset[str]]]]


@pytest.fixture
def facts(scene: Scene) -> Callable[[], Facts]:
    """Groups, links and shared values, with items as their content: ids depend on the order, nothing else may."""

    def read() -> Facts:
        sha = {row[0]: str(row[1]) for row in scene.rows("SELECT id, hex(sha256) FROM item")}
        groups: dict[object, set[str]] = {}
        for item, centre in scene.rows("SELECT item_id, centre_id FROM look_alike"):
            groups.setdefault(centre, set()).add(sha[item])
        shared: dict[object, set[str]] = {}
        for trait, item in scene.rows("SELECT trait_id, item_id FROM trait_member"):
            shared.setdefault(trait, set()).add(sha[item])
        kinds = {row[0]: str(row[1]) for row in scene.rows("SELECT id, kind FROM trait")}
        return (
            {frozenset(group) for group in groups.values()},
            {
                (str(row[0]), sha[row[1]], sha[row[2]])
                for row in scene.rows("SELECT kind, from_item, to_item FROM link")
            },
            {(kinds[trait], frozenset(items)) for trait, items in shared.items()},
        )

    return read


def a_pile(seed: int) -> Sequence[tuple[str, Examination]]:
    """Forty pictures: a chain of likenesses, some of one body, some with thumbnails of others."""
    chance = random.Random(seed)
    pile = []
    for number in range(40):
        main = flipped(value("pile"), *range(chance.randrange(0, 160, 10)))
        body = Camera("Acme", "One", f"B-77881{number % 4}")
        small = flipped(value("pile"), *range(chance.randrange(0, 160, 10))) if number % 5 == 0 else None
        seen = examined(
            main, findings=Findings(camera=body), thumbnail=small, thumbnail_distance=99 if small else None
        )
        pile.append((f"picture {number}", seen))
    return pile


@pytest.mark.parametrize("seed", [1, 2])
def test_linking_is_the_same_in_whatever_order_items_were_received(
    bench: Bench, scene: Scene, facts: Callable[[], Facts], seed: int
) -> None:
    """Received backwards and linked by a process that starts anew, the same content gives the same facts."""
    one = scene.submission()
    for name, seen in a_pile(seed):
        scene.item(one, name=name, seen=seen)
    bench.link(one)
    expected = facts()
    with scene.store.writing() as unit:
        for table in ("link", "look_alike", "trait_member", "trait", "occurrence"):
            unit.connection.exec_driver_sql(f"DELETE FROM {table}")
        for table in ("fingerprint", "finding", "raster", "item"):
            unit.connection.exec_driver_sql(f"DELETE FROM {table}")
        unit.commit()
    two = scene.submission()
    for name, seen in reversed(a_pile(seed)):
        scene.item(two, name=name, seen=seen)
    bench.restarted().link(two)
    assert facts() == expected
    assert len(expected[0]) >= 3


class TestSettingAside:
    """An item becomes known good, or is so no longer, after it went through linking."""

    @staticmethod
    def answer(scene: Scene, item: int, outcome: Outcome) -> None:
        """As a re-match writes it."""
        with scene.store.writing() as unit:
            unit.items.set_outcomes({item: Answer(outcome, "")})
            unit.submissions.mark_unlinked([item])
            unit.commit()

    def test_its_links_go_and_come_back(self, bench: Bench, scene: Scene) -> None:
        """As if it had been known good from the start, and then never."""
        one = scene.submission()
        seen = [examined(flipped(value("a"), *range(bits)), findings=Findings(camera=BODY)) for bits in (0, 3)]
        items = [scene.item(one, seen=each) for each in seen]
        bench.link(one)
        before = bench.traits(), bench.links(), bench.centres()
        member = next(item for item, centre in bench.centres().items() if item != centre)
        self.answer(scene, int(str(member)), Outcome.KNOWN_GOOD)
        bench.link(one)
        (other,) = set(items) - {member}
        assert bench.traits() == [("same-camera", 1, str(other))]
        assert (bench.links(), bench.centres()) == ([], {other: other})
        self.answer(scene, int(str(member)), Outcome.UNKNOWN)
        bench.link(one)
        assert (bench.traits(), bench.links(), bench.centres()) == before

    def test_a_group_that_loses_its_centre_is_placed_anew(self, bench: Bench, scene: Scene) -> None:
        """In every submission that holds one of its members, by this process and by another."""
        one, two = scene.submission(), scene.submission()
        centre = scene.item(one, seen=examined(value("a")))
        bench.link(one)
        near = [scene.item(two, seen=examined(flipped(value("a"), *range(start, start + 20)))) for start in (0, 30)]
        bench.link(two)
        assert bench.centres() == dict.fromkeys([centre, *near], centre)
        other = bench.restarted()
        other.linking.memory.learn(_news(other))
        self.answer(scene, centre, Outcome.KNOWN_GOOD)
        bench.link(one)
        assert ("link", two, ()) in scene.jobs()
        other.link(two)
        assert bench.centres() == {item: item for item in near}
        assert bench.links() == []

    def test_an_answer_that_changes_while_its_batch_is_linked_counts(
        self, bench: Bench, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Or it would be linked for ever as what it is no longer."""
        one = scene.submission()
        item = scene.item(one, seen=examined(value("a")))
        compare, answer = Linking._compare, self.answer
        asked: list[Sequence[int]] = []

        def meanwhile(linking: Linking, batch: Sequence[int], facts: Any) -> Any:
            asked.append(batch)
            if len(asked) == 1:
                answer(scene, item, Outcome.KNOWN_GOOD)
            return compare(linking, batch, facts)

        monkeypatch.setattr(Linking, "_compare", meanwhile)
        bench.link(one)
        assert len(asked) == 2
        assert bench.centres() == {}


def _news(bench: Bench) -> Any:
    with bench.scene.store.reading() as unit:
        return bench.linking.memory.news(unit)


class TestTheJob:
    """Batches that each commit; the end in one more."""

    def test_linking_owes_referring_and_is_recorded(self, bench: Bench, scene: Scene) -> None:
        """Items and rules; then the job is done."""
        one = scene.submission()
        scene.item(one)
        bench.link(one)
        assert scene.jobs() == [("refer", one, ())]
        assert scene.jobs("done") == [("link", one, ())]
        with scene.store.reading() as unit:
            (record,) = unit.custody.records()
        assert record.event is not None
        assert dict(record.event.details) == {"items": "1", "links": 0, "taken_out": 0, "rules": RULES.edition}

    def test_a_submission_without_items_is_referred_too(self, bench: Bench, scene: Scene) -> None:
        """It was handed in."""
        one = scene.submission()
        bench.link(one)
        assert scene.jobs() == [("refer", one, ())]

    def test_linking_again_adds_nothing(self, bench: Bench, scene: Scene) -> None:
        """What is linked is not read again."""
        one = scene.submission()
        for name, seen in a_pile(3):
            scene.item(one, name=name, seen=seen)
        bench.link(one)
        before = bench.links(), bench.traits(), bench.centres(), scene.log()
        bench.link(one)
        assert (bench.links(), bench.traits(), bench.centres(), scene.log()) == before

    def test_whoever_lost_the_lease_writes_nothing(self, bench: Bench, scene: Scene) -> None:
        """Two that place items at once would make two centres of one."""
        one = scene.submission()
        scene.item(one, seen=examined(value("a")))
        job = scene.owe(Stage.LINK, one)
        lost = scene.claim(job, seconds=-1)
        scene.claim(job)
        with pytest.raises(Conflict):
            bench.linking.link(lost)
        assert bench.centres() == {}
        assert not bench.linking.memory.centres.items
