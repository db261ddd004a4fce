"""A sealed release opens whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from hashsets.errors import Damaged
from hashsets.index.segment_files import seal_of
from hashsets.library import Library
from hashsets.manifests import MANIFEST, Manifest
from hashsets.releases import Release, verify
from hashsets.vocabulary import SetKind


@pytest.fixture
def folder(library: Library, tmp_path: Path) -> Path:
    """A release with digests, fingerprints and opinions."""
    records = [
        {
            "MediaID": number,
            "Category": number % 3,
            "MD5": hashlib.md5(str(number).encode()).hexdigest(),
            "PDQ": hashlib.sha256(str(number).encode()).hexdigest(),
            "PhotoDNA": "QUJD",
        }
        for number in range(50)
    ]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"value": records}))
    release = library.import_file(path, name="a set", kind=SetKind.KNOWN).release
    return tmp_path / "library" / "releases" / release.release_id


def test_a_sound_release_opens_and_verifies(folder: Path) -> None:
    """And its manifest says what it holds."""
    release = Release.open(folder)
    assert release.manifest.counts.digests == {"md5": 50}
    assert release.manifest.counts.fingerprints == {"pdq": 50}
    assert release.manifest.counts.categories == {"vics:0": 17, "vics:1": 17, "vics:2": 16}
    assert verify(folder) == release.manifest


def test_any_changed_byte_is_refused(folder: Path) -> None:
    """In every file, the manifest included."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole = file.read_bytes()
        for place in np.linspace(0, len(whole) - 1, 5).astype(int):
            broken = bytearray(whole)
            broken[place] ^= 1
            file.write_bytes(broken)
            with pytest.raises(Damaged):
                Release.open(folder)
        file.write_bytes(whole)
    Release.open(folder)


def test_large_releases_are_checked_in_full_on_demand(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a large release checks seal, sizes and its indexes; `verify` finds a changed opinion too."""
    monkeypatch.setattr("hashsets.releases.READ_WHOLE_BELOW", 0)
    connection = sqlite3.connect(folder / "entries.sqlite")
    connection.execute("UPDATE opinion SET category = 'us:9' WHERE category = 'us:0'")
    connection.execute("UPDATE opinion SET category = 'vics:9' WHERE category = 'vics:0'")
    connection.commit()
    connection.close()
    Release.open(folder)
    with pytest.raises(Damaged) as caught:
        verify(folder)
    assert caught.value.code == "release-content-changed"


def test_missing_and_added_files_are_refused(folder: Path, tmp_path: Path) -> None:
    """Half-copied folders, and things laid beside."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        kept = tmp_path / "kept"
        shutil.move(file, kept)
        with pytest.raises(Damaged):
            Release.open(folder)
        shutil.move(kept, file)
    (folder / "extra").write_bytes(b"")
    with pytest.raises(Damaged):
        Release.open(folder)


def test_a_release_under_another_name_is_refused(folder: Path) -> None:
    """Matches name the release: its id is part of what is sealed."""
    other = folder.with_name("a-set.20990101.00000000")
    folder.rename(other)
    with pytest.raises(Damaged):
        Release.open(other)


def test_a_manifest_that_promises_more_than_there_is_is_refused(folder: Path) -> None:
    """Even sealed anew by a faulty writer: fewer entries, or an index that is not there."""
    document = json.loads((folder / MANIFEST).read_bytes())
    del document["seal"]
    for part, counts in (("entries", 51), ("digests", {"md5": 49}), ("digests", {"md5": 50, "sha1": 1})):
        wrong = {**document, "counts": {**document["counts"], part: counts}}
        seal = seal_of(wrong)
        other = folder.with_name(f"{folder.name[:-8]}{seal[:8]}")
        shutil.copytree(folder, other)
        (other / MANIFEST).write_text(json.dumps({**wrong, "seal": seal}))
        Manifest.read(other)
        with pytest.raises(Damaged):
            Release.open(other)


def test_a_manifest_from_before_expiry_deltas_and_terms_keeps_its_seal(folder: Path) -> None:
    """New words stand in a manifest only where they say something, so older releases open as they are."""
    document = json.loads((folder / MANIFEST).read_bytes())
    assert not {"expires", "delta"} & set(document)
    assert document["terms"] == ""
    assert "test_class" not in document["counts"]
    manifest = Manifest.read(folder)
    assert (manifest.expires, manifest.delta, manifest.counts.test_class) == (None, None, 0)
