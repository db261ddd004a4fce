"""A delta makes a new release of a set, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.errors import HashSetError
from hashsets.formats.records import OPAQUE_MAX
from hashsets.index.exact import EMPTY_FILE
from hashsets.library import Library
from hashsets.manifests import DeltaFacts
from hashsets.terms import Sharing, Terms, TermsGiven
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion, SetKind

WriteList = Callable[..., Path]
KNOWN, GOOD = SetKind.KNOWN, SetKind.KNOWN_GOOD


def md5(word: str) -> Digest:
    return Digest(DigestAlgorithm.MD5, hashlib.md5(word.encode()).digest())


def pdq(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


def entry(key: str, *words: str, category: str | None = None) -> Entry:
    return Entry(key, tuple(md5(word) for word in words or (key,)), opinion=Opinion(category))


def listed(*keys: str) -> list[tuple[str, Entry | None]]:
    return [(key, entry(key)) for key in keys]


def found(library: Library, *words: str) -> list[str]:
    return [candidate.entry_key for candidate in library.lookup_digests([md5(word) for word in words])]


@pytest.fixture
def founded(library: Library) -> Library:
    """A library with a set of three entries."""
    library.apply_delta("set", Delta(listed("a", "b", "c"), "1"), source="a source", terms=TermsGiven("for tests"))
    return library


def test_a_first_delta_founds_the_set(library: Library) -> None:
    """With kind, source and terms as they are given."""
    report = library.apply_delta(
        "set",
        Delta(listed("a", "b"), "7"),
        kind=GOOD,
        source="a source",
        terms=TermsGiven("some terms", may_share=Sharing.NOBODY),
    )
    release = report.release
    assert (release.set_kind, release.source, release.terms, release.enabled) == (
        GOOD,
        "a source",
        Terms("some terms", may_share=Sharing.NOBODY),
        True,
    )
    assert report.delta == release.delta == DeltaFacts(None, 2, 0, 0, 0, "7")
    assert (release.format, report.positions, release.replaced) == ("delta", "update", None)
    assert library.releases() == [release]
    assert found(library, "a", "b", "c") == ["a", "b"]


def test_a_delta_adds_changes_and_retracts(founded: Library) -> None:
    """The base stays on disk, disabled, and can be put back in force; what is not given is as in the base."""
    base = founded.releases()[0]
    report = founded.apply_delta("set", Delta([("a", entry("a", "new")), ("b", None), ("d", entry("d"))], "2"))
    assert report.delta == DeltaFacts(base.release_id, 1, 1, 1, 0, "2")
    assert found(founded, "a", "b", "c", "d", "new") == ["c", "d", "a"]
    assert (report.release.source, report.release.terms) == ("a source", Terms("for tests"))
    assert (report.release.replaced, report.release.counts.entries) == (base.release_id, 3)
    assert {info.release_id: info.enabled for info in founded.releases()} == {
        base.release_id: False,
        report.release.release_id: True,
    }
    founded.enable(base.release_id)
    assert found(founded, "a", "b", "c", "d", "new") == ["a", "b", "c"]


def test_values_of_all_kinds_are_carried_over(library: Library, tmp_path: Path) -> None:
    """Digests, fingerprints, opinions and what is kept for its owner, of entries that the delta does not touch."""
    records = [
        {"MediaID": key, "MD5": md5(key).value.hex(), "PDQ": pdq(key).hex(), "PhotoDNA": "QUJD", "Category": 1}
        for key in "abcd"
    ]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"value": records}))
    library.import_file(path, name="set", kind=KNOWN)
    counts = library.apply_delta(
        "set", Delta([("a", None), ("b", None), ("e", entry("e", category="us:2"))])
    ).release.counts
    assert (counts.entries, counts.digests, counts.fingerprints) == (3, {"md5": 3}, {"pdq": 2})
    assert (counts.opaque, counts.categories) == ({"photodna": 2}, {"us:2": 1, "vics:1": 2})
    assert [candidate.opinion.category for candidate in library.lookup_digests([md5("d"), md5("e")])] == [
        "vics:1",
        "us:2",
    ]


def test_a_set_whose_entries_are_all_retracted_answers_nothing(founded: Library) -> None:
    """Its source has withdrawn what it listed: the release before must not stay in force."""
    report = founded.apply_delta("set", Delta([(key, None) for key in "abc"]))
    assert report.release.counts.entries == 0
    assert (found(founded, "a", "b", "c"), founded.version) == ([], report.release.release_id)
    founded.apply_delta("set", Delta(listed("a")))
    assert found(founded, "a", "b") == ["a"]


@pytest.mark.parametrize("updates", [[], listed("a", "b"), [("z", None)], [("z", entry("y"))]])
def test_a_delta_that_changes_nothing_makes_no_release(
    updates: list[tuple[str, Entry | None]], founded: Library, tmp_path: Path
) -> None:
    """But it moves the checkpoint on, for whoever opens the library; the release's own stays as it was sealed."""
    before = founded.releases()
    report = founded.apply_delta("set", Delta(updates, "2"))
    assert [report.release] == before == founded.releases()
    assert report.delta is not None
    assert (report.delta.added, report.delta.changed, report.delta.retracted) == (0, 0, 0)
    assert founded.checkpoint("set") == "2" == Library.open(tmp_path / "library").checkpoint("set")


