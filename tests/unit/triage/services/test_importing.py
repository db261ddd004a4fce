"""A release comes into force with its place in the custody log, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import SetKind
from tests.unit.triage.stored import Scene, digests_of
from triage.domain.errors import Unreadable
from triage.services.importing import Importing
from triage.store.unit_of_work import Store


@pytest.fixture
def importing(library: Library) -> Importing:
    return Importing(library, None)


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


def updates(folder: Path, *lines: str) -> Path:
    """A file of updates; each line is one."""
    path = folder / "updates.jsonl"
    path.write_text("\n".join(['{"format":"updates 1"}', *lines, f'{{"updates":{len(lines)}}}']) + "\n")
    return path


def test_updates_are_recorded_with_what_they_did(
    importing: Importing, store: Store, scene: Scene, tmp_path: Path
) -> None:
    """Base, counts and the file's digest; no keys and no values. Also those that changed nothing."""
    one, two = (f'{{"key":"{key}","md5":"{digests_of(key.encode()).md5.hex()}"}}' for key in "ab")
    first = importing.apply_file(updates(tmp_path, one), name="a-set", kind=SetKind.KNOWN_GOOD).release
    path = updates(tmp_path, two, '{"key":"a","retracted":true}')
    second = importing.apply_file(path, name="a-set").release
    importing.apply_file(path, name="a-set")
    assert scene.log() == [
        f"released release:{release} releases" for release in (first.release_id, second.release_id, second.release_id)
    ]
    recorded = details(store)
    assert recorded[1] == {
        "step": "applied",
        "set": "a-set",
        "kind": "known-good",
        "entries": 1,
        "input_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "base": first.release_id,
        "added": 1,
        "changed": 0,
        "retracted": 1,
        "expires": None,
    }
    assert (recorded[2]["base"], recorded[2]["added"], recorded[2]["retracted"]) == (second.release_id, 0, 0)


def test_updates_that_break_off_change_nothing(importing: Importing, scene: Scene, tmp_path: Path) -> None:
    """No release, no record."""
    path = updates(tmp_path, '{"key":"a","retracted":true}')
    path.write_text(path.read_text()[:-5])
    with pytest.raises(Unreadable) as caught:
        importing.apply_file(path, name="a-set")
    assert caught.value.code == "updates-broken-off"
    assert scene.log() == []
