"""A report says what the database holds: no more, nothing twice, and only of its submission."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hashsets.algorithms.digests import Digests
from hashsets.disputes import DisputeKind
from hashsets.library import Library
from hashsets.vocabulary import (
    Basis,
    Candidate,
    Fingerprint,
    FingerprintAlgorithm,
    Opinion,
    Profile,
    SetKind,
    Transform,
)
from tests.unit.triage.reported import LEGAL, VIEWED, Desk, account, subject
from triage.domain.checkpoints import verify
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import NotFound, Refused, Tampered
from triage.domain.findings import (
    Camera,
    CaptureTime,
    Examination,
    Findings,
    NoteCode,
    Place,
    ProcessingNote,
    Raster,
    Subject,
    TakenFingerprint,
)
from triage.domain.items import ItemKind, Outcome
from triage.domain.links import LinkKind, Strength, Trait, near_fingerprint
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Answer, Because, Match, Standing
from triage.domain.networks import join_between
from triage.domain.priority import Assessment, Axis, Reason
from triage.domain.reports import FileFacts, FileMark, Viewed
from triage.domain.retention import HolderKind
from triage.domain.submissions import Delivery, Found, Submission, SubmissionState
from triage.exporters.dossier import (
    ArchiveUse,
    CameraUse,
    Disagreement,
    LookAlikes,
    PlaceUse,
    ReferralSummary,
    SetMatches,
    Totals,
)
from triage.services.reporting import Reporting
from triage.settings import load_link_rules
from triage.store.dossier_facts import MOST_ROWS
from triage.store.items import NewItem
from triage.store.tables import custody_checkpoint
from triage.store.unit_of_work import Store, Unit

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
RULES = replace(
    load_link_rules(),
    most_members={LinkKind.SAME_CAMERA.value: 2, LinkKind.SAME_PLACE_TIME.value: 2, LinkKind.SAME_ARCHIVE.value: 2},
)
ASSESSMENT = Assessment(
    danger=3,
    solvability=1,
    network=0,
    clock=0,
    reasons=(
        Reason(Axis.DANGER, 3, "camera-originals", "4 unmatched items carry traces of the camera that made them"),
        Reason(Axis.DANGER, 2, "jokes", "The reporter marked 3 items as circulating jokes", lowers=True),
        Reason(Axis.SOLVABILITY, 1, "serial", "One camera body with a serial"),
    ),
    sort_key="0320-9999999-999999995-999999990",
    edition="2026-11-22",
)


@dataclass
class Scene:
    """Small facts written through the store's own classes, as the stages would."""

    store: Store
    items: int = 0
    places: int = 0
    opened: list[Submission] = field(default_factory=list)

    def submission(self, case_ref: str = "SYNTH-1", preserve_until: date | None = None) -> int:
        delivery = Delivery(
            case_ref,
            f"EXH-{len(self.opened)}",
            "Synthetic warrant 1/2026",
            b"/synthetic",
            preserve_until=preserve_until,
        )
        with self.unit() as unit:
            self.opened.append(unit.submissions.open(delivery, NOW))
            unit.submissions.set_state(self.opened[-1].id, SubmissionState.RECEIVED, NOW)
        return self.opened[-1].id

    def item(
        self,
        *submissions: int,
        outcome: Outcome = Outcome.UNKNOWN,
        kind: ItemKind = ItemKind.RASTER,
        size: int = 10,
        parent: int = 0,
        findings: Findings | None = None,
        tool: str = "decoder 1",
    ) -> int:
        """A new item, found once in each of the submissions, examined when there are findings."""
        self.items += 1
        seed = self.items.to_bytes(4, "big")
        digests = Digests(hashlib.md5(seed).digest(), hashlib.sha1(seed).digest(), hashlib.sha256(seed).digest())
        with self.unit() as unit:
            item_id = unit.items.add([NewItem(digests, size, kind, 0)], NOW).ids[digests.sha256]
            unit.items.set_outcomes({item_id: Answer(outcome, "")})
            if findings is not None:
                taken = Fingerprint(FingerprintAlgorithm.DHASH, Profile.IMAGEHASH, bytes(8))
                unit.examinations.add(
                    {
                        item_id: Examination(
                            Raster("png", 8, 8, "RGB"),
                            (TakenFingerprint(Subject.MAIN, taken),),
                            findings,
                            tool=tool,
                        )
                    }
                )
        for submission_id in submissions:
            self.find(submission_id, item_id, parent=parent, size=size)
        return item_id

    def find(
        self, submission_id: int, item_id: int, *, parent: int = 0, path: bytes | None = None, size: int = 10
    ) -> None:
        self.places += 1
        place = Found(path or f"file-{self.places}".encode(), size, self.places, parent)
        with self.unit() as unit:
            unit.submissions.add_occurrences(submission_id, [(item_id, place)])

    def match(
        self, item_id: int, *, standing: Standing = Standing.DECIDES, because: str = "", **facts: object
    ) -> None:
        candidate = Candidate(
            query=0,
            set_name="synthetic-a",
            set_kind=SetKind.KNOWN,
            release_id="synthetic-a.1",
            entry_key="entry-1",
            basis=Basis.EXACT,
            algorithm="md5",
            profile=None,
            distance=0,
            transform=Transform.IDENTITY,
            opinion=Opinion(),
        )
        with self.unit() as unit:
            said = replace(candidate, **facts)  # type: ignore[arg-type]  # the test names the fields
            found = Match(item_id, Subject.MAIN, said, standing, because)
            unit.matches.add([found], unit.matches.comparison("1", found.candidate.release_id), NOW)

    def near(self, item_id: int, entry_key: str, distance: int, transform: Transform, set_name: str = "a") -> None:
        self.match(
            item_id,
            set_name=set_name,
            entry_key=entry_key,
            basis=Basis.NEAR,
            algorithm="pdq",
            profile=Profile.PDQ_FULL,
            distance=distance,
            transform=transform,
        )

    def refer(self, *submissions: int) -> int:
        with self.unit() as unit:
            referral_id = unit.networks.open_referral(NOW)
            unit.networks.place(submissions, referral_id, NOW)
            unit.networks.assess(referral_id, ASSESSMENT, NOW)
        return referral_id

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One committed write."""
        with self.store.writing() as unit:
            yield unit
            unit.commit()


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.open(tmp_path / "hashsets", now=lambda: NOW)


@pytest.fixture
def reporting(store: Store, library: Library) -> Reporting:
    return Reporting(store, library, MatchPolicy("2026-11-22"), RULES, lambda: NOW, "tester", "0.1.0")


def taken(local: datetime | None = None, camera: Camera | None = None, place: Place | None = None) -> Findings:
    return Findings(camera=camera, captured=CaptureTime(local) if local else None, place=place)


def events(store: Store) -> list[CustodyEvent]:
    with store.reading() as unit:
        return [record.event for record in unit.custody.records() if record.event]


def at(*when: int) -> datetime:
    """A camera's wall clock."""
    return datetime(*when)  # type: ignore[arg-type]  # noqa: DTZ001  # no zone: a camera has none


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


