"""A grown layer is merged behind the readers' backs; the release stays the same one."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.errors import Damaged
from hashsets.library import Library
from hashsets.releases import Release
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry


def md5(word: str) -> Digest:
    return Digest(DigestAlgorithm.MD5, hashlib.md5(word.encode()).digest())


def entry(key: str) -> Entry:
    return Entry(key, (md5(key),), (hashlib.sha256(key.encode()).digest(),), opaque=(("photodna", "QUJD"),))


def found(library: Library, *words: str) -> list[str]:
    return [candidate.entry_key for candidate in library.lookup_digests([md5(word) for word in words])]


@pytest.fixture
def layered(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A set of three with a layer that adds one, changes one and retracts one."""
    monkeypatch.setattr("hashsets.merging.DUE_ABOVE", 1)
    library.apply_delta("set", Delta([(key, entry(key)) for key in "abc"]))
    library.apply_delta("set", Delta([("d", entry("d")), ("a", Entry("a", (md5("new"),))), ("b", None)]))
    return library


def folder_of(library: Library, tmp_path: Path) -> Path:
    return tmp_path / "library" / "releases" / library.version


def test_the_release_stays_and_lies_on_nothing(layered: Library, tmp_path: Path) -> None:
    """Its id, its counts and its answers; the next delta lies on the merged form."""
    before, steps = layered.version, list[str]()
    assert layered.merge("set", steps.append)
    assert steps == ["verify", "entries", "md5", "sha1", "sha256", "pdq", "seal"]
    reader = Library.open(tmp_path / "library")
    assert reader.version == before
    assert found(reader, "a", "b", "c", "d", "new") == ["c", "d", "a"]
    release = Release.open(folder_of(reader, tmp_path))
    assert (release.above, release.ground.merged) == (None, True)
    layered.apply_delta("set", Delta([("e", entry("e")), ("c", None)]))
    assert found(layered, "c", "d", "e", "new") == ["d", "e", "a"]
    assert Release.open(folder_of(layered, tmp_path)).ground == release.ground
    layered.verify()


def test_what_is_not_due_is_left(layered: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small layer, a merged release, a set without any."""
    monkeypatch.setattr("hashsets.merging.DUE_ABOVE", 100)
    assert not layered.merge("set")
    monkeypatch.setattr("hashsets.merging.DUE_ABOVE", 1)
    assert layered.merge("set")
    assert not layered.merge("set")
    assert not layered.merge("no such set")


def test_damage_is_not_sealed_anew(layered: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large ground is opened without reading all of it; before it is merged it is read."""
    for module in ("hashsets.volumes", "hashsets.index.segment_files"):
        monkeypatch.setattr(f"{module}.READ_WHOLE_BELOW", 0)
    ground = next(info for info in layered.releases() if not info.enabled).release_id
    values = tmp_path / "library" / "releases" / ground / "digests-md5" / "values.bin"
    content = bytearray(values.read_bytes())
    content[-1] ^= 1
    values.write_bytes(content)
    with pytest.raises(Damaged):
        layered.merge("set")
    assert not list((tmp_path / "library" / "merged").iterdir())


def test_a_changed_merged_form_is_damage(layered: Library, tmp_path: Path) -> None:
    """Never an answer from it, and never one from the volumes that it replaced."""
    assert layered.merge("set")
    form = tmp_path / "library" / "merged" / layered.version
    for file in sorted(path for path in form.rglob("*") if path.is_file()):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(Damaged):
            Release.open(folder_of(layered, tmp_path))
        file.write_bytes(whole)
    Release.open(folder_of(layered, tmp_path)).close()


def _merge_and_die(root: Path, dying_step: str) -> None:
    import hashsets.merging  # noqa: PLC0415  # in the child

    hashsets.merging.DUE_ABOVE = 1
    Library.open(root).merge("set", lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == dying_step else None)


@pytest.mark.usefixtures("layered")
@pytest.mark.parametrize("step", ["entries", "seal"])
def test_a_killed_merge_changes_nothing(step: str, tmp_path: Path) -> None:
    """The next one sweeps what it left and goes on."""
    child = multiprocessing.get_context("spawn").Process(target=_merge_and_die, args=(tmp_path / "library", step))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    reader = Library.open(tmp_path / "library")
    assert found(reader, "a", "c", "d", "new") == ["c", "d", "a"]
    assert reader.merge("set")
    assert [path.name for path in (tmp_path / "library" / "merged").iterdir()] == [reader.version]


def test_others_make_releases_while_one_is_merged(layered: Library, tmp_path: Path) -> None:
    """And only one is merged at a time."""
    other = Library.open(tmp_path / "library")

    def meanwhile(step: str) -> None:
        if step == "seal":
            assert not other.merge("set")
            other.apply_delta("set", Delta([("e", entry("e"))]))

    assert layered.merge("set", meanwhile)
    layered.refresh()
    assert found(layered, "d", "e", "new") == ["d", "e", "a"]
