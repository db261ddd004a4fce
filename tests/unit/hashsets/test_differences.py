"""What changed between two releases."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.differences import diff
from hashsets.errors import Damaged
from hashsets.library import Library
from hashsets.releases import Release
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion


def entry(key: str, word: str, opinion: Opinion = Opinion(), opaque: tuple[tuple[str, str], ...] = ()) -> Entry:  # noqa: B008  # frozen
    return Entry(key, (Digest(DigestAlgorithm.MD5, hashlib.md5(word.encode()).digest()),), (), opinion, opaque)


def release(library: Library, tmp_path: Path, name: str, *entries: Entry) -> Release:
    report = library.apply_delta(name, Delta([(one.key, one) for one in entries]))
    return Release.open(tmp_path / "library" / "releases" / report.release.release_id)


def test_anything_but_the_key_is_a_change(library: Library, tmp_path: Path) -> None:
    """Values, opinions and what is kept for its owner."""
    same = entry("same", "same", Opinion("us:1"))
    old = release(
        library, tmp_path, "old", same, *(entry(key, key) for key in ("value", "opinion", "opaque", "retracted"))
    )
    new = release(
        library,
        tmp_path,
        "new",
        entry("added", "retracted"),
        same,
        entry("value", "other"),
        entry("opinion", "opinion", Opinion(victim_identified=False)),
        entry("opaque", "opaque", opaque=(("photodna", "QUJD"),)),
    )
    found = diff(old, new)
    assert (found.old, found.new) == (old.release_id, new.release_id)
    assert (found.added, found.retracted, found.changed) == (1, 1, 3)
    assert list(found.added_keys()) == ["added"]
    assert list(found.retracted_keys()) == ["retracted"]
    assert sorted(found.changed_keys()) == ["opaque", "opinion", "value"]


def test_a_release_does_not_differ_from_itself(library: Library, tmp_path: Path) -> None:
    """Nothing added, retracted or changed; keys can be asked for again and again."""
    one = release(library, tmp_path, "one", entry("a", "a"))
    found = diff(one, one)
    for _ in range(2):
        assert [*found.added_keys(), *found.retracted_keys(), *found.changed_keys()] == []


def test_entries_that_cannot_be_read_are_damage(library: Library, tmp_path: Path) -> None:
    """An error, never an empty difference."""
    one, two = (release(library, tmp_path, name, entry(name, name)) for name in ("one", "two"))
    (one.folder / "entries.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(Damaged):
        diff(one, two)