def test_notes_on_items_and_at_the_source_are_counted_together(reporting: Reporting, scene: Scene) -> None:
    """By code; the other submission's are not ours."""
    mine, other = scene.submission(), scene.submission()
    first, second, elsewhere = scene.item(mine), scene.item(mine), scene.item(other)
    with scene.unit() as unit:
        noted = [(first, "truncated", ""), (first, "low-quality", ""), (second, "truncated", "")]
        unit.items.add_notes("examine", [*noted, (elsewhere, "truncated", "")])
        problems = [(b"a", NoteCode.SOURCE_CHANGED), (b"b", NoteCode.LINK_NOT_FOLLOWED), (b"c", NoteCode.TRUNCATED)]
        unit.submissions.add_source_notes(mine, [(path, ProcessingNote(code)) for path, code in problems], NOW)
        unit.submissions.add_source_notes(other, [(b"d", ProcessingNote(NoteCode.SPECIAL_FILE))], NOW)
    assert reporting.dossier(mine).notes == {
        NoteCode.TRUNCATED: 3,
        NoteCode.LOW_QUALITY: 1,
        NoteCode.SOURCE_CHANGED: 1,
        NoteCode.LINK_NOT_FOLLOWED: 1,
    }


def test_the_method_names_the_programs_that_read_these_items(reporting: Reporting, scene: Scene) -> None:
    """Each once; those that read only another submission are not named."""
    mine, other = scene.submission(), scene.submission()
    for tool in ("decoder 2", "decoder 1", "decoder 1"):
        scene.item(mine, findings=Findings(), tool=tool)
    scene.item(other, findings=Findings(), tool="decoder 3")
    assert sorted(reporting.dossier(mine).method.tools) == ["decoder 1", "decoder 2"]


