"""Two machines on one database: one truth of what is in force, and answers of no other state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from hashsets.copying import Holding
from hashsets.deltas import Delta
from hashsets.errors import HashSetError
from hashsets.library import Library
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, SetKind, StateKind
from tests.unit.triage.services.listing import import_list
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of
from triage.domain.errors import Conflict, Tampered, Unavailable
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.domain.matches import MatchPolicy
from triage.domain.sources import ByteSource
from triage.services import shelving
from triage.services.answering import Answers
from triage.services.importing import Importing
from triage.services.matching import Matching
from triage.services.owing import Owing
from triage.services.recording_sets import RecordingSets
from triage.services.rematching import Rematching
from triage.services.shelving import Shelf
from triage.settings import WorkSettings
from triage.store.engine import open_engine
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.seam import SealedObject

WORK = WorkSettings(threads=1, lease_seconds=600, max_attempts=3, retry_seconds=0)


@dataclass
class Calendar:
    """The day as the database tells it."""

    today: date


@dataclass
class Machine:
    """A library folder of its own, over a database and a vault that others use, too."""

    library: Library
    shelf: Shelf
    matching: Matching
    rematching: Rematching
    importing: Importing
    root: Path

    def list(self, name: str, *values: str, kind: SetKind = SetKind.KNOWN) -> str:
        """Import a set; its release's id."""
        return import_list(self.library, self.root.parent, name, kind, *values)

    def answer(self, scene: Scene, *items: int) -> None:
        """Match items as new ones."""
        self.matching.match_batch(scene.lease(Stage.MATCH, 1, items))

    def rematch(self, scene: Scene) -> None:
        """Every job of the run that is owed."""
        query = "SELECT id FROM job WHERE state = 'ready' AND stage = 'rematch' ORDER BY id LIMIT 1"
        while rows := scene.rows(query):
            self.rematching.rematch(scene.claim(int(str(rows[0][0]))))


@pytest.fixture
def calendar() -> Calendar:
    return Calendar(NOW.date())


@pytest.fixture
def machines(store: Store, database_url: str, tmp_path: Path, calendar: Calendar) -> Iterator[Sequence[Machine]]:
    """Two, each with a connection of its own."""
    keys = FileKeyProvider.create(tmp_path / "vault.key", evidence_exists=False)

    def machine(name: str, opened: Store) -> Machine:
        root = tmp_path / name / "hashsets"
        root.mkdir(parents=True)
        shelf = Shelf(opened, LocalVault(tmp_path / "vault", keys), root)
        owing = Owing("policy 1", lambda: NOW, ACTOR)
        recording = RecordingSets(opened, owing, shelf, lambda: NOW, ACTOR, lambda _: calendar.today)
        library = Library.open(root, now=lambda: NOW, keeper=recording)
        matching = Matching(opened, library, MatchPolicy("policy 1"), lambda: NOW, ACTOR)
        rematching = Rematching(opened, matching, WORK, lambda: NOW, ACTOR)
        return Machine(library, shelf, matching, rematching, Importing(library, shelf), root)

    other = Store(open_engine(database_url), store.signer, store.mirror)
    yield machine("first", store), machine("second", other)
    other.engine.dispose()


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


def md5(data: bytes) -> str:
    return digests_of(data).md5.hex()


def entry(key: str) -> tuple[str, Entry]:
    return key, Entry(key, (Digest(DigestAlgorithm.MD5, digests_of(key.encode()).md5),))


def test_what_one_machine_imports_the_other_knows(machines: Sequence[Machine], scene: Scene) -> None:
    """Without a word between them but the database and the vault."""
    first, second = machines
    release = first.list("known", md5(b"a"))
    scene.submission()
    item = scene.item(1, name="a", outcome=Outcome.PENDING)
    second.answer(scene, item)
    assert scene.outcomes() == {item: "known"}
    assert second.library.version == first.library.version == release
    assert (second.root / "releases" / release / "manifest.json").is_file()
    assert not list((second.root / "releases").glob(".*"))


def test_states_of_entries_and_expiries_hold_everywhere(machines: Sequence[Machine]) -> None:
    """And who said what is told alike on both."""
    first, second = machines
    first.library.apply_delta("set", Delta([entry("a"), entry("b")], "checkpoint 1"))
    first.library.set_state("set", "a", StateKind.REFUTED, by=ACTOR, note="n1")
    asked = [Digest(DigestAlgorithm.MD5, digests_of(key).md5) for key in (b"a", b"b")]
    second.library.refresh()
    assert [found.entry_key for found in second.library.lookup_digests(asked)] == ["b"]
    second.library.set_state("set", "b", StateKind.CONFIRMED, by="another")
    first.library.refresh()
    assert [(one.number, one.state.by) for one in first.library.history("set", "b")] == [(2, "another")]
    assert second.library.checkpoint("set") == "checkpoint 1"
    assert first.library.version == second.library.version
    second.library.expire(second.library.in_force("set").release_id, NOW.date())
    first.library.refresh()
    assert first.library.lookup_digests(asked) == []


