"""Which releases answer, and until when, with its place in the custody log."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import SetKind
from tests.unit.triage.stored import Scene, digests_of
from triage.domain.errors import Conflict, NotFound
from triage.services.putting_in_force import PuttingInForce
from triage.store.unit_of_work import Store


@pytest.fixture
def putting(library: Library) -> PuttingInForce:
    return PuttingInForce(library)


@pytest.fixture
def release(library: Library, tmp_path: Path) -> str:
    path = tmp_path / "list.txt"
    path.write_text(digests_of(b"a").md5.hex() + "\n", encoding="ascii")
    return library.import_file(path, name="a-set", kind=SetKind.KNOWN).release.release_id


def test_what_answers_is_recorded_whenever_it_changes(
    putting: PuttingInForce, store: Store, scene: Scene, release: str
) -> None:
    """Which releases were in force on a day is a question that a court asks."""
    putting.disable(release)
    assert putting.library.version == "none"
    putting.enable(release)
    assert putting.library.version == release
    putting.expire(release, date(2020, 1, 1))
    assert putting.library.version == "none"
    assert scene.log() == [f"released release:{release} releases"] * 4
    with store.reading() as unit:
        details = [dict(record.event.details) for record in unit.custody.records() if record.event]
    assert details[1:] == [{"step": "disabled"}, {"step": "enabled"}, {"step": "expires", "on": "2020-01-01"}]


def test_what_is_refused_is_not_recorded(putting: PuttingInForce, scene: Scene, release: str) -> None:
    """And comes out as an error of the house."""
    putting.disable(release)
    before = scene.log()
    with pytest.raises(Conflict) as conflict:
        putting.disable(release)
    assert conflict.value.code == "release-not-enabled"
    for act in (putting.enable, lambda one: putting.expire(one, date(2030, 1, 1))):
        with pytest.raises(NotFound) as caught:
            act("no.such")
        assert caught.value.code == "release-unknown"
    assert scene.log() == before
