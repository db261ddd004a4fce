"""A report says what the database holds: no more, nothing twice, and only of its submission."""

from __future__ import annotations

from datetime import date

import pytest

from hashsets.disputes import DisputeKind
from hashsets.vocabulary import (
    Basis,
    Opinion,
    Profile,
    SetKind,
    Transform,
)
from tests.integration.reporting.scenes import Scene, at, events, taken
from triage.domain.errors import NotFound
from triage.domain.findings import (
    Camera,
    Place,
)
from triage.domain.items import ItemKind, Outcome
from triage.domain.links import near_fingerprint
from triage.domain.matches import Because, Standing
from triage.exporters.dossier import (
    ArchiveUse,
    CameraUse,
    Disagreement,
    LookAlikes,
    PlaceUse,
    SetMatches,
    Totals,
)
from triage.services.reporting import Reporting
from triage.store.unit_of_work import Store


def test_a_submission_that_does_not_exist_is_not_found_and_leaves_no_record(
    reporting: Reporting, store: Store
) -> None:
    """Neither a report nor a custody event."""
    for ask in (reporting.report, reporting.dossier):
        with pytest.raises(NotFound):
            ask(7)
    assert events(store) == []


def test_a_submission_without_items_gives_an_empty_report(reporting: Reporting, scene: Scene) -> None:
    """Nothing received, nothing in the log: every table is empty and the page is still made."""
    submission_id = scene.submission()
    dossier = reporting.dossier(submission_id)
    assert dossier.totals == Totals()
    assert (dossier.heading.submission, dossier.heading.checkpoint) == ("S-1", None)
    assert (dossier.matches, dossier.distances, dossier.look_alikes, dossier.cameras) == ((), {}, (), ())
    assert (dossier.places, dossier.archives, dossier.captured, dossier.referrals) == ((), (), {}, ())
    assert b"Nothing has been received" in reporting.report(submission_id)


def test_totals_tell_files_from_places_and_items(reporting: Reporting, scene: Scene) -> None:
    """One item in two files and an archive is three places, two files and one item; its bytes count once."""
    mine, other = scene.submission(), scene.submission()
    twice = scene.item(mine, size=10, outcome=Outcome.KNOWN)
    scene.find(mine, twice)
    archive = scene.item(mine, kind=ItemKind.CONTAINER, outcome=Outcome.CONTAINER, size=500)
    scene.find(mine, twice, parent=archive)
    scene.item(other, size=9_000)
    dossier = reporting.dossier(mine)
    assert dossier.totals == Totals(files=3, occurrences=4, items=2, bytes=510)
    assert dossier.outcomes == {Outcome.KNOWN: 1, Outcome.CONTAINER: 1}


def test_a_file_that_changed_between_two_readings_is_one_file(reporting: Reporting, scene: Scene) -> None:
    """Both contents are items; the path is the same."""
    mine = scene.submission()
    for _ in range(2):
        scene.find(mine, scene.item(), path=b"same")
    assert reporting.dossier(mine).totals == Totals(files=1, occurrences=2, items=2, bytes=20)


def test_matches_count_items_by_release_category_and_series(reporting: Reporting, scene: Scene) -> None:
    """Several digests of one item in one entry are one match; the other submission's items are left out."""
    mine, other = scene.submission(), scene.submission()
    first, second, third, elsewhere = scene.item(mine, other), scene.item(mine), scene.item(mine), scene.item(other)
    said = Opinion(category="1", series="Synthetic series A")
    for item_id in (first, second, elsewhere):
        for algorithm in ("md5", "sha1"):
            scene.match(item_id, algorithm=algorithm, opinion=said)
    scene.match(first, entry_key="entry-2", opinion=Opinion(category="2"))
    scene.near(third, "entry-3", 4, Transform.IDENTITY, "synthetic-a")
    scene.match(third, set_name="good", release_id="good.1", set_kind=SetKind.KNOWN_GOOD)
    assert set(reporting.dossier(mine).matches) == {
        SetMatches("synthetic-a", "synthetic-a.1", SetKind.KNOWN, "1", "Synthetic series A", exact=2),
        SetMatches("synthetic-a", "synthetic-a.1", SetKind.KNOWN, "2", None, exact=1),
        SetMatches("synthetic-a", "synthetic-a.1", SetKind.KNOWN, None, None, near=1),
        SetMatches("good", "good.1", SetKind.KNOWN_GOOD, None, None, exact=1),
    }


