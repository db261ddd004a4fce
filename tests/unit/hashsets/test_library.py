"""The library: which release is in force, and what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from hashsets.deltas import Delta
from hashsets.errors import Damaged, HashSetError
from hashsets.index.exact import EMPTY_FILE
from hashsets.library import Library
from hashsets.vocabulary import (
    TRANSFORMS,
    Basis,
    Digest,
    DigestAlgorithm,
    Entry,
    Fingerprint,
    FingerprintAlgorithm,
    Opinion,
    Profile,
    SetKind,
    Transform,
)

WriteList = Callable[..., Path]
KNOWN, GOOD = SetKind.KNOWN, SetKind.KNOWN_GOOD
RANDOM = np.random.default_rng(0)


def md5(word: str) -> Digest:
    return Digest(DigestAlgorithm.MD5, hashlib.md5(word.encode()).digest())


def value() -> bytes:
    return RANDOM.bytes(32)


def flipped(original: bytes, bits: int) -> bytes:
    unpacked = np.unpackbits(np.frombuffer(original, np.uint8))
    unpacked[RANDOM.choice(256, bits, replace=False)] ^= 1
    return np.packbits(unpacked).tobytes()


def fingerprint(*variants: bytes) -> Fingerprint:
    return Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, variants[0], 90, variants if variants[1:] else ())


def pdq_file(folder: Path, *values: bytes) -> Path:
    path = folder / "values.pdq"
    path.write_text("".join(f"pdq {one.hex()}\n" for one in values))
    return path


def test_an_empty_library_answers_nothing(library: Library) -> None:
    """And says so in its version."""
    assert (library.version, library.releases()) == ("none", [])
    assert library.lookup_digests([md5("one")]) == []
    assert library.lookup_fingerprints([fingerprint(value())]) == []


def test_a_release_of_one_digest_matches_itself(library: Library, write_list: WriteList) -> None:
    """The candidate names query, set, release, entry and opinion."""
    release = library.import_file(write_list("one"), name="demo set", kind=KNOWN).release
    (found,) = library.lookup_digests([md5("other"), md5("one")])
    assert (found.query, found.set_name, found.set_kind, found.release_id) == (
        1,
        "demo set",
        KNOWN,
        release.release_id,
    )
    assert (found.basis, found.algorithm, found.profile, found.distance) == (Basis.EXACT, "md5", None, 0)
    assert found.opinion == Opinion()
    assert library.version == release.release_id


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
def test_a_release_of_few_fingerprints_matches_itself(count: int, library: Library, tmp_path: Path) -> None:
    """A set of one must match, in this process and the next; a peer's index loses it when saved."""
    values = [value() for _ in range(count)]
    library.import_file(pdq_file(tmp_path, *values), name="near", kind=KNOWN)
    for opened in (library, Library.open(tmp_path / "library")):
        found = opened.lookup_fingerprints([fingerprint(one) for one in values])
        assert [(candidate.query, candidate.distance) for candidate in found] == [
            (number, 0) for number in range(count)
        ]


def test_reach_is_inclusive_and_named_per_set(library: Library, tmp_path: Path) -> None:
    """At 31 bits a candidate, at 32 none; a mapping asks only the sets that it names."""
    known = value()
    library.import_file(pdq_file(tmp_path, known), name="near", kind=KNOWN)
    at_31, at_32 = fingerprint(flipped(known, 31)), fingerprint(flipped(known, 32))
    assert [found.query for found in library.lookup_fingerprints([at_31, at_32])] == [0]
    assert library.lookup_fingerprints([at_31], 30) == []
    assert library.lookup_fingerprints([at_31], {"near": 30}) == []
    assert len(library.lookup_fingerprints([at_31], {"near": 31})) == 1
    assert library.lookup_fingerprints([at_31], {"another": 31}) == []


