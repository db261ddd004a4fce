"""Every change of a hash set is recorded, and owes to match again in the same commit."""

from __future__ import annotations

import json
from pathlib import Path

from hashsets.library import Library
from hashsets.vocabulary import SetKind
from tests.unit.triage.services.listing import import_list
from tests.unit.triage.stored import Scene, digests_of
from triage.services.putting_in_force import PuttingInForce
from triage.services.recording_sets import RecordingSets


def test_whatever_changes_the_answers_owes_a_rematch_in_the_commit_that_records_it(
    library: Library, scene: Scene, tmp_path: Path
) -> None:
    """A release put out of force and back; one run, with every reason."""
    release = import_list(library, tmp_path, "set", SetKind.KNOWN, digests_of(b"a").md5.hex())
    scene.item(scene.submission())
    putting = PuttingInForce(library)
    putting.disable(release)
    assert scene.rows("SELECT stage, item_ids FROM job") == [("rematch", "[]")]
    putting.enable(release)
    because = [f"{step} {release}" for step in ("disabled", "enabled")]
    assert scene.rows("SELECT because FROM rematch") == [(json.dumps(because),)]
    assert scene.log()[:3] == [f"released release:{release} releases"] * 2 + ["rematched rematch:1 rematch"]


def test_what_leaves_the_answers_alone_owes_nothing(recording: RecordingSets, scene: Scene) -> None:
    """A file that was handed out."""
    scene.item(scene.submission())
    recording.disclosed("release:r", "export", {})
    assert scene.rows("SELECT stage FROM job") == []
    assert scene.log() == ["disclosed release:r export"]