def test_the_nearest_match_of_each_item_and_set_counts(reporting: Reporting, scene: Scene) -> None:
    """Of equally near ones the simplest transform; exact matches have no distance to speak of."""
    mine, other = scene.submission(), scene.submission()
    item_id, second, elsewhere, exact = scene.item(mine), scene.item(mine), scene.item(other), scene.item(mine)
    scene.near(item_id, "far", 20, Transform.IDENTITY)
    scene.near(item_id, "turned", 6, Transform.ROTATE_90)
    scene.near(item_id, "mirrored", 6, Transform.FLIP_Y)
    scene.near(item_id, "other set", 11, Transform.FLIP_X, "b")
    scene.near(second, "far", 6, Transform.IDENTITY)
    scene.near(elsewhere, "far", 3, Transform.IDENTITY)
    scene.match(exact)
    dossier = reporting.dossier(mine)
    assert dossier.distances == {6: 2, 11: 1}
    assert dossier.transforms == {Transform.IDENTITY: 1, Transform.ROTATE_90: 1, Transform.FLIP_X: 1}


def test_matches_that_do_not_count_are_told_apart_from_those_that_do(reporting: Reporting, scene: Scene) -> None:
    """In the table of sets, in the reasons, and in no histogram."""
    mine = scene.submission()
    first, second = scene.item(mine), scene.item(mine)
    near = {"basis": Basis.NEAR, "algorithm": "pdq", "profile": Profile.PDQ_FULL, "distance": 3}
    little = Because.LITTLE_INFORMATION
    scene.match(first, standing=Standing.HELD_BACK, because=little, **near)
    scene.match(second, standing=Standing.NOTED, because="not-graded")
    scene.match(second, entry_key="entry-2", **near)
    dossier = reporting.dossier(mine)
    assert [(line.exact, line.near, line.without_effect) for line in dossier.matches] == [(0, 1, 2)]
    assert dossier.held_back == {little: 1}
    assert dossier.distances == {3: 1}


def test_sets_that_contradict_each_other_are_disagreements(reporting: Reporting, scene: Scene) -> None:
    """Of this submission's items, counted by who says what."""
    mine, other = scene.submission(), scene.submission()
    for item_id in (scene.item(mine), scene.item(mine), scene.item(other)):
        scene.match(item_id, opinion=Opinion("us:1"))
        scene.match(item_id, set_name="b", release_id="b.1", opinion=Opinion("us:2"))
    assert reporting.dossier(mine).disagreements == (
        Disagreement(
            DisputeKind.CATEGORIES_DIFFER,
            (("b", SetKind.KNOWN, "us:2"), ("synthetic-a", SetKind.KNOWN, "us:1")),
            2,
        ),
    )


def test_look_alikes_are_groups_of_two_or_more(reporting: Reporting, scene: Scene) -> None:
    """A group counts its items here, wherever its centre came from, and how far the farthest lies from it."""
    earlier, mine = scene.submission(), scene.submission()
    centre, foreign, single, alone = scene.item(mine), scene.item(earlier), scene.item(earlier), scene.item(mine)
    near, nearer, here, there, visitor = (scene.item(mine) for _ in range(5))
    distances = {(near, centre): 20, (nearer, centre): 4, (here, foreign): 9, (there, foreign): 0}
    with scene.unit() as unit:
        unit.links.assign([(one, one) for one in (centre, foreign, single, alone)])
        unit.links.assign([*distances, (visitor, single)])
        unit.links.add_links(
            [near_fingerprint(*pair, distance, Transform.IDENTITY) for pair, distance in distances.items()]
        )
        unit.links.add_links([near_fingerprint(visitor, single, 31, Transform.IDENTITY)])
    assert reporting.dossier(mine).look_alikes == (
        LookAlikes(f"G-{centre}", f"I-{centre}", 3, 20),
        LookAlikes(f"G-{foreign}", f"I-{foreign}", 2, 9),
    )