@pytest.mark.parametrize("transform", list(TRANSFORMS))
def test_every_transform_is_asked_for_and_named(transform: Transform, library: Library, tmp_path: Path) -> None:
    """A rotated or mirrored copy is found, and it is said how."""
    known = value()
    library.import_file(pdq_file(tmp_path, known), name="near", kind=KNOWN)
    variants = [value() for _ in TRANSFORMS]
    variants[TRANSFORMS.index(transform)] = flipped(known, 10)
    (found,) = library.lookup_fingerprints([fingerprint(*variants)])
    assert (found.transform, found.distance, found.profile) == (transform, 10, Profile.PDQ_FULL)


def test_of_several_transforms_the_nearest_is_named_then_the_first(library: Library, tmp_path: Path) -> None:
    """One candidate per query and entry, however symmetric the picture."""
    known = value()
    library.import_file(pdq_file(tmp_path, known), name="near", kind=KNOWN)
    symmetric = [flipped(known, 9), flipped(known, 4), known, known, *(flipped(known, 1) for _ in range(4))]
    (found,) = library.lookup_fingerprints([fingerprint(*symmetric)])
    assert (found.transform, found.distance) == (Transform.ROTATE_180, 0)


def test_other_algorithms_are_not_compared_with_pdq(library: Library, tmp_path: Path) -> None:
    """A pHash among PDQ values keeps its place in the batch and finds nothing."""
    known = value()
    library.import_file(pdq_file(tmp_path, known), name="near", kind=KNOWN)
    phash = Fingerprint(FingerprintAlgorithm.PHASH, Profile.IMAGEHASH, known[:8])
    assert [found.query for found in library.lookup_fingerprints([phash, fingerprint(known)])] == [1]


def test_candidates_come_in_one_order(library: Library, tmp_path: Path, write_list: WriteList) -> None:
    """By query, then distance, then set: the same in every run."""
    known = value()
    for name in ("b", "a"):
        library.import_file(pdq_file(tmp_path, known, flipped(known, 3)), name=name, kind=KNOWN)
        library.import_file(write_list("one", "two"), name=f"{name} digests", kind=KNOWN)
    near = library.lookup_fingerprints([fingerprint(known)] * 2)
    assert [(found.query, found.distance, found.set_name) for found in near] == [
        (query, distance, name) for query in (0, 1) for distance in (0, 3) for name in ("a", "b")
    ]
    exact = library.lookup_digests([md5("two"), md5("one")])
    assert [(found.query, found.set_name[0]) for found in exact] == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_a_new_release_of_a_set_replaces_the_one_in_force(library: Library, write_list: WriteList) -> None:
    """The older stays on disk, disabled, and can be put back in force."""
    old = library.import_file(write_list("one"), name="set", kind=KNOWN).release
    other = library.import_file(write_list("one"), name="other set", kind=GOOD).release
    new = library.import_file(write_list("two"), name="set", kind=KNOWN).release
    assert (old.enabled, new.replaced) == (True, old.release_id)
    assert {found.release_id: found.enabled for found in library.releases()} == {
        old.release_id: False,
        new.release_id: True,
        other.release_id: True,
    }
    assert [found.set_name for found in library.lookup_digests([md5("one"), md5("two")])] == ["other set", "set"]
    library.enable(old.release_id)
    assert [found.set_name for found in library.lookup_digests([md5("one")])] == ["other set", "set"]
    assert library.lookup_digests([md5("two")]) == []


def test_a_disabled_release_does_not_answer(library: Library, write_list: WriteList) -> None:
    """And leaves the version."""
    release = library.import_file(write_list("one"), name="set", kind=KNOWN).release
    library.disable(release.release_id)
    assert (library.lookup_digests([md5("one")]), library.version) == ([], "none")
    with pytest.raises(HashSetError):
        library.disable(release.release_id)


