"""Bytes that are not to be kept: examined like any others, and then nowhere."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hashsets.library import Library
from tests.unit.triage.services.listing import recorded_library
from tests.unit.triage.stored import ACTOR, NOW, SEALED, Scene
from triage.chamber.parent import Chamber
from triage.domain.errors import Refused
from triage.domain.items import ItemKind
from triage.domain.match_policy import MatchPolicy
from triage.domain.submissions import Found
from triage.services.matching import Matching
from triage.services.sighting import Sighting, examine_unkept, take_sighted
from triage.services.taking_items import take
from triage.store.columns import metadata
from triage.store.items import NewItem
from triage.store.unit_of_work import Store

MARKER = b"planted marker of a file that nobody keeps"
MOST = 1 << 20


def picture() -> bytes:
    """Noise, with a marker behind its end."""
    pixels = np.random.default_rng(5).integers(0, 256, (200, 200, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((400, 400)).save(out, "PNG")
    return out.getvalue() + MARKER


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


def sight(scene: Scene, *files: bytes) -> int:
    """A submission of these files, of which nothing is kept."""
    sighting = Sighting(Chamber, MOST)
    try:
        found = [sighting.examine(data, "png") for data in files]
    finally:
        sighting.close()
    submission = scene.submission()
    with scene.store.writing() as unit:
        taken = take_sighted(unit, submission, found, NOW, ACTOR)
        unit.submissions.add_occurrences(
            submission, [(one, Found(b"%d" % n, 0, 0)) for n, one in enumerate(taken.item_ids) if one]
        )
        unit.jobs.add(taken.jobs)
        unit.custody.append(taken.events)
        unit.commit()
    return submission


def test_it_is_examined_and_answered_and_its_bytes_are_nowhere(scene: Scene, tmp_path: Path) -> None:
    """Fingerprints are exact; a search of every file and row finds the marker nowhere."""
    sight(scene, picture(), b"PK\x03\x04 no archive that anybody opens")
    (tmp_path / "hashsets").mkdir()
    library: Library = recorded_library(scene.store, tmp_path / "hashsets")
    matching = Matching(scene.store, library, MatchPolicy("policy 1"), lambda: NOW, ACTOR)
    for (job,) in scene.rows("SELECT id FROM job WHERE stage = 'match'"):
        matching.match_batch(scene.claim(int(str(job))))
    assert scene.rows("SELECT kind, outcome FROM item ORDER BY kind") == [
        ("container", "undecodable"),
        ("raster", "unknown"),
    ]
    assert scene.rows("SELECT code FROM processing_note") == [("members-not-expanded",)]
    assert scene.rows("SELECT count(*) FROM sealed_object") == [(0,)]
    with scene.store.reading() as unit:
        profiles = scene.rows("SELECT DISTINCT profile FROM fingerprint")
        rows = b"".join(
            repr(unit.connection.exec_driver_sql(f'SELECT * FROM "{table.name}"').all()).encode()
            for table in metadata.sorted_tables
        )
    assert not any("luma" in str(one) for (one,) in profiles)
    assert MARKER not in rows
    assert [path for path in tmp_path.rglob("*") if path.is_file() and MARKER in path.read_bytes()] == []


def test_bytes_that_come_in_later_are_held_and_examined(scene: Scene) -> None:
    sight(scene, picture())
    found = examine_unkept(b"text", "", Chamber(), MOST)
    assert found.kind is ItemKind.OTHER
    (item,) = scene.rows("SELECT id FROM item")
    with Chamber() as chamber:
        again = examine_unkept(picture(), "", chamber, MOST)
    new = NewItem(again.digests, 1, again.kind, 0, sealed=SEALED)
    with scene.store.writing() as unit:
        assert set(take(unit, [new], NOW).to_examine) == set(item)


def test_what_does_not_fit_in_memory_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        examine_unkept(bytes(MOST + 1), "", Chamber(), MOST)
    assert refused.value.code == "unkept-too-large"