def test_the_checkpoint_is_that_of_the_release_in_force(founded: Library) -> None:
    """Whoever goes back to an older release goes on from its checkpoint."""
    old = founded.releases()[0].release_id
    founded.apply_delta("set", Delta(listed("d"), "2"))
    assert (founded.checkpoint("set"), founded.checkpoint("other")) == ("2", None)
    founded.enable(old)
    assert founded.checkpoint("set") == "1"


def test_of_several_updates_of_one_key_the_last_counts(founded: Library) -> None:
    """Across batches too; the earlier ones are counted with their places."""
    many = [(f"k{number}", entry(f"k{number}")) for number in range(2500)]
    updates = [("a", None), ("d", entry("d", "first")), ("d", entry("d", "second")), *many, ("a", entry("a", "late"))]
    report = founded.apply_delta("set", Delta(updates))
    assert (report.release.counts.rejects, report.first_rejects) == (
        {"superseded": 2},
        ((2, "superseded"), (1, "superseded")),
    )
    assert found(founded, "first", "second", "late", "a") == ["d", "a"]


def test_what_cannot_be_used_is_counted_and_the_rest_is_applied(founded: Library) -> None:
    """A broken update leaves its key as it was in the base."""
    empty_md5 = next(digest for digest in EMPTY_FILE if digest.algorithm is DigestAlgorithm.MD5)
    updates: list[tuple[str, Entry | None]] = [
        ("z", None),
        ("a", entry("b")),
        ("", entry("")),
        ("two\nlines", entry("two\nlines")),
        ("b", Entry("b")),
        ("b", Entry("b", (empty_md5,))),
        ("c", Entry("c", (md5("c"),), (b"short",), opaque=(("photodna", "x" * (OPAQUE_MAX + 1)),))),
        ("d", Entry("d", (md5("d"), md5("d")), opinion=Opinion("x" * 2000, tags=("\n", "tag")))),
    ]
    report = founded.apply_delta("set", Delta(updates))
    assert report.first_rejects == (
        (2, "key-disagrees"),
        (3, "key-unusable"),
        (4, "key-unusable"),
        (5, "no-usable-value"),
        (6, "empty-file-digest"),
        (6, "no-usable-value"),
        (7, "wrong-length"),
        (7, "wrong-length"),
        (8, "text-cut"),
        (1, "retracts-unknown-key"),
    )
    assert report.delta is not None
    assert (report.delta.added, report.delta.changed, report.delta.retracted, report.delta.unchanged) == (1, 0, 0, 1)
    assert report.release.counts.digests == {"md5": 4}
    opinion = founded.lookup_digests([md5("d")])[0].opinion
    assert (len(opinion.category or ""), opinion.tags) == (1000, ("tag",))


def test_whatever_a_source_listed_under_a_key_goes_with_it(library: Library, tmp_path: Path) -> None:
    """An import continues a used key as `7#2`; a retraction or a new record of `7` concerns all of it."""
    records = [
        {"MediaID": key, "MD5": md5(word).value.hex()} for key, word in ((7, "one"), (7, "two"), (8, "x"), (8, "y"))
    ]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"value": records}))
    library.import_file(path, name="set", kind=KNOWN)
    assert found(library, "one", "two", "x", "y") == ["7", "7#2", "8", "8#2"]
    report = library.apply_delta("set", Delta([("7", None), ("8", entry("8", "x"))]))
    assert report.delta is not None
    assert (report.delta.retracted, report.delta.changed, report.release.counts.entries) == (3, 0, 1)
    assert found(library, "one", "two", "x", "y") == ["8"]


