"""What a report says of its making: notes, programs, releases, the referral, the log; and its own record."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from hashsets.library import Library
from hashsets.vocabulary import (
    SetKind,
)
from tests.integration.reporting.scenes import ASSESSMENT, NOW, Scene, events, new_item, taken
from triage.domain.checkpoints import verify
from triage.domain.custody import CustodyAction
from triage.domain.errors import Tampered
from triage.domain.findings import (
    Camera,
    Examination,
    Findings,
    NoteCode,
    ProcessingNote,
    Raster,
)
from triage.domain.items import Outcome
from triage.domain.links import LinkKind, Strength, Trait
from triage.domain.matches import Answer
from triage.domain.networks import join_between
from triage.domain.submissions import Found
from triage.exporters.dossier import (
    ReferralSummary,
)
from triage.services.reporting import Reporting
from triage.store.deployment_tables import custody_checkpoint
from triage.store.dossier_facts import MOST_ROWS
from triage.store.unit_of_work import Store


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
        new = [new_item(number) for number in range(MOST_ROWS + 1)]
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
