"""What the priority rules count: distinct items of the network, from facts that stages stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from hashsets.vocabulary import Basis, Opinion
from tests.unit.triage.stored import NOW, Scene, candidate, examined, value
from triage.domain.findings import Camera, CaptureTime, Findings, Place, Raster, Subject
from triage.domain.items import Outcome
from triage.domain.matches import Match, Standing
from triage.domain.referral_facts import ReferralFacts
from triage.store.referral_facts import count_facts
from triage.store.unit_of_work import Store

Count = Callable[..., ReferralFacts]


@pytest.fixture
def count(store: Store) -> Count:
    def counted(*submissions: int, now: datetime = NOW) -> ReferralFacts:
        with store.reading() as unit:
            return count_facts(unit.connection, submissions, now)

    return counted


def test_an_empty_network_counts_nothing(scene: Scene, count: Count) -> None:
    """Only that it is there."""
    assert count(scene.submission()) == ReferralFacts(distinct_submissions=1, distinct_cases=1)


def test_items_by_answer(scene: Scene, count: Count) -> None:
    """Containers, items set aside and items without an answer are not items of the referral."""
    one, two = scene.submission(), scene.submission(case="CASE-1")
    for outcome in (*Outcome, Outcome.KNOWN):
        scene.item(one, two, outcome=outcome)
    facts = count(one, two)
    assert (facts.known_exact, facts.near, facts.unknown) == (2, 1, 1)
    assert facts.items == 7  # 2 known, near, unknown, not examined, too poor, undecodable
    assert (facts.distinct_submissions, facts.distinct_cases) == (2, 1)


@pytest.mark.parametrize(
    ("standing", "categories"),
    [
        (Standing.DECIDES, {"1": 1}),
        (Standing.OUTRANKED, {"1": 1}),
        (Standing.HELD_BACK, {}),
        (Standing.NOTED, {}),
    ],
)
def test_matches_that_do_not_count_raise_nothing(
    store: Store, scene: Scene, count: Count, standing: Standing, categories: dict[str, int]
) -> None:
    """What was held back or only noted says nothing of a network."""
    one = scene.submission()
    found = Match(scene.item(one), Subject.MAIN, candidate(opinion=Opinion(category="1")), standing)
    with store.writing() as unit:
        unit.matches.add([found], unit.matches.comparison("p", "r"), NOW)
        unit.commit()
    assert count(one).known_categories == categories


def test_what_sources_say_of_exact_matches(store: Store, scene: Scene, count: Count) -> None:
    """Categories by item, identified victims, distinct entries; a near match gives its item no category."""
    one = scene.submission()
    items = [scene.item(one, outcome=Outcome.KNOWN) for _ in range(3)]
    matches = [
        candidate(entry="e1", opinion=Opinion(category="1", victim_identified=True)),
        candidate(entry="e2", opinion=Opinion(category="1", victim_identified=False)),
        candidate(entry="e2", basis=Basis.NEAR, opinion=Opinion(category="2")),
    ]
    with store.writing() as unit:
        found = [Match(item, Subject.MAIN, match) for item, match in zip(items, matches, strict=True)]
        found.append(Match(items[0], Subject.MAIN, candidate(entry="e1", set_name="b", opinion=matches[0].opinion)))
        unit.matches.add(found, unit.matches.comparison("p", "r"), NOW)
        unit.commit()
    facts = count(one)
    assert facts.known_categories == {"1": 2}
    assert facts.known_victims_identified == 1
    assert facts.distinct_known == 2


def test_an_open_series_counts_exact_and_near_matches(store: Store, scene: Scene, count: Count) -> None:
    """Only where a source says that the victim is not identified; silence is not "no"."""
    one = scene.submission()
    said = [
        candidate(opinion=Opinion(series="A", victim_identified=False)),
        candidate(basis=Basis.NEAR, opinion=Opinion(series="A", victim_identified=False)),
        candidate(opinion=Opinion(series="B", victim_identified=True)),
        candidate(opinion=Opinion(series="C")),
        candidate(opinion=Opinion(victim_identified=False)),
    ]
    with store.writing() as unit:
        unit.matches.add([], unit.matches.comparison("p", "r"), NOW)
        unit.commit()
    items = [scene.item(one) for _ in said]
    with store.writing() as unit:
        found = [Match(item, Subject.MAIN, one_said) for item, one_said in zip(items, said, strict=True)]
        unit.matches.add(found, 1, NOW)
        unit.commit()
    assert count(one).victims_unidentified_series == 2


def test_traces_of_a_camera_are_a_serial_a_maker_note_or_full_size(scene: Scene, count: Count) -> None:
    """Beside make and model, and on unmatched items only."""
    one = scene.submission()
    camera = Camera("Acme", "One")
    serial = replace(camera, serial="B-1234")
    large = examined(value("l"), findings=Findings(camera=camera))
    scene.item(one, seen=replace(large, raster=Raster("jpeg", 2500, 2000, "RGB")))
    scene.item(one, seen=examined(value("s"), findings=Findings(camera=serial)))
    scene.item(one, seen=examined(value("m"), findings=Findings(camera=camera, has_maker_note=True)))
    scene.item(one, seen=examined(value("n"), findings=Findings(camera=camera)))
    scene.item(one, seen=examined(value("o"), findings=Findings(has_maker_note=True)))
    scene.item(one, seen=examined(value("k"), findings=Findings(camera=serial)), outcome=Outcome.KNOWN)
    facts = count(one)
    assert facts.unknown_with_camera_traces == 3
    assert facts.camera_bodies_with_serial == 1


def test_bodies_and_places_are_counted_once_each(scene: Scene, count: Count) -> None:
    """A serial of another model is another body; positions within about a hundred metres are one place."""
    one = scene.submission()
    for number, model in enumerate(["One", "One", "Two"]):
        place = Place(13.75 + number * 0.0001, 100.5)
        found = Findings(camera=Camera("Acme", model, "B-1234"), place=place)
        scene.item(one, seen=examined(value(number), findings=found))
    scene.item(one, seen=examined(value("far"), findings=Findings(place=Place(-13.75, 100.5))))
    facts = count(one)
    assert (facts.camera_bodies_with_serial, facts.places) == (2, 2)


def test_pictures_of_the_last_thirty_days(scene: Scene, count: Count) -> None:
    """By the camera's own clock; a clock ahead by more than a day is wrong, not recent. What is known is not new."""
    one = scene.submission()
    local = NOW.replace(tzinfo=None)
    for days in (0, 29, 31, -1, -3):
        found = Findings(captured=CaptureTime(local - timedelta(days=days)))
        scene.item(one, seen=examined(value(days), findings=found))
    scene.item(one, seen=examined(value("n"), findings=Findings(captured=CaptureTime(local))), outcome=Outcome.NEAR)
    scene.item(one, seen=examined(value("k"), findings=Findings(captured=CaptureTime(local))), outcome=Outcome.KNOWN)
    assert count(one).captured_last_30_days == 4


def test_what_no_other_submission_has(scene: Scene, count: Count) -> None:
    """Inside the network does not count as elsewhere."""
    one, two, stranger = scene.submission(), scene.submission(), scene.submission()
    scene.item(one, two)
    scene.item(one, stranger)
    scene.item(two, outcome=Outcome.KNOWN)
    assert count(one, two).seen_nowhere_else == 1


def test_the_earliest_expiry_rules(scene: Scene, count: Count) -> None:
    """One submission without an end does not hide another's."""
    one, two = scene.submission(preserve_until=date(2026, 4, 2)), scene.submission(preserve_until=date(2026, 4, 1))
    assert count(one, two, scene.submission()).earliest_expiry == date(2026, 4, 1)
    assert count(scene.submission()).earliest_expiry is None