def test_the_method_names_the_releases_that_were_asked(
    reporting: Reporting, scene: Scene, library: Library, tmp_path: Path
) -> None:
    """A release imported after matching was not asked, though it is in force; a replaced one was."""
    imported = []
    for number, name in enumerate(["replaced and matched", "replaced", "replaced and matched", "replaced"]):
        path = tmp_path / f"{number}.txt"
        path.write_text(hashlib.sha256(number.to_bytes(4, "big")).hexdigest() + "\n")
        report = library.import_file(path, name=name, kind=SetKind.KNOWN, source="made up")
        imported.append(report.release.release_id)
    mine = scene.submission()
    item_id = scene.item(mine)
    with scene.unit() as unit:
        asked = unit.matches.comparison("1", f"{imported[0]}+{imported[1]}")
        unit.items.set_outcomes({item_id: Answer(Outcome.UNKNOWN, "")}, asked)
    releases = reporting.dossier(mine).method.releases
    assert {release.release_id for release in releases} == {imported[0], imported[1]}
    assert {(release.source, release.entries, release.imported_at) for release in releases} == {("made up", 1, NOW)}


def test_a_referral_is_shown_as_it_was_assessed(reporting: Reporting, scene: Scene) -> None:
    """Reasons, edition and all: what the queue was ordered by is what the report explains."""
    expiry = date(2026, 6, 10)
    mine, other, stranger = scene.submission(preserve_until=expiry), scene.submission(), scene.submission()
    scene.item(mine, other)
    scene.item(other)
    scene.item(stranger)
    referral_id = scene.refer(mine, other)
    scene.refer(stranger)
    with scene.unit() as unit:
        unit.networks.change_joins(
            [
                join_between(other, mine, "same-case", "Both carry the same case reference"),
                join_between(mine, other, "same-camera", "1 camera body in both"),
                join_between(mine, stranger, "same-camera", "1 camera body in both"),
            ],
            [],
            NOW,
        )
        unit.networks.change_joins([], [join_between(mine, other, "same-camera", "")], NOW)
    assert reporting.dossier(mine).referrals == (
        ReferralSummary(
            label=f"R-{referral_id}",
            assessment=ASSESSMENT,
            submissions=(f"S-{mine}", f"S-{other}"),
            items=2,
            earliest_expiry=expiry,
            joined_because=(f"S-{mine} and S-{other}: Both carry the same case reference",),
        ),
    )


def test_a_referral_names_the_values_too_common_to_link(reporting: Reporting, scene: Scene) -> None:
    """A body shared by more items than its kind may have, held in this network; members count everywhere."""
    mine, other, stranger = scene.submission(), scene.submission(), scene.submission()
    scene.refer(mine, other)
    common = Trait(LinkKind.SAME_CAMERA, "common", Strength.STRONG, "Same camera body: COMMON")
    rare = Trait(LinkKind.SAME_CAMERA, "rare", Strength.STRONG, "Same camera body: RARE")
    foreign = Trait(LinkKind.SAME_ARCHIVE, "9", Strength.WEAK, "In the same archive, item 9")
    held = {scene.item(other): [common, rare], scene.item(other): [rare]}
    held |= {scene.item(stranger): [common, foreign] for _ in range(3)}
    with scene.unit() as unit:
        unit.links.add_traits(held, too_common=2)
    (referral,) = reporting.dossier(mine).referrals
    assert referral.links_nothing == ("Same camera body: COMMON. Shared by 4 items, more than 2: too common to link",)


def test_a_long_table_keeps_its_largest_rows(reporting: Reporting, scene: Scene) -> None:
    """Memory and page stay bounded; the row with two items is among those that stay."""
    mine = scene.submission()
    scene.item(mine, findings=taken(camera=Camera("SynthCam", "zz")))
    with scene.unit() as unit:
        new = [_new_item(number) for number in range(MOST_ROWS + 1)]
        ids = list(unit.items.add(new, NOW).ids.values())
        found = {one: taken(camera=Camera("SynthCam", f"{number:05}")) for number, one in enumerate(ids)}
        found[ids[-1]] = taken(camera=Camera("SynthCam", "zz"))
        unit.examinations.add(
            {one: Examination(Raster("png", 8, 8, "RGB"), (), facts, tool="t") for one, facts in found.items()}
        )
        unit.submissions.add_occurrences(mine, [(one, Found(str(one).encode(), 1, 1)) for one in ids])
    cameras = reporting.dossier(mine).cameras
    assert len(cameras) == MOST_ROWS
    assert (cameras[0].model, cameras[0].items) == ("zz", 2)
    assert [camera.model for camera in cameras[1:3]] == ["00000", "00001"]


