"""What a look inside gave comes back as it was, with the tool that said so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm, Profile
from tests.unit.triage.stored import Scene, examined, pdq, value
from triage.domain.findings import (
    Camera,
    CaptureTime,
    Examination,
    Findings,
    Place,
    Raster,
    Subject,
    TakenFingerprint,
)
from triage.store.examinations import findings_from_rows, findings_to_rows
from triage.store.unit_of_work import Store

LOCAL = datetime(2026, 2, 3, 4, 5, 6)  # noqa: DTZ001 - a camera's wall clock has no zone

EVERYTHING = Findings(
    camera=Camera("Acme", "One", "B-123456"),
    lens_model="50 mm",
    lens_serial="L-9",
    software="Editor 2",
    captured=CaptureTime(LOCAL, 420),
    place=Place(13.75, -100.5),
    has_maker_note=True,
    orientation=6,
)


@pytest.mark.parametrize(
    "findings",
    [
        EVERYTHING,
        Findings(),
        Findings(camera=Camera("Acme", "One")),
        Findings(lens_serial="L-9"),
        Findings(captured=CaptureTime(LOCAL)),
        Findings(captured=CaptureTime(LOCAL, 0)),
        Findings(place=Place(0.0, 0.0)),
        Findings(orientation=1),
    ],
)
def test_findings_survive_their_rows(findings: Findings) -> None:
    """What the file does not say stays None; nought and nothing are not the same."""
    rows = findings_to_rows(findings)
    assert findings_from_rows(dict(rows)) == findings
    assert bool(rows) is (findings != Findings())


def test_an_examination_survives_the_database(store: Store, scene: Scene) -> None:
    """Every fingerprint with quality, profile and its eight variants; findings; the thumbnail's distance."""
    dhash = Fingerprint(FingerprintAlgorithm.DHASH, Profile.IMAGEHASH, b"8 bytes!")
    seen = examined(value("a"), 77, EVERYTHING, thumbnail=value("b"), thumbnail_distance=99)
    seen = replace(seen, fingerprints=(*seen.fingerprints, TakenFingerprint(Subject.MAIN, dhash)))
    item = scene.item(scene.submission(), seen=seen)
    with store.reading() as unit:
        found = unit.examinations
        assert found.fingerprints([item], FingerprintAlgorithm.PDQ) == {
            item: [
                TakenFingerprint(Subject.MAIN, pdq(value("a"), 77)),
                TakenFingerprint(Subject.THUMBNAIL, pdq(value("b"))),
            ]
        }
        assert found.fingerprints([item], FingerprintAlgorithm.DHASH) == {
            item: [TakenFingerprint(Subject.MAIN, dhash)]
        }
        assert found.findings([item]) == {item: EVERYTHING}
        assert found.measures([item])[item].thumbnail_distance == 99
        both = found.fingerprints([item], FingerprintAlgorithm.PDQ, FingerprintAlgorithm.DHASH)[item]
        assert {one.fingerprint.algorithm.value for one in both} == {"pdq", "dhash"}


def test_how_concentrated_grey_levels_are_survives_the_database(store: Store, scene: Scene) -> None:
    """Nought is a measurement; a raster from before it was measured has none."""
    one = scene.submission()
    measured, before = examined(value("a")), examined(value("b"))
    assert measured.raster
    measured = replace(measured, raster=replace(measured.raster, concentration=0))
    items = [scene.item(one, seen=seen) for seen in (measured, before)]
    with store.reading() as unit:
        measures = unit.examinations.measures(items)
        assert [measures[one].concentration for one in items] == [0, None]


def test_an_item_that_gave_no_picture_has_no_rows(store: Store, scene: Scene) -> None:
    """Its note says why; an empty fingerprint would be a lie."""
    item = scene.item(scene.submission(), seen=Examination(None, tool="decoder 1"))
    with store.reading() as unit:
        assert unit.examinations.fingerprints([item], FingerprintAlgorithm.PDQ) == {}
        assert unit.examinations.findings([item]) == {}
    assert scene.rows("SELECT count(*) FROM raster") == [(0,)]
    assert scene.rows("SELECT count(*) FROM provenance") == [(0,)]


def test_examining_again_overwrites_nothing(store: Store, scene: Scene) -> None:
    """A repeated batch writes no second row and changes no value, even if it came to another one."""
    item = scene.item(scene.submission(), seen=examined(value("a"), 77))
    again = examined(value("a"), 12, EVERYTHING)
    with store.writing() as unit:
        unit.examinations.add({item: again})
        unit.commit()
    with store.reading() as unit:
        ((taken,),) = unit.examinations.fingerprints([item], FingerprintAlgorithm.PDQ).values()
    assert taken.fingerprint.quality == 77


def test_every_value_names_its_tool_and_a_tool_is_written_once(scene: Scene) -> None:
    """Provenance of a whole batch is one row for each tool."""
    submission = scene.submission()
    for tool in ("decoder 1", "decoder 2", "decoder 1"):
        seen = Examination(Raster("png", 4, 4, "L"), tool=tool)
        scene.item(submission, seen=seen)
    query = "SELECT tool FROM raster JOIN provenance ON provenance.id = provenance_id ORDER BY item_id"
    assert scene.rows(query) == [("decoder 1",), ("decoder 2",), ("decoder 1",)]
    assert scene.rows("SELECT count(*) FROM provenance") == [(2,)]


def test_more_items_than_a_statement_holds(store: Store, scene: Scene) -> None:
    """Reads are cut into slices behind the scenes."""
    item = scene.item(scene.submission(), seen=examined(value("a")))
    asked = [*range(item + 1, item + 1200), item]
    with store.reading() as unit:
        assert set(unit.examinations.fingerprints(asked, FingerprintAlgorithm.PDQ)) == {item}
