"""A release comes into force with its place in the custody log, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import SetKind
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of
from triage.domain.errors import Unreadable
from triage.services.importing import Importing
from triage.services.rematching import Rematching
from triage.store.unit_of_work import Store


@pytest.fixture
def importing(store: Store, library: Library, rematching: Rematching) -> Importing:
    return Importing(store, library, rematching, lambda: NOW, ACTOR)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "list.txt"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


def details(store: Store) -> list[dict[str, object]]:
    with store.reading() as unit:
        return [dict(record.event.details) for record in unit.custody.records() if record.event]


def test_a_release_is_recorded_with_what_it_holds_and_replaces(
    importing: Importing, store: Store, scene: Scene, tmp_path: Path
) -> None:
    """Counts and the digest of the input; no values."""
    one = digests_of(b"a").md5.hex()
    first = importing.import_file(write(tmp_path, one), name="a-set", kind=SetKind.KNOWN).release
    second = importing.import_file(
        write(tmp_path, one, digests_of(b"b").md5.hex()), name="a-set", kind=SetKind.KNOWN
    ).release
    assert scene.log() == [
        f"released release:{first.release_id} releases",
        f"released release:{second.release_id} releases",
    ]
    recorded = details(store)
    assert [(one["entries"], one["replaced"]) for one in recorded] == [(1, None), (2, first.release_id)]
    assert recorded[1]["input_sha256"] == second.input_sha256
    assert importing.library.version == second.release_id


def test_a_file_that_is_no_list_changes_nothing(importing: Importing, scene: Scene, tmp_path: Path) -> None:
    """The release in force stays; nothing is recorded."""
    with pytest.raises(Unreadable):
        importing.import_file(write(tmp_path, "not a hash"), name="a-set", kind=SetKind.KNOWN)
    assert importing.library.version == "none"
    assert scene.log() == []


def test_progress_is_told(importing: Importing, tmp_path: Path) -> None:
    """Bytes done and in all."""
    told: list[tuple[int, int]] = []
    path = write(tmp_path, *(digests_of(bytes([one])).md5.hex() for one in range(100)))
    importing.import_file(path, name="a", kind=SetKind.KNOWN, progress=lambda *seen: told.append(seen))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_what_answers_is_recorded_whenever_it_changes(store: Store, importing: Importing, tmp_path: Path) -> None:
    """Which releases were in force on a day is a question that a court asks."""
    path = write(tmp_path, digests_of(b"a").md5.hex())
    release = importing.import_file(path, name="synthetic", kind=SetKind.KNOWN).release.release_id
    importing.disable(release)
    importing.enable(release)
    assert [found["step"] for found in details(store)] == ["imported", "disabled", "enabled"]


def test_whatever_changes_the_answers_owes_a_rematch_in_the_commit_that_records_it(
    importing: Importing, scene: Scene, tmp_path: Path
) -> None:
    """An import, and a release put out of force and back; one run, with every reason."""
    scene.item(scene.submission())
    release = importing.import_file(write(tmp_path, "1" * 32), name="a-set", kind=SetKind.KNOWN).release.release_id
    assert scene.rows("SELECT stage, item_ids FROM job") == [("rematch", "[]")]
    importing.disable(release)
    importing.enable(release)
    because = [f"{step} {release}" for step in ("imported", "disabled", "enabled")]
    assert scene.rows("SELECT because FROM rematch") == [(json.dumps(because),)]
    assert scene.log()[:2] == [f"released release:{release} releases", "rematched rematch:1 rematch"]
