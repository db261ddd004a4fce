"""Reports of senders that keep no media, on both databases: what waits, what becomes of it, what is dropped."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from tests.reported import FACTS, Desk, file_of, report_of
from triage.domain.errors import Conflict, Refused
from triage.domain.jobs import Stage
from triage.domain.reports import Door, FileFacts, ReportState, Viewed
from triage.services.admitting import Admitted, Admitting
from triage.services.report_answers import ReportStatus
from triage.services.sighting import examine_unkept
from triage.store.intake_tables import reported_file, upload
from triage.store.job_tables import job
from triage.store.sighted_documents import sighted_document, sighted_of
from triage.store.tables import fingerprint, item, sealed_object
from triage.store.unit_of_work import Store


def picture(seed: int = 5) -> bytes:
    """Noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (200, 200, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((400, 400)).save(out, "PNG")
    return out.getvalue()


PICTURE = picture()


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk.over(store, tmp_path)
    yield desk
    desk.sighting.close()


@pytest.fixture
def hotline(desk: Desk) -> Admitted:
    return desk.sender("hotline", keeps_media=False)


def rows(desk: Desk, *columns: object) -> list[tuple[object, ...]]:
    with desk.store.reading() as unit:
        return [tuple(row) for row in unit.connection.execute(select(*columns))]  # type: ignore[call-overload]  # columns


def opened_with(desk: Desk, hotline: Admitted, data: bytes = PICTURE, name: str = "a.png") -> str:
    """An open report with one file; its id."""
    opened = desk.taking.open(hotline, Door.API, FACTS)
    added = desk.taking.add_file(hotline, opened.public_id, FileFacts(name=name), data)
    assert (added.state, added.measured and added.measured.size) == ("arrived", len(data))
    return opened.public_id


def test_what_was_found_waits_and_becomes_an_item_that_is_to_be_matched(desk: Desk, hotline: Admitted) -> None:
    """Nothing is sealed, nothing is to be examined; a description in between changes nothing of what was found."""
    report = opened_with(desk, hotline)
    [file] = desk.taking.status(hotline, report).files
    desk.taking.describe_file(hotline, report, file.public_id, FileFacts(name="b.png", viewed=Viewed.YES))
    finished = desk.taking.finish(hotline, report)
    assert (finished.state, finished.files[0].state) == (ReportState.FINISHED, "arrived")
    assert rows(desk, item.c.kind, item.c.outcome) == [("raster", "pending")]
    assert {one for (one,) in rows(desk, fingerprint.c.algorithm)} >= {"pdq"}
    assert rows(desk, job.c.stage) == [(Stage.MATCH,)]
    assert (rows(desk, sealed_object.c.item_id), rows(desk, upload.c.id)) == ([], [])
    assert list(desk.vault.segments()) == []
    assert rows(desk, reported_file.c.sighted) == [(None,)]


def test_a_whole_report_is_the_same(desk: Desk, hotline: Admitted) -> None:
    """Two of them at once with one picture make one item; a third by its digest alone finds it."""
    given = [desk.taking.without_media(report_of(hotline, file_of(PICTURE, "a.png"))) for _ in range(2)]
    assert all(file.data is None for one in given for file in one.files)
    first, second = desk.taking.take(given)
    assert isinstance(first, ReportStatus)
    assert isinstance(second, ReportStatus)
    assert first.files[0].measured == second.files[0].measured
    assert rows(desk, item.c.kind) == [("raster",)]
    assert rows(desk, job.c.stage).count((Stage.MATCH,)) == 1


def test_the_same_bytes_of_somebody_who_keeps_media_are_kept(desk: Desk, hotline: Admitted) -> None:
    """In one commit, in either order: the item has its bytes and is examined like any other."""
    provider = desk.sender()
    reports = [
        desk.taking.without_media(report_of(hotline, file_of(PICTURE))),
        report_of(provider, file_of(PICTURE)),
    ]
    desk.taking.take(reports)
    assert rows(desk, item.c.kind) == [("raster",)]
    assert len(rows(desk, sealed_object.c.item_id)) == 1
    assert (Stage.EXAMINE,) in rows(desk, job.c.stage)


@pytest.mark.parametrize("way", ["retracted", "expired"])
def test_what_was_found_is_forgotten_with_its_report(desk: Desk, hotline: Admitted, way: str) -> None:
    report = opened_with(desk, hotline)
    assert rows(desk, reported_file.c.sighted) != [(None,)]
    if way == "retracted":
        desk.taking.retract(hotline, report)
    else:
        desk.clock.pass_(timedelta(hours=25))
        assert desk.taking.sweep() == 1
    assert rows(desk, reported_file.c.sighted) == [(None,)]
    assert rows(desk, item.c.id) == []


def test_bytes_that_nobody_sighted_are_refused(desk: Desk, hotline: Admitted) -> None:
    """A door that forgets to must not get them into the vault."""
    answer = desk.taking.take([report_of(hotline, file_of(PICTURE))])[0]
    assert isinstance(answer, Refused)
    assert answer.code == "media-not-kept"
    assert list(desk.vault.segments()) == []


def test_too_large_a_file_is_refused_and_the_report_stays_open(desk: Desk, hotline: Admitted) -> None:
    opened = desk.taking.open(hotline, Door.API, FACTS)
    with pytest.raises(Refused) as refused:
        desk.taking.add_file(hotline, opened.public_id, FileFacts(), bytes((1 << 20) + 1))
    assert refused.value.code == "unkept-too-large"
    assert desk.taking.finish(hotline, opened.public_id).state is ReportState.FINISHED


def test_an_ended_report_costs_no_examination(desk: Desk, hotline: Admitted, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before anything is parsed."""
    report = opened_with(desk, hotline)
    desk.taking.finish(hotline, report)
    monkeypatch.setattr(type(desk.sighting), "examine", lambda *_: pytest.fail("it was parsed"))
    with pytest.raises(Conflict):
        desk.taking.add_file(hotline, report, FileFacts(), PICTURE)


def test_a_sandbox_parses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes are digested and dropped, as everybody's."""
    trying = desk.sender("hotline", sandbox=True, keeps_media=False)
    monkeypatch.setattr(type(desk.sighting), "examine", lambda *_: pytest.fail("it was parsed"))
    assert desk.taking.finish(trying, opened_with(desk, trying)).files[0].state == "arrived"
    assert rows(desk, item.c.id) == []


def test_a_deployment_may_keep_nobodys_media(desk: Desk) -> None:
    """Whatever is said of the sender; what is recorded of the sender stays as it is."""
    provider = desk.sender()
    admitting = replace(desk.admitting, keeps_media=False)
    assert isinstance(admitting, Admitting)
    issued = admitting.issue(provider.sender.name, provider.key.scopes, timedelta(days=1))
    admitted = admitting.admit(issued.token)
    assert not admitted.sender.keeps_media
    assert admitting.senders()[0].keeps_media
    desk.taking.finish(admitted, opened_with(desk, admitted))
    assert (rows(desk, item.c.kind), rows(desk, sealed_object.c.item_id)) == ([("raster",)], [])


def test_the_document_loses_nothing(desk: Desk) -> None:
    """Of a picture with metadata, of one that is none, of an archive."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Example", "Model 1", 6
    out = io.BytesIO()
    Image.open(io.BytesIO(PICTURE)).save(out, "JPEG", exif=exif)
    for data in (out.getvalue(), b"\x89PNG\r\n\x1a\n broken", b"PK\x03\x04", b"text", b""):
        found = desk.sighting.examine(data, ".jpg").examination
        assert sighted_of(sighted_document(found)) == found
    assert desk.sighting.examine(out.getvalue(), ".jpg").examination.findings.camera


def test_too_many_at_once_are_sent_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine slow files hold nine threads of a server, and the tenth none."""
    import threading  # noqa: PLC0415 - used here alone
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - used here alone

    goes_on, counted = threading.Event(), threading.Semaphore(0)

    def slow(*_: object) -> object:
        goes_on.wait(20)
        return examine_unkept(b"text", "", None, 10)  # type: ignore[arg-type]  # never asked

    monkeypatch.setattr("triage.services.sighting.examine_unkept", slow)

    def ask() -> str:
        try:
            desk.sighting.examine(b"text")
        except Exception as error:  # noqa: BLE001 - told below
            counted.release()
            return getattr(error, "code", "")
        return "done"

    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(ask) for _ in range(10)]
        assert counted.acquire(timeout=20)
        goes_on.set()
        assert sorted(one.result() for one in asked) == ["busy", *["done"] * 9]