@pytest.mark.parametrize("release_id", ["", ".", "..", "nothing", "../library", ".importing-x"])
def test_an_unknown_release_cannot_be_enabled(release_id: str, library: Library, write_list: WriteList) -> None:
    """Ids are names of folders here, so they are not trusted as paths."""
    library.import_file(write_list("one"), name="set", kind=KNOWN)
    with pytest.raises(HashSetError) as caught:
        library.enable(release_id)
    assert caught.value.code == "release-unknown"


def test_an_open_library_answers_from_one_state_until_it_is_refreshed(
    library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """So that the version written beside an answer is the one that gave it."""
    library.import_file(write_list("one"), name="set", kind=KNOWN)
    reader = Library.open(tmp_path / "library")
    before = reader.version
    library.import_file(write_list("two"), name="set", kind=KNOWN)
    assert len(reader.lookup_digests([md5("one")])) == 1
    assert reader.version == before
    assert reader.refresh()
    assert reader.version == library.version
    assert reader.lookup_digests([md5("one")]) == []
    assert not reader.refresh()


def test_the_empty_file_never_matches(library: Library, tmp_path: Path) -> None:
    """Listed or not; the import says how often it was."""
    path = tmp_path / "list.txt"
    path.write_text("\n".join([*(known.value.hex() for known in EMPTY_FILE), md5("one").value.hex()]))
    report = library.import_file(path, name="set", kind=KNOWN)
    assert report.release.counts.rejects == {"empty-file-digest": 3}
    assert library.lookup_digests(sorted(EMPTY_FILE, key=repr)) == []


def test_opinions_come_back_as_they_were_written(library: Library, tmp_path: Path) -> None:
    """Absent stays absent, false stays false."""
    path = tmp_path / "set.json"
    record = {"MediaID": 7, "Category": 1, "MD5": md5("one").value.hex(), "VictimIdentified": False, "Tags": "x,ท้าย"}
    path.write_text(json.dumps({"value": [record]}))
    library.import_file(path, name="set", kind=KNOWN)
    (found,) = library.lookup_digests([md5("one")])
    assert (found.entry_key, found.opinion) == ("7", Opinion("vics:1", victim_identified=False, tags=("x", "ท้าย")))


def test_a_damaged_release_stops_the_answer(library: Library, write_list: WriteList, tmp_path: Path) -> None:
    """An error, never a silent miss; disabling the release makes the rest answer again."""
    library.import_file(write_list("two"), name="sound", kind=KNOWN)
    release = library.import_file(write_list("one"), name="set", kind=KNOWN).release
    digests = tmp_path / "library" / "releases" / release.release_id / "digests-md5" / "values.bin"
    digests.write_bytes(digests.read_bytes()[::-1])
    reader = Library.open(tmp_path / "library")
    with pytest.raises(Damaged):
        reader.lookup_digests([md5("two")])
    reader.disable(release.release_id)
    assert len(reader.lookup_digests([md5("two")])) == 1


def test_an_unreadable_state_stops_the_library(library: Library, write_list: WriteList, tmp_path: Path) -> None:
    """A broken list of enabled releases is not an empty one."""
    library.import_file(write_list("one"), name="set", kind=KNOWN)
    for content in (b"", b"{", b"[]", b'{"enabled": 3}', b'{"enabled": [], "expiries": {"a": "soon"}}'):
        (tmp_path / "library" / "state.json").write_bytes(content)
        with pytest.raises(Damaged):
            Library.open(tmp_path / "library")


def categories_file(folder: Path, *categories: str) -> Path:
    path = folder / "set.csv"
    path.write_text("md5;category\n" + "".join(f"{md5(name).value.hex()};{name}\n" for name in categories))
    return path


def test_entries_of_a_test_class_never_answer(library: Library, tmp_path: Path) -> None:
    """They are kept and counted; which categories are meant can be said."""
    path = categories_file(tmp_path, "test", "arachnid:Test", "us:1")
    release = library.import_file(path, name="set", kind=KNOWN).release
    assert (release.counts.entries, release.counts.test_class) == (3, 2)
    asked = [md5(name) for name in ("test", "arachnid:Test", "us:1")]
    assert [found.opinion.category for found in library.lookup_digests(asked)] == ["us:1"]
    other = Library.open(tmp_path / "library", test_classes=("1",))
    assert [found.opinion.category for found in other.lookup_digests(asked)] == ["test", "arachnid:Test"]


def test_a_near_entry_of_a_test_class_does_not_answer_either(library: Library, tmp_path: Path) -> None:
    """Whatever it was reached by."""
    known = value()
    path = tmp_path / "set.csv"
    path.write_text(f"pdq;category\n{known.hex()};test\n{flipped(known, 3).hex()};us:1\n")
    library.import_file(path, name="set", kind=KNOWN)
    assert [found.distance for found in library.lookup_fingerprints([fingerprint(known)])] == [3]


def test_a_day_of_expiry_can_be_set_later(write_list: WriteList, tmp_path: Path) -> None:
    """Earlier or later than the release says itself, beside it; a delta inherits it."""
    library = Library.open(tmp_path / "library", now=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    report = library.import_file(write_list("one"), name="set", kind=KNOWN, expires=date(2027, 1, 1))
    release = report.release.release_id
    sealed = (library.release_folder(release) / "manifest.json").read_bytes()
    other = Library.open(tmp_path / "library", now=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    library.expire(release, date(2026, 5, 1))
    assert library.version == "none"
    assert library.lookup_digests([md5("one")]) == []
    assert (library.info(release).expired, library.info(release).expires) == (True, "2026-05-01")
    assert other.version == release
    assert other.refresh()
    assert other.version == "none"
    library.expire(release, date(2028, 1, 1))
    assert library.version == release
    made = library.apply_delta("set", Delta([("x", Entry("x", (md5("x"),)))])).release
    assert made.expires == "2028-01-01"
    assert (library.release_folder(release) / "manifest.json").read_bytes() == sealed
    with pytest.raises(HashSetError) as caught:
        library.expire("none", date(2028, 1, 1))
    assert caught.value.code == "release-unknown"


def test_the_sets_that_answer_today_are_told_with_their_kinds(write_list: WriteList, tmp_path: Path) -> None:
    """Of the release in force, whatever an older one of the set was; neither expired nor disabled ones."""
    today = datetime(2026, 3, 16, tzinfo=UTC)
    library = Library.open(tmp_path / "sets", now=lambda: today)
    library.import_file(write_list("one"), name="turned", kind=KNOWN)
    library.import_file(write_list("one", "two"), name="turned", kind=GOOD)
    library.import_file(write_list("three"), name="old", kind=KNOWN, expires=date(2026, 3, 16))
    off = library.import_file(write_list("four"), name="off", kind=KNOWN).release.release_id
    assert library.answering_sets() == {"turned": GOOD, "off": KNOWN}
    library.disable(off)
    assert library.answering_sets() == {"turned": GOOD}


def test_an_expired_release_answers_nothing_and_says_so(write_list: WriteList, tmp_path: Path) -> None:
    """From its day on, in UTC; the version no longer names it. It stays the set's release and can be replaced."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    library = Library.open(tmp_path / "library", now=lambda: now)
    release = library.import_file(write_list("one"), name="set", kind=KNOWN, expires=date(2026, 5, 3)).release
    assert (release.expires, release.expired, library.version) == ("2026-05-03", False, release.release_id)
    assert len(library.lookup_digests([md5("one")])) == 1
    now = datetime(2026, 5, 3, tzinfo=UTC)
    assert library.lookup_digests([md5("one")]) == []
    assert [(info.enabled, info.expired) for info in library.releases()] == [(True, True)]
    assert library.version == "none"
    library.import_file(write_list("one"), name="set", kind=KNOWN)
    assert [(info.enabled, info.expired) for info in library.releases()] == [(False, True), (True, False)]
    assert len(library.lookup_digests([md5("one")])) == 1
