"""What we say of entries ourselves, beside the releases."""

from __future__ import annotations

import hashlib
import multiprocessing
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.errors import Damaged, HashSetError
from hashsets.library import Library
from hashsets.states import EntryState, Feedback
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Fingerprint, FingerprintAlgorithm, Profile, StateKind

DISABLED, QUARANTINED = StateKind.DISABLED, StateKind.QUARANTINED
CONFIRMED, REFUTED = StateKind.CONFIRMED, StateKind.REFUTED
TODAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = TODAY

    def __call__(self) -> datetime:
        return self.now


def digest(word: str) -> Digest:
    return Digest(DigestAlgorithm.MD5, hashlib.md5(word.encode()).digest())


def pdq(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


def entries(*keys: str) -> Delta:
    return Delta([(key, Entry(key, (digest(key),), (pdq(key),))) for key in keys])


@pytest.fixture
def clock() -> Clock:
    """The first of May at noon."""
    return Clock()


@pytest.fixture
def library(tmp_path: Path, clock: Clock) -> Library:
    """A library with the entries a, b and c."""
    made = Library.open(tmp_path / "library", now=clock)
    made.apply_delta("set", entries("a", "b", "c"))
    return made


def answering(library: Library) -> str:
    """The keys that answer, exactly and nearly."""
    exact = "".join(found.entry_key for found in library.lookup_digests([digest(key) for key in "abc"]))
    asked = [Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, pdq(key)) for key in "abc"]
    assert exact == "".join(found.entry_key for found in library.lookup_fingerprints(asked))
    return exact


@pytest.mark.parametrize(("kind", "note"), [(QUARANTINED, "noisy"), (REFUTED, "")])
def test_entries_that_are_quarantined_or_refuted_do_not_answer(kind: StateKind, note: str, library: Library) -> None:
    """Neither exactly nor nearly, until it is taken back."""
    library.set_state("set", "b", kind, by="analyst-1", note=note)
    assert answering(library) == "ac"
    library.clear_state("set", "b", kind, by="analyst-2")
    assert (answering(library), library.states()) == ("abc", [])


def test_a_disabled_entry_answers_again_on_its_day(library: Library, clock: Clock) -> None:
    """In UTC; the version tells the two answers apart."""
    library.set_state("set", "b", DISABLED, by="analyst-1", until=date(2026, 5, 3))
    silent = library.version
    clock.now = datetime(2026, 5, 2, 23, 59, tzinfo=UTC)
    assert (answering(library), library.version) == ("ac", silent)
    clock.now = datetime(2026, 5, 3, tzinfo=UTC)
    assert answering(library) == "abc"
    assert library.version != silent


def test_a_confirmed_entry_says_so(library: Library) -> None:
    """In its candidate; the others say nothing."""
    library.set_state("set", "b", CONFIRMED, by="analyst-1", note="seen-twice")
    assert [found.state for found in library.lookup_digests([digest(key) for key in "abc"])] == [
        None,
        "confirmed",
        None,
    ]


def test_the_later_verdict_replaces_the_one_before(library: Library) -> None:
    """Confirmed or refuted, never both; what else is said of the entry stays."""
    for kind in (QUARANTINED, CONFIRMED, REFUTED):
        library.set_state("set", "a", kind, by="analyst-1", note="n1")
    assert [state.kind for state in library.states()] == [QUARANTINED, REFUTED]
    library.set_state("set", "a", CONFIRMED, by="analyst-2")
    assert [state.kind for state in library.states()] == [CONFIRMED, QUARANTINED]


def test_states_name_who_when_and_why(library: Library) -> None:
    """And come back from the disk as they were said."""
    said = library.set_state("set", "a", DISABLED, by="ผู้วิเคราะห์", note="under-review", until=date(2026, 6, 1)).state
    stamp = "2026-05-01T12:00:00.000000+00:00"
    assert said == EntryState("set", "a", DISABLED, "ผู้วิเคราะห์", stamp, "under-review", date(2026, 6, 1))
    assert Library.open(library._root).states() == [said]


def test_every_change_changes_the_version(library: Library, clock: Clock) -> None:
    """Saying, saying again and taking back, so that an answer names the state it came from; nothing said, no part."""
    release = library.version
    versions = [release]
    for _ in range(2):
        library.set_state("set", "a", CONFIRMED, by="analyst-1")
        versions.append(library.version)
    library.clear_state("set", "a", CONFIRMED, by="analyst-1")
    versions.append(library.version)
    assert len(set(versions)) == 4
    assert [version.split("+")[0] for version in versions] == [release] * 4
    assert Library.open(library._root, now=clock).version == versions[-1]


def test_states_hold_for_later_releases_of_the_set_and_for_no_other_set(library: Library) -> None:
    """They belong to the set's key, whatever the record becomes."""
    library.set_state("set", "a", REFUTED, by="analyst-1")
    library.apply_delta("set", entries("d"))
    library.apply_delta("other", entries("a"))
    assert [found.set_name for found in library.lookup_digests([digest("a")])] == ["other"]


def test_an_open_library_takes_up_states_when_it_is_refreshed(library: Library, clock: Clock) -> None:
    """Not before: its version names the state that it answers from."""
    reader = Library.open(library._root, now=clock)
    before = reader.version
    library.set_state("set", "a", REFUTED, by="analyst-1")
    assert (answering(reader), reader.version) == ("abc", before)
    assert reader.refresh()
    assert (answering(reader), reader.version) == ("bc", library.version)
    assert not reader.refresh()


