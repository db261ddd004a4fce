"""Examining: the opening is on record before a byte is opened, and results come in one commit or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.triage.services.sealing import JPEG, ToldChamber, seal
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of, examined, value
from triage.domain.errors import Conflict, Tampered, Unavailable
from triage.domain.findings import Examination, NoteCode, ProcessingNote, Raster
from triage.domain.interruption import Interrupted
from triage.domain.items import ItemKind
from triage.domain.jobs import Stage
from triage.domain.submissions import Found
from triage.services.examining import Examining
from triage.services.keeping import Keeping
from triage.settings import WorkSettings
from triage.store.items import NewItem
from triage.store.unit_of_work import Store
from triage.vault.local import LocalVault


@pytest.fixture
def examining(store: Store, keeping: Keeping, work_settings: WorkSettings) -> Examining:
    return Examining(store, keeping, work_settings, lambda: NOW, ACTOR, lambda: False)


def test_the_opening_is_committed_before_the_chamber_is_asked(
    examining: Examining, scene: Scene, vault: LocalVault
) -> None:
    """A crash may leave an opening that never happened, never an opening without a record."""
    submission = scene.submission()
    items = [seal(scene, vault, submission, JPEG + bytes([number])) for number in range(3)]
    seen: list[list[str]] = []
    chamber = ToldChamber(before=lambda: seen.append(scene.log()))
    lease = scene.lease(Stage.EXAMINE, submission, items)
    examining.examine_batch(lease, chamber.chamber)
    assert seen == [[f"opened job:{lease.job_id} examine"]] * 3
    assert scene.log()[1:] == [f"examined job:{lease.job_id} examine"]


def test_results_the_next_job_and_the_end_of_this_one_are_one_commit(
    examining: Examining, scene: Scene, vault: LocalVault, store: Store
) -> None:
    """Fingerprints, notes and the debt of matching."""
    submission = scene.submission()
    good, bad = seal(scene, vault, submission, JPEG + b"good"), seal(scene, vault, submission, JPEG + b"bad")
    note = ProcessingNote(NoteCode.LOW_QUALITY)
    chamber = ToldChamber({JPEG + b"good": replace(examined(value("g")), notes=(note,))})
    examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [good, bad]), chamber.chamber)
    assert scene.rows("SELECT item_id FROM raster") == [(good,)]
    assert scene.rows("SELECT item_id, code, stage FROM processing_note ORDER BY item_id") == [
        (good, "low-quality", "examine"),
        (bad, "undecodable", "examine"),
    ]
    assert scene.jobs("done") == [("examine", submission, (good, bad))]
    assert scene.jobs() == [("match", submission, (good, bad))]
    with store.reading() as unit:
        details = [record.event.details for record in unit.custody.records() if record.event][-1]
    assert dict(details) == {"items": f"{good}-{bad}", "decoded": 1, "notes": 2}


def test_what_is_no_picture_is_not_opened(examining: Examining, scene: Scene, vault: LocalVault) -> None:
    """Empty files and other types have their note by their first bytes alone."""
    submission = scene.submission()
    empty, other = seal(scene, vault, submission, b""), seal(scene, vault, submission, b"text")
    chamber = ToldChamber()
    examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [empty, other]), chamber.chamber)
    assert chamber.asked == []
    assert scene.rows("SELECT item_id, code FROM processing_note ORDER BY item_id") == [
        (empty, "empty"),
        (other, "unsupported-type"),
    ]


def test_a_video_is_opened(examining: Examining, scene: Scene, vault: LocalVault) -> None:
    """Its first bytes say that there is something to decode."""
    submission = scene.submission()
    video = b"FLV\x01 made up"
    item = seal(scene, vault, submission, video, path=b"made up.flv")
    raster = Raster("flv", 64, 48, "RGB", 90, seconds=3.6)
    chamber = ToldChamber(
        {video: Examination(raster, notes=(ProcessingNote(NoteCode.VIDEO_NOT_COMPARED),), tool="t")}
    )
    examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), chamber.chamber)
    assert chamber.asked == [(video, "flv")]
    assert scene.rows("SELECT format, frames, seconds FROM raster") == [("flv", 90, 3.6)]
    assert scene.rows("SELECT code FROM processing_note") == [("video-not-compared",)]


def test_the_name_tells_the_chamber_its_extension_only(examining: Examining, scene: Scene, vault: LocalVault) -> None:
    """To be compared with the bytes; the rest of the name stays outside."""
    submission = scene.submission()
    item = seal(scene, vault, submission, JPEG, path=b"private folder/name.PNG")
    chamber = ToldChamber()
    examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), chamber.chamber)
    assert chamber.asked == [(JPEG, "png")]


def test_a_second_run_changes_nothing(examining: Examining, scene: Scene, vault: LocalVault) -> None:
    """A job that was done and comes again finds its values in place; only the log tells of two openings."""
    submission = scene.submission()
    item = seal(scene, vault, submission, JPEG)
    for number in (1, 2):
        chamber = ToldChamber({JPEG: examined(value(number))})
        examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), chamber.chamber)
    assert scene.rows("SELECT value FROM fingerprint") == [(value(1),)]


def test_stopping_comes_between_two_items_and_writes_no_result(
    examining: Examining, scene: Scene, vault: LocalVault
) -> None:
    """The job is handed back whole."""
    submission = scene.submission()
    items = [seal(scene, vault, submission, JPEG + bytes([number])) for number in range(3)]
    chamber = ToldChamber()
    stopped = replace(examining, stopping=lambda: len(chamber.asked) == 2)
    with pytest.raises(Interrupted):
        stopped.examine_batch(scene.lease(Stage.EXAMINE, submission, items), chamber.chamber)
    assert len(chamber.asked) == 2
    assert scene.rows("SELECT count(*) FROM processing_note") == [(0,)]
    assert scene.jobs() == [("examine", submission, tuple(items))]


def test_whoever_lost_the_lease_meanwhile_writes_nothing(
    examining: Examining, scene: Scene, vault: LocalVault
) -> None:
    """Another worker has the job; its results count."""
    submission = scene.submission()
    item = seal(scene, vault, submission, JPEG)
    job = scene.owe(Stage.EXAMINE, submission, [item])
    lost = scene.claim(job, seconds=-1)
    chamber = ToldChamber({JPEG: examined(value("a"))}, before=lambda: scene.claim(job))
    with pytest.raises(Conflict):
        examining.examine_batch(lost, chamber.chamber)
    assert scene.rows("SELECT count(*) FROM raster") == [(0,)]
    assert scene.jobs() == [("examine", submission, (item,))]


def test_a_long_batch_renews_its_lease(
    examining: Examining, scene: Scene, vault: LocalVault, work_settings: WorkSettings
) -> None:
    """A quarter of it has gone, so it is made new: with the least lease, after every item."""
    submission = scene.submission()
    item = seal(scene, vault, submission, JPEG)
    ends: list[object] = []
    lease = scene.lease(Stage.EXAMINE, submission, [item])
    chamber = ToldChamber(before=lambda: ends.extend(scene.rows("SELECT lease_until FROM job")))
    brief = replace(examining, settings=work_settings.model_copy(update={"lease_seconds": 1e-6}))
    spied = replace(brief, stopping=_note_lease(scene, ends))
    spied.examine_batch(lease, chamber.chamber)
    assert len(ends) == 2


def _note_lease(scene: Scene, ends: list[object]) -> Callable[[], bool]:
    def stopping() -> bool:
        ends.extend(scene.rows("SELECT lease_until FROM job"))
        return False

    return stopping


@pytest.mark.parametrize(("change", "code"), [("touch", "source-changed"), ("remove", "source-changed")])
def test_bytes_that_the_source_no_longer_gives_are_noted(
    examining: Examining, scene: Scene, source: Path, change: str, code: str
) -> None:
    """An item in place whose file is another now: the rest of its batch goes on."""
    submission = scene.submission()
    path = source / "a.jpg"
    path.write_bytes(JPEG)
    status = path.stat()
    place = {"root": os.fsencode(source), "path": b"a.jpg", "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    with scene.store.writing() as unit:
        new = NewItem(digests_of(JPEG), len(JPEG), ItemKind.RASTER, 0, in_place=place)
        (item,) = unit.items.add([new], NOW).ids.values()
        unit.submissions.add_occurrences(submission, [(item, Found(b"a.jpg", 4, 1))])
        unit.commit()
    if change == "touch":
        os.utime(path, ns=(1, 1))
    else:
        path.unlink()
    examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), ToldChamber().chamber)
    assert scene.rows("SELECT code FROM processing_note") == [(code,)]
    assert scene.jobs() == [("match", submission, (item,))]


def test_a_broken_seal_is_nobodys_note(examining: Examining, scene: Scene, vault: LocalVault, tmp_path: Path) -> None:
    """Tampering stops the line: it is not one more thing that could not be done."""
    submission = scene.submission()
    item = seal(scene, vault, submission, JPEG)
    (segment,) = (tmp_path / "vault").iterdir()
    sealed = bytearray(segment.read_bytes())
    sealed[-1] ^= 1
    segment.write_bytes(sealed)
    with pytest.raises(Tampered):
        examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), ToldChamber().chamber)
    assert scene.rows("SELECT count(*) FROM processing_note") == [(0,)]


def test_a_machine_in_trouble_leaves_the_job_as_it_was(examining: Examining, scene: Scene, vault: LocalVault) -> None:
    """A chamber that cannot start is not the pictures' fault."""

    def fail() -> None:
        raise Unavailable("chamber-start", "No chamber.")

    submission = scene.submission()
    item = seal(scene, vault, submission, JPEG)
    with pytest.raises(Unavailable):
        examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), ToldChamber(before=fail).chamber)
    assert scene.jobs() == [("examine", submission, (item,))]


def test_an_answer_without_a_picture_has_its_note(examining: Examining, scene: Scene, vault: LocalVault) -> None:
    """Whatever the chamber could not do comes with a reason."""
    submission = scene.submission()
    item = seal(scene, vault, submission, JPEG)
    chamber = ToldChamber({JPEG: Examination(None, notes=(ProcessingNote(NoteCode.TIME_LIMIT, "60 s"),))})
    examining.examine_batch(scene.lease(Stage.EXAMINE, submission, [item]), chamber.chamber)
    assert scene.rows("SELECT code, detail FROM processing_note") == [("time-limit", "60 s")]