def test_cameras_have_their_first_and_last_time(reporting: Reporting, scene: Scene) -> None:
    """A body with a serial and one without are two; times are the cameras' own, absent where no item has one."""
    mine, other = scene.submission(), scene.submission()
    body, unnamed = Camera("SynthCam", "SC-12", "0047"), Camera("SynthCam", "SC-12")
    scene.item(mine, findings=taken(at(2026, 1, 2, 3, 4, 5), body))
    scene.item(mine, findings=taken(at(2026, 1, 2, 3, 4, 5, 250_000), body))
    scene.item(mine, findings=taken(None, body))
    scene.item(mine, findings=taken(None, unnamed))
    scene.item(other, findings=taken(at(2020, 1, 1), body))
    assert reporting.dossier(mine).cameras == (
        CameraUse("SynthCam", "SC-12", "0047", 3, at(2026, 1, 2, 3, 4, 5), at(2026, 1, 2, 3, 4, 5, 250_000)),
        CameraUse("SynthCam", "SC-12", None, 1),
    )


def test_places_gather_what_lies_within_a_hundred_metres(reporting: Reporting, scene: Scene) -> None:
    """South and west are as good as north and east, and nothing is just south of zero."""
    mine = scene.submission()
    for day, (latitude, longitude) in enumerate([(9.51401, 102.31302), (9.51441, 102.31311)], start=1):
        scene.item(mine, findings=taken(at(2026, 1, day), place=Place(latitude, longitude)))
    scene.item(mine, findings=taken(place=Place(-8.2064, -88.4408)))
    scene.item(mine, findings=taken(place=Place(-0.0001, 0.0001)))
    places = reporting.dossier(mine).places
    assert places[0] == PlaceUse(9.514, 102.313, 2, at(2026, 1, 1), at(2026, 1, 2))
    assert {(str(place.latitude), str(place.longitude)) for place in places[1:]} == {
        ("-8.206", "-88.441"),
        ("0.0", "0.0"),
    }


def test_times_are_counted_by_month(reporting: Reporting, scene: Scene) -> None:
    """Every item is in a month or among the undated; a clock that was never set is shown as it stands."""
    mine = scene.submission()
    for local in (at(2026, 1, 31, 23, 59, 59), at(2026, 1, 1), at(2026, 2, 1), at(1, 1, 1), None):
        scene.item(mine, findings=taken(local))
    scene.item(mine, outcome=Outcome.UNDECODABLE)
    dossier = reporting.dossier(mine)
    assert dossier.captured == {date(2026, 1, 1): 2, date(2026, 2, 1): 1, date(1, 1, 1): 1}
    assert dossier.undated == 2


def container(scene: Scene, *submissions: int, parent: int = 0) -> int:
    return scene.item(*submissions, kind=ItemKind.CONTAINER, outcome=Outcome.CONTAINER, parent=parent)


def test_archives_count_what_came_out_of_them_and_of_archives_within(reporting: Reporting, scene: Scene) -> None:
    """Distinct items: one that lies in both counts once. An archive out of which nothing came is still one."""
    mine = scene.submission()
    outer = container(scene, mine)
    inner = container(scene, mine, parent=outer)
    empty = container(scene, mine)
    both = scene.item(mine, parent=outer)
    scene.find(mine, both, parent=inner)
    scene.item(mine, parent=inner)
    scene.item(mine)
    assert reporting.dossier(mine).archives == (
        ArchiveUse(f"I-{outer}", 3),
        ArchiveUse(f"I-{inner}", 2),
        ArchiveUse(f"I-{empty}", 0),
    )


def test_an_archive_unfolded_in_another_submission_has_the_same_members(reporting: Reporting, scene: Scene) -> None:
    """The bytes are the same, so is what is inside; they were read once."""
    earlier, mine = scene.submission(), scene.submission()
    archive = container(scene, earlier, mine)
    scene.item(earlier, parent=archive)
    assert reporting.dossier(mine).archives == (ArchiveUse(f"I-{archive}", 1),)


def test_an_archive_that_holds_itself_comes_to_an_end(reporting: Reporting, scene: Scene) -> None:
    """Such files exist: they unfold to their own bytes."""
    mine = scene.submission()
    archive = container(scene, mine)
    scene.find(mine, archive, parent=archive)
    assert reporting.dossier(mine).archives == (ArchiveUse(f"I-{archive}", 1),)