def test_a_report_is_recorded_with_its_digest(reporting: Reporting, scene: Scene, store: Store) -> None:
    """Who, when, which submission, and the SHA-256 by which a page can be recognised later."""
    mine = scene.submission()
    page = reporting.report(mine)
    (event,) = events(store)
    assert (event.action, event.subject, event.actor) == (CustodyAction.REPORTED, f"submission:{mine}", "tester")
    assert event.at == NOW
    assert dict(event.details) == {
        "report_sha256": hashlib.sha256(page).hexdigest(),
        "bytes": len(page),
        "log_size": 0,
    }


def test_a_report_shows_the_log_of_before(reporting: Reporting, scene: Scene, store: Store) -> None:
    """The checkpoint is the one that the report's own record was appended to."""
    mine = scene.submission()
    reporting.report(mine)
    with store.reading() as unit:
        before = verify(unit.custody.head()[1], store.signer.verifier)
    page = reporting.report(mine)
    assert before.size == 1
    assert before.root.hex().encode() in page
    assert events(store)[-1].details["log_size"] == 1
    with store.reading() as unit:
        assert unit.custody.head()[0] == 2


def test_a_report_leaves_the_house_only_for_whom_its_sender_named(reporting: Reporting, store: Store) -> None:
    """In any spelling; for anybody else nothing is made, and nothing recorded. The record names the receiver."""
    mine = Desk(store, legal=replace(LEGAL, may_share_with=("TH", "Agency One"))).report()
    for stranger in ("LA", "T", "Agency"):
        with pytest.raises(Refused) as refused:
            reporting.report(mine, stranger)
        assert refused.value.code == "may-not-share"
    assert events(store) == []
    assert b"made for" in reporting.report(mine, "agency one ")
    assert events(store)[-1].details["receiver"] == "agency one "


def test_what_nobody_named_a_receiver_for_is_shared_with_nobody(reporting: Reporting, scene: Scene) -> None:
    """A seizure whose terms were not stated stays in the house; within it the page is made as ever."""
    mine = scene.submission()
    with pytest.raises(Refused):
        reporting.report(mine, "TH")
    assert b"May be shared with" in reporting.report(mine)


def test_a_dossier_counts_what_its_report_says(reporting: Reporting, store: Store) -> None:
    """And which of its items are not to be rendered; no identifier comes with it."""
    told = FileFacts(viewed=Viewed.NO, classification="ncmec:A1", marks=(FileMark.MEME,))
    mine = Desk(store).report(subject(account("private name")), files=[("a", told), ("b", VIEWED)], escalated=True)
    dossier = reporting.dossier(mine)
    assert dossier.do_not_render == 1
    assert dossier.reported is not None
    assert dossier.reported.viewed == {Viewed.YES: 1, Viewed.NO: 1, Viewed.UNKNOWN: 0}
    assert (dossier.reported.files, dossier.reported.classifications) == (2, {"ncmec:A1": 1})
    assert dossier.reported.marks == {FileMark.MEME: 1}
    assert (dossier.reported.facts["accounts"], dossier.reported.facts["reporter_escalated"]) == (1, 1)
    assert dossier.preservation == {HolderKind.REPORT_CONTENT: 1}
    assert dossier.preserve_until == NOW.date() + timedelta(days=365)
    assert b"private name" not in reporting.report(mine)


def test_reading_a_dossier_records_nothing(reporting: Reporting, scene: Scene, store: Store) -> None:
    """Only a report that is handed out is a report."""
    reporting.dossier(scene.submission())
    assert events(store) == []


def test_a_checkpoint_that_is_not_ours_is_never_printed(reporting: Reporting, scene: Scene, store: Store) -> None:
    """Nor is anything recorded: the line stops."""
    mine = scene.submission()
    reporting.report(mine)
    with scene.unit() as unit:
        note = unit.custody.head()[1]
        unit.connection.execute(update(custody_checkpoint).values(note=note.replace("\n1\n", "\n2\n")))
    with pytest.raises(Tampered):
        reporting.report(mine)
    assert len(events(store)) == 1


def _new_item(number: int) -> NewItem:
    seed = b"bulk" + number.to_bytes(4, "big")
    digests = Digests(hashlib.md5(seed).digest(), hashlib.sha1(seed).digest(), hashlib.sha256(seed).digest())
    return NewItem(digests, 1, ItemKind.RASTER, 0)