@pytest.mark.parametrize("updates", [[], [("a", None)], [("a", Entry("a"))]])
def test_a_set_is_not_founded_on_nothing(updates: list[tuple[str, Entry | None]], library: Library) -> None:
    """As with a file that holds no entry."""
    with pytest.raises(HashSetError) as caught:
        library.apply_delta("set", Delta(updates))
    assert (caught.value.code, library.releases()) == ("no-entries", [])


def test_a_delta_needs_its_base_in_force(founded: Library) -> None:
    """Applied to nothing it would leave a fragment in force that misses in silence."""
    founded.disable(founded.releases()[0].release_id)
    with pytest.raises(HashSetError) as caught:
        founded.apply_delta("set", Delta(listed("d")))
    assert (caught.value.code, founded.version) == ("set-not-in-force", "none")


def test_a_set_keeps_its_kind(founded: Library) -> None:
    """Known entries do not become known-good by an update."""
    with pytest.raises(HashSetError) as caught:
        founded.apply_delta("set", Delta(listed("d")), kind=GOOD)
    assert caught.value.code == "set-kind-differs"


def test_an_expiry_is_inherited_or_renewed(library: Library) -> None:
    """It belongs to the terms."""
    library.apply_delta("set", Delta(listed("a")), expires=date(2027, 1, 1))
    assert library.apply_delta("set", Delta(listed("b"))).release.expires == "2027-01-01"
    assert library.apply_delta("set", Delta(listed("c")), expires=date(2028, 1, 1)).release.expires == "2028-01-01"


def test_terms_given_with_updates_that_change_nothing_are_not_lost(founded: Library) -> None:
    """A release that is to stay here from now on must not go on being exportable."""
    before = founded.version
    report = founded.apply_delta("set", Delta([]), terms=TermsGiven(may_share=Sharing.NOBODY))
    assert report.release.terms.may_share is Sharing.NOBODY
    assert (report.release.replaced, founded.version) == (before, report.release.release_id)
    assert found(founded, "a", "b", "c") == ["a", "b", "c"]
    again = founded.apply_delta("set", Delta([]), terms=TermsGiven(may_share=Sharing.NOBODY))
    assert again.release.release_id == report.release.release_id


def test_updates_that_break_off_change_nothing(founded: Library, tmp_path: Path) -> None:
    """A coded error for a connection that fails, whatever the source raises otherwise; nothing is left behind."""
    before, folders = founded.version, sorted((tmp_path / "library" / "releases").iterdir())

    def broken(error: Exception) -> Iterator[tuple[str, Entry | None]]:
        yield from listed("d")
        raise error

    with pytest.raises(HashSetError) as caught:
        founded.apply_delta("set", Delta(broken(ConnectionError())))
    assert caught.value.code == "delta-broken-off"
    with pytest.raises(ZeroDivisionError):
        founded.apply_delta("set", Delta(broken(ZeroDivisionError())))
    assert (founded.version, sorted((tmp_path / "library" / "releases").iterdir())) == (before, folders)


def test_a_disk_that_takes_no_more_leaves_the_base_in_force(founded: Library) -> None:
    """A coded error, and room again once there is room."""
    before = founded.version
    many = listed(*(f"k{number}" for number in range(20_000)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))
    try:
        with pytest.raises(HashSetError) as caught:
            founded.apply_delta("set", Delta(many))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (caught.value.code, founded.version) == ("release-not-written", before)
    assert founded.apply_delta("set", Delta(many)).release.counts.entries == 20_003


def _apply_and_die(root: Path) -> None:
    def deadly() -> Iterable[tuple[str, Entry | None]]:
        yield from listed(*(f"k{number}" for number in range(5000)))
        os.kill(os.getpid(), signal.SIGKILL)

    Library.open(root).apply_delta("set", Delta(deadly()))


def test_a_killed_application_leaves_the_base_in_force(founded: Library, tmp_path: Path) -> None:
    """Only a temporary folder, which the next one sweeps."""
    before = founded.version
    child = multiprocessing.get_context("spawn").Process(target=_apply_and_die, args=(tmp_path / "library",))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    reader = Library.open(tmp_path / "library")
    assert (reader.version, len(reader.releases())) == (before, 1)
    reader.apply_delta("set", Delta(listed("d")))
    assert not list((tmp_path / "library" / "releases").glob(".*"))


def test_progress_counts_updates(founded: Library) -> None:
    """How many are to come nobody knows: 0."""
    told: list[tuple[int, int]] = []
    updates = listed(*(f"k{number}" for number in range(4500)))
    founded.apply_delta("set", Delta(iter(updates)), progress=lambda done, total: told.append((done, total)))
    assert told == [(2000, 0), (4000, 0), (4500, 0)]