def test_feedback_is_what_analysts_found(library: Library) -> None:
    """Confirmed and refuted entries of the set, without who said so."""
    library.apply_delta("other", entries("a"))
    library.set_state("other", "a", REFUTED, by="analyst-1")
    library.set_state("set", "a", CONFIRMED, by="analyst-1", note="n1")
    library.set_state("set", "b", REFUTED, by="analyst-2", note="n2")
    library.set_state("set", "c", QUARANTINED, by="analyst-2", note="noisy")
    stamp = "2026-05-01T12:00:00.000000+00:00"
    assert list(library.feedback("set")) == [
        Feedback("a", CONFIRMED, stamp, "n1"),
        Feedback("b", REFUTED, stamp, "n2"),
    ]


@pytest.mark.parametrize(
    ("set_name", "key", "code"),
    [("set", "z", "entry-unknown"), ("set", "", "entry-unknown"), ("another", "a", "set-unknown")],
)
def test_what_the_release_in_force_does_not_list_cannot_be_spoken_of(
    set_name: str, key: str, code: str, library: Library
) -> None:
    """A mistyped key would silence nothing, in silence."""
    with pytest.raises(HashSetError) as caught:
        library.set_state(set_name, key, CONFIRMED, by="analyst-1")
    assert caught.value.code == code


def test_only_what_was_said_can_be_taken_back(library: Library) -> None:
    """Of the same kind; also when the entry has been retracted since."""
    library.set_state("set", "a", CONFIRMED, by="analyst-1")
    with pytest.raises(HashSetError) as caught:
        library.clear_state("set", "a", REFUTED, by="analyst-1")
    assert caught.value.code == "state-unknown"
    library.apply_delta("set", Delta([("a", None)]))
    library.clear_state("set", "a", CONFIRMED, by="analyst-1")
    assert library.states() == []


@pytest.mark.parametrize(
    ("kind", "by", "note", "until", "code"),
    [
        (DISABLED, "analyst-1", "", None, "state-date-unusable"),
        (CONFIRMED, "analyst-1", "", date(2026, 6, 1), "state-date-unusable"),
        (QUARANTINED, "analyst-1", "", None, "state-note-unusable"),
        (CONFIRMED, "", "", None, "state-note-unusable"),
        (CONFIRMED, "analyst-1", "two\nlines", None, "state-note-unusable"),
        (CONFIRMED, "x" * 101, "", None, "state-note-unusable"),
    ],
)
def test_a_state_without_its_facts_is_refused(
    kind: StateKind, by: str, note: str, until: date | None, code: str, library: Library
) -> None:
    """A day for disabled entries alone, a reason for quarantined ones, somebody who says it."""
    with pytest.raises(HashSetError) as caught:
        library.set_state("set", "a", kind, by=by, note=note, until=until)
    assert (caught.value.code, library.states()) == (code, [])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE change SET entry_key = 'b' WHERE number = 1",
        "UPDATE change SET kind = 'confirmed' WHERE number = 1",
        "UPDATE change SET kind = 'liked' WHERE number = 1",
        "UPDATE change SET cleared = 1 WHERE number = 2",
        "DELETE FROM change WHERE number = 1",
        "DROP TABLE change",
    ],
)
def test_changed_states_are_refused(statement: str, library: Library) -> None:
    """What is said is sealed, each change with the one before."""
    library.set_state("set", "a", REFUTED, by="analyst-1")
    library.set_state("set", "b", REFUTED, by="analyst-1")
    connection = sqlite3.connect(library._root / "states.sqlite")
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(Damaged):
        Library.open(library._root)


@pytest.mark.parametrize("content", [b"", b"no database", b"\0" * 8192])
def test_an_unreadable_file_of_states_is_no_empty_one(content: bytes, library: Library) -> None:
    """Refuted entries must not answer again because a file broke."""
    library.set_state("set", "a", REFUTED, by="analyst-1")
    (library._root / "states.sqlite").write_bytes(content)
    with pytest.raises(Damaged):
        Library.open(library._root)


def test_an_older_copy_of_the_states_is_taken_for_what_it_says(library: Library) -> None:
    """Somebody restored a backup: fewer changes, and the version says so."""
    library.set_state("set", "a", REFUTED, by="analyst-1")
    kept, version = (library._root / "states.sqlite").read_bytes(), library.version
    library.set_state("set", "b", REFUTED, by="analyst-1")
    (library._root / "states.sqlite").write_bytes(kept)
    assert library.refresh()
    assert (answering(library), library.version) == ("bc", version)


def _say(root: Path, who: str) -> None:
    library = Library.open(root, now=lambda: TODAY)
    for number in range(10):
        library.set_state("set", "abc"[number % 3], CONFIRMED, by=who)


def test_several_processes_may_speak_at_once(library: Library, clock: Clock) -> None:
    """One after another: no change is lost, and the seals follow each other."""
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_say, args=(library._root, f"analyst-{number}")) for number in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]
    assert "+states.20.0." in Library.open(library._root, now=clock).version


def test_states_are_asked_for_by_a_name_that_there_is(library: Library) -> None:
    """A mistyped name is told apart from a set of which nothing is said."""
    assert library.states("set") == []
    with pytest.raises(HashSetError) as unknown:
        library.states("sett")
    assert unknown.value.code == "set-unknown"


def test_an_entry_is_disabled_until_a_day_to_come(library: Library, clock: Clock) -> None:
    """One that has come would say that the entry does not answer, and it would."""
    with pytest.raises(HashSetError) as past:
        library.set_state("set", "a", DISABLED, by="analyst-1", until=clock().date())
    assert past.value.code == "state-date-unusable"
    assert library.states() == []
