"""A file of updates makes a new release of a set, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hashsets.applying import apply_file
from hashsets.errors import HashSetError
from hashsets.library import Library
from hashsets.manifests import DeltaFacts
from hashsets.terms import Sharing, Terms, TermsGiven
from hashsets.vocabulary import Digest, DigestAlgorithm, SetKind

WriteUpdates = Callable[..., Path]


def md5(word: str) -> str:
    return hashlib.md5(word.encode()).hexdigest()


@pytest.fixture
def write_updates(tmp_path: Path) -> WriteUpdates:
    """A file of updates; words become records, words after a minus are retracted."""

    def write(*words: str, checkpoint: str | None = None, end: bool = True) -> Path:
        lines: list[object] = [{"format": "updates 1", "checkpoint": checkpoint}]
        for word in words:
            key = word.removeprefix("-")
            lines.append({"key": key, "retracted": True} if key != word else {"key": word, "md5": md5(word)})
        lines += [{"updates": len(words)}] if end else []
        path = tmp_path / "updates.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return write


def found(library: Library, *words: str) -> list[str]:
    asked = [Digest(DigestAlgorithm.MD5, bytes.fromhex(md5(word))) for word in words]
    return [candidate.entry_key for candidate in library.lookup_digests(asked)]


def test_a_file_founds_a_set_and_the_next_one_changes_it(library: Library, write_updates: WriteUpdates) -> None:
    """Added, retracted, left as it was; the checkpoint is where to go on."""
    terms = TermsGiven("a licence", "this unit", Sharing.NOBODY)
    first = apply_file(library, "set", write_updates("a", "b", checkpoint="1"), source="a source", terms=terms)
    assert first.release.set_kind is SetKind.KNOWN
    path = write_updates("b", "c", "-a", checkpoint="2")
    applied = apply_file(library, "set", path, terms=TermsGiven(licence="another"))
    assert applied.delta == DeltaFacts(first.release.release_id, 1, 0, 1, 1, "2")
    assert found(library, "a", "b", "c") == ["b", "c"]
    assert library.checkpoint("set") == "2"
    assert applied.release.source == "a source"
    assert applied.release.terms == Terms("another", "this unit", Sharing.NOBODY)


def test_rejects_are_counted_and_placed(library: Library, write_updates: WriteUpdates) -> None:
    """Those of the reader and those of the delta, by the update's place in the file."""
    path = write_updates("a", "b", "-z")
    path.write_text(path.read_text().replace(md5("a"), "zz").replace('{"updates": 3}', 'nothing\n{"updates": 4}'))
    report = apply_file(library, "set", path)
    assert report.rejects == {"no-usable-value": 1, "not-a-record": 1, "not-hex": 1, "retracts-unknown-key": 1}
    assert sorted(report.first_rejects) == [
        (1, "no-usable-value"),
        (1, "not-hex"),
        (3, "retracts-unknown-key"),
        (4, "not-a-record"),
    ]
    assert report.positions == "update"
    assert found(library, "a", "b") == ["b"]


def test_updates_that_change_nothing_make_no_release(library: Library, write_updates: WriteUpdates) -> None:
    """The checkpoint moves on, and rejects are told all the same."""
    first = apply_file(library, "set", write_updates("a", checkpoint="1"))
    again = apply_file(library, "set", write_updates("a", "-z", checkpoint="2"))
    assert again.release.release_id == first.release.release_id
    assert (again.rejects, again.release.counts.rejects) == ({"retracts-unknown-key": 1}, {})
    assert library.checkpoint("set") == "2"


def test_a_file_that_breaks_off_applies_nothing(library: Library, write_updates: WriteUpdates) -> None:
    """Not even what came before."""
    apply_file(library, "set", write_updates("a"))
    with pytest.raises(HashSetError) as caught:
        apply_file(library, "set", write_updates("b", "-a", end=False))
    assert caught.value.code == "updates-broken-off"
    assert found(library, "a", "b") == ["a"]
    assert len(library.releases()) == 1


def test_a_file_that_changes_while_it_is_read_applies_nothing(library: Library, write_updates: WriteUpdates) -> None:
    """The last look is after the last update."""
    path = write_updates("a")

    def touch(_done: int, _total: int) -> None:
        os.utime(path, ns=(1, 1))

    with pytest.raises(HashSetError) as caught:
        apply_file(library, "set", path, progress=touch)
    assert caught.value.code == "file-changed"
    assert library.releases() == []


def test_a_file_that_is_not_there_is_unreadable(library: Library, tmp_path: Path) -> None:
    """Before anything of the library is touched."""
    with pytest.raises(HashSetError) as caught:
        apply_file(library, "set", tmp_path / "none")
    assert caught.value.code == "file-unreadable"


def test_progress_is_told_in_bytes(library: Library, write_updates: WriteUpdates) -> None:
    """Of how many it is known."""
    path = write_updates("a", "b")
    told: list[tuple[int, int]] = []
    apply_file(library, "set", path, progress=lambda *step: told.append(step))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