def test_changes_on_both_at_once_are_made_one_after_the_other(
    machines: Sequence[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second takes up the first one's change; neither is lost."""
    first, second = machines
    put = Shelf.put
    raced: list[str] = []

    def meanwhile(shelf: Shelf, release_id: str) -> None:
        put(shelf, release_id)
        if not raced:
            raced.append(release_id)
            raced.append(second.list("theirs", md5(b"b")))

    monkeypatch.setattr(Shelf, "put", meanwhile)
    first.list("ours", md5(b"a"))
    second.library.refresh()
    assert sorted(first.library.version.split("+")) == sorted(raced)
    assert first.library.version == second.library.version


def test_updates_of_a_release_that_another_machine_has_replaced_are_refused(
    machines: Sequence[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would undo what the other has done."""
    first, second = machines
    first.library.apply_delta("set", Delta([entry("a")]))
    put = Shelf.put
    raced: list[str] = []

    def meanwhile(shelf: Shelf, release_id: str) -> None:
        put(shelf, release_id)
        if not raced:
            raced.append(release_id)
            second.library.apply_delta("set", Delta([entry("b")]))

    monkeypatch.setattr(Shelf, "put", meanwhile)
    with pytest.raises(HashSetError) as refused:
        first.library.apply_delta("set", Delta([entry("c")]))
    assert refused.value.code == "set-changed-meanwhile"
    first.library.refresh()
    assert first.library.version == second.library.version


def test_a_machine_that_slept_through_a_change_commits_nothing_of_before(
    machines: Sequence[Machine], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers are ready when the other changes the sets, and the re-match has listed all that rests on before."""
    first, second = machines
    scene.submission()
    items = [scene.item(1, name=name, outcome=Outcome.PENDING) for name in ("a", "b")]
    second.answer(scene, items[0])
    answers = Matching.answers
    asked: list[str] = []

    def asleep(matching: Matching, item_ids: Sequence[int]) -> Answers:
        found = answers(matching, item_ids)
        asked.append(found.releases)
        if len(asked) == 1:
            first.list("known", md5(b"a"), md5(b"b"))
            first.rematch(scene)
        return found

    monkeypatch.setattr(Matching, "answers", asleep)
    second.answer(scene, items[1])
    assert scene.outcomes() == dict.fromkeys(items, "known")
    assert (asked[0], asked[-1]) == ("none", second.library.version)
    assert scene.rows("SELECT count(*) FROM item JOIN comparison ON comparison.id = comparison_id"
                      f" WHERE releases = '{second.library.version}'") == [(2,)]  # fmt: skip


def test_a_day_that_comes_is_the_same_day_for_all(
    machines: Sequence[Machine], scene: Scene, calendar: Calendar
) -> None:
    """Whoever asks first records it and owes the re-match; whoever answered for the day before answers again."""
    first, second = machines
    release = first.list("known", md5(b"a"))
    first.library.expire(release, NOW.date() + timedelta(days=1))
    scene.submission()
    item = scene.item(1, name="a", outcome=Outcome.PENDING)
    second.answer(scene, item)
    assert scene.outcomes() == {item: "known"}
    calendar.today += timedelta(days=1)
    first.rematching.notice()
    assert scene.rows("SELECT because FROM rematch") in ([(["day-came"],)], [('["day-came"]',)])
    second.rematch(scene)
    assert scene.outcomes() == {item: "undecodable"}
    assert second.library.version == first.library.version == "none"


def test_a_release_on_an_earlier_one_comes_with_what_it_rests_on(
    machines: Sequence[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer with its ground; a layer on a merged form with that, and no machine merges what another has merged."""
    monkeypatch.setattr("hashsets.merging.DUE_ABOVE", 0)
    first, second = machines
    digests = [Digest(DigestAlgorithm.MD5, digests_of(key.encode()).md5) for key in "abcd"]
    for number, key in enumerate("abc"):
        first.library.apply_delta("set", Delta([entry(key)]))
        second.library.refresh()
        assert len(second.library.lookup_digests(digests)) == number + 1
        first.importing.merge("set", lambda _: None)
    release = second.library.in_force("set").release_id
    merged = Holding(release, merged=True).folder(second.root)
    assert not merged.exists()
    assert not second.importing.merge("set", lambda _: None)
    assert merged.is_dir()
    second.library.apply_delta("set", Delta([entry("d")]))
    first.library.refresh()
    assert len(first.library.lookup_digests(digests)) == 4


def test_what_is_damaged_in_the_vault_is_not_taken_in(
    machines: Sequence[Machine], scene: Scene, tmp_path: Path
) -> None:
    """The line stops and items wait; once the bytes are back, work goes on."""
    first, second = machines
    first.list("known", md5(b"a"))
    scene.submission()
    item = scene.item(1, name="a", outcome=Outcome.PENDING)
    (segment,) = (tmp_path / "vault").glob("*.pack")
    whole = segment.read_bytes()
    segment.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    lease = scene.lease(Stage.MATCH, 1, [item])
    with pytest.raises(Tampered):
        second.matching.match_batch(lease)
    assert scene.outcomes() == {item: "pending"}
    assert not [path for path in (second.root / "releases").glob("*") if not path.name.startswith(".")]
    segment.write_bytes(whole)
    second.matching.match_batch(lease)
    assert scene.outcomes() == {item: "known"}


def test_a_vault_that_is_away_is_waited_for(machines: Sequence[Machine], scene: Scene, tmp_path: Path) -> None:
    """Unavailable, so that the job is tried again; a release that nobody shared is the same."""
    first, second = machines
    first.list("known", md5(b"a"))
    scene.submission()
    item = scene.item(1, name="a", outcome=Outcome.PENDING)
    lease = scene.lease(Stage.MATCH, 1, [item])
    (tmp_path / "vault").rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable) as away:
        second.matching.match_batch(lease)
    assert away.value.code == "vault-absent"
    (tmp_path / "elsewhere").rename(tmp_path / "vault")
    with scene.store.writing() as unit:
        unit.connection.exec_driver_sql("UPDATE shelved_release SET whole = false")
        unit.commit()
    with pytest.raises(Unavailable) as absent:
        second.matching.match_batch(lease)
    assert absent.value.code == "release-not-shared"


def test_an_interrupted_copy_goes_on_where_it_was(
    machines: Sequence[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the way into the vault and out of it: parts that were whole are not moved again."""
    monkeypatch.setattr(shelving, "PART", 1_000)
    first, second = machines
    values = [md5(bytes([one])) for one in range(200)]
    sealed: list[int] = []
    read = shelving._read

    def failing(path: Path, begin: int) -> Iterator[bytes]:
        sealed.append(begin)
        if len(sealed) == 4:
            raise OSError(5, "made up")
        return read(path, begin)

    monkeypatch.setattr(shelving, "_read", failing)
    with pytest.raises(OSError, match="made up"):
        first.list("known", *values)
    (made,) = [info.release_id for info in first.library.releases()]
    first.library.refresh()
    assert first.library.version == "none"
    first.library.enable(made)
    assert len(sealed) == len(shelving._places(Holding(made).folder(first.root), _names(first.root, made))) + 1
    opened: list[str] = []
    real = LocalVault.open

    def broken(vault: LocalVault, locator: SealedObject) -> ByteSource:
        opened.append(locator.object_id)
        if len(opened) == 4:
            raise Unavailable("made-up", "The vault went away.")
        return real(vault, locator)

    monkeypatch.setattr(LocalVault, "open", broken)
    with pytest.raises(Unavailable):
        second.library.refresh()
    second.library.refresh()
    assert len(opened) == len({*opened}) + 1
    assert second.library.version == made


def _names(root: Path, release_id: str) -> list[str]:
    holding = Holding(release_id)
    return [*holding.sealed_list(holding.folder(root))[1], holding.list_name]


def test_the_vault_and_the_database_tell_no_names_and_no_values(
    machines: Sequence[Machine], scene: Scene, tmp_path: Path
) -> None:
    """What lies in the vault is sealed under random names."""
    first, _ = machines
    first.list("confidential", md5(b"a"))
    for path in (tmp_path / "vault").iterdir():
        assert b"confidential" not in path.read_bytes()
        assert digests_of(b"a").md5 not in path.read_bytes()
        assert "confidential" not in path.name
    with scene.store.reading() as unit:
        referenced = unit.read.referenced_bytes()
    assert {path.name: path.stat().st_size for path in (tmp_path / "vault").iterdir()} == referenced


def test_two_machines_do_not_merge_one_release_in_two_ways(
    machines: Sequence[Machine], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second is refused, and nothing is laid on its own form."""
    monkeypatch.setattr("hashsets.merging.DUE_ABOVE", 0)
    first, second = machines
    for key in "ab":
        first.library.apply_delta("set", Delta([entry(key)]))
    second.library.refresh()
    monkeypatch.setattr(Shelf, "fetch_merged", lambda *_: False)
    first.importing.merge("set", lambda _: None)
    form = Holding(first.library.in_force("set").release_id, merged=True)
    second.library.merge("set")
    with scene.store.writing() as unit:
        unit.connection.exec_driver_sql("UPDATE shelved_release SET seal = 'of another form' WHERE merged")
        unit.commit()
    with pytest.raises(Conflict) as refused:
        second.shelf.put(form.release_id)
    assert refused.value.code == "merged-elsewhere"
