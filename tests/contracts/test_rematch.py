"""Matching again on any database: the same answers, and a run that ends once, however many finish it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from hashsets.vocabulary import SetKind
from tests.refusals import refused
from tests.unit.triage.services.listing import import_list, recorded_library
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of, examined, value
from triage.domain.items import Outcome
from triage.domain.jobs import Lease, Stage
from triage.domain.matches import MatchPolicy
from triage.services import rematching as module
from triage.services.matching import Matching, holds
from triage.services.rematching import Rematching
from triage.settings import WorkSettings
from triage.store.engine import open_engine
from triage.store.unit_of_work import Store

WORK = WorkSettings(threads=1, lease_seconds=600, max_attempts=3, retry_seconds=0)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two items a job, so that a few items are several jobs."""
    monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(module, "_LISTED", 4)


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


def rematching(store: Store, folder: Path, policy: str = "policy 1") -> Rematching:
    """As one process has it: a store and a library of its own."""
    library = recorded_library(store, folder, policy=policy)
    matching = Matching(store, library, MatchPolicy(policy), lambda: NOW, ACTOR)
    return Rematching(store, matching, WORK, lambda: NOW, ACTOR)


def md5s(names: str) -> list[str]:
    return [digests_of(name.encode()).md5.hex() for name in names]


def claimed(scene: Scene) -> list[Lease]:
    """Every job of the run that is ready, claimed."""
    query = "SELECT id FROM job WHERE state = 'ready' AND stage = 'rematch' ORDER BY id"
    return [scene.claim(int(str(job_id))) for (job_id,) in scene.rows(query)]


def answered(again: Rematching, scene: Scene, names: str) -> list[int]:
    one = scene.submission()
    items = [scene.item(one, name=name, seen=examined(value(name))) for name in names]
    again.matching.match_batch(scene.lease(Stage.MATCH, one, items))
    return items


def owe(again: Rematching) -> int | None:
    with again.store.writing() as unit:
        run_id = again.owing.owe(unit, "a change")
        unit.commit()
    return run_id


def test_a_release_comes_and_goes(store: Store, scene: Scene, tmp_path: Path) -> None:
    """With it its matches, the answers, and what the run says of them."""
    again = rematching(store, tmp_path)
    items = answered(again, scene, "abcde")
    release = import_list(again.matching.library, tmp_path, "known", SetKind.KNOWN, *md5s("ae"))
    results = []
    for change in (
        lambda: None,
        lambda: again.matching.library.disable(release),
        lambda: again.matching.library.enable(release),
    ):
        change()
        run_id = owe(again)
        while jobs := claimed(scene):
            for lease in jobs:
                again.rematch(lease)
        with store.reading() as unit:
            run = unit.rematches.latest()
        assert run
        assert (run.id, run.items, run.finished_at) == (run_id, 5, NOW)
        results.append(run.result and (run.result.changes, run.result.added, run.result.retracted))
    assert results == [({"unknown>known": 2}, 2, 0), ({"known>unknown": 2}, 0, 2), ({"unknown>known": 2}, 2, 0)]
    assert scene.outcomes() == dict(zip(items, ["known", "unknown", "unknown", "unknown", "known"], strict=True))
    assert scene.rows("SELECT count(*), count(ended_at) FROM match") == [(4, 2)]


def test_the_last_batches_finished_at_once_end_the_run_once(
    store: Store, database_url: str, scene: Scene, tmp_path: Path
) -> None:
    """Two processes: neither leaves it to the other, and not both do it."""
    again = rematching(store, tmp_path)
    answered(again, scene, "abcd")
    import_list(again.matching.library, tmp_path, "known", SetKind.KNOWN, *md5s("abcd"))
    other_store = Store(open_engine(database_url), store.signer, store.mirror)
    both = [again, rematching(other_store, tmp_path)]
    for turn in range(4):
        if turn:
            toggle(again)
        owe(again)
        (listing,) = claimed(scene)
        again.rematch(listing)
        batches = claimed(scene)
        ready = Barrier(2)

        def finish(pair: tuple[Rematching, Lease], ready: Barrier = ready) -> None:
            ready.wait()
            pair[0].rematch(pair[1])

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(finish, zip(both, batches, strict=True)))
    finished = [line for line in scene.log() if line.startswith("rematched")]
    other_store.engine.dispose()
    assert scene.rows("SELECT count(*) FROM rematch WHERE finished_at IS NULL") == [(0,)]
    assert len(finished) == 4 * len(["owed", "listed", "finished"])


class TestAnotherPolicy:
    """Machines with different files of the policy do not answer against one another for ever."""

    def test_only_a_command_puts_it_in_force(self, store: Store, scene: Scene, tmp_path: Path) -> None:
        """Whoever has another waits; once a person has asked with it, those who have the old one do."""
        first, other = rematching(store, tmp_path), rematching(store, tmp_path, "policy 2")
        assert first.notice() is None
        answered(first, scene, "abc")
        assert refused(other.notice) == "other-policy"
        assert scene.rows("SELECT count(*) FROM rematch") == [(0,)]
        run_id = other.notice("asked for", insist=True)
        assert run_id
        while jobs := claimed(scene):
            for lease in jobs:
                other.rematch(lease)
        assert refused(first.notice) == "other-policy"
        assert other.notice() is None
        with store.reading() as unit:
            run = unit.rematches.latest()
        assert run
        assert run.before
        assert (run.id, run.before.policy, run.after.policy) == (run_id, "policy 1", "policy 2")

    def test_who_has_another_answers_nothing(self, store: Store, scene: Scene, tmp_path: Path) -> None:
        """Its job stays owed, and nothing of it is written."""
        first, other = rematching(store, tmp_path), rematching(store, tmp_path, "policy 2")
        first.notice()
        one = scene.submission()
        item = scene.item(one, name="a", seen=examined(value("a")), outcome=Outcome.PENDING)
        lease = scene.lease(Stage.MATCH, one, [item])
        assert refused(lambda: other.matching.match_batch(lease)) == "other-policy"
        assert scene.outcomes() == {item: "pending"}
        first.matching.match_batch(lease)
        assert scene.outcomes() == {item: "unknown"}

    def test_one_that_comes_into_force_meanwhile_is_seen(self, store: Store, scene: Scene, tmp_path: Path) -> None:
        """Between the question and the answer's commit."""
        first, other = rematching(store, tmp_path), rematching(store, tmp_path, "policy 2")
        first.notice()
        one = scene.submission()
        item = scene.item(one, name="a", seen=examined(value("a")), outcome=Outcome.PENDING)
        answers = first.matching.answers([item])
        other.notice("asked for", insist=True)
        with store.writing() as unit:
            assert refused(lambda: holds(unit, answers)) == "other-policy"

    def test_a_change_of_sets_owes_what_is_in_force(self, store: Store, scene: Scene, tmp_path: Path) -> None:
        """Whichever machine it is made on."""
        first, other = rematching(store, tmp_path), rematching(store, tmp_path, "policy 2")
        first.notice()
        answered(first, scene, "ab")
        import_list(other.matching.library, tmp_path, "known", SetKind.KNOWN, *md5s("a"))
        with store.reading() as unit:
            run = unit.rematches.latest()
        assert run
        assert run.after.policy == "policy 1"


def toggle(again: Rematching) -> None:
    """Put the one release in force, or out of it."""
    (release,) = again.matching.library.releases()
    (again.matching.library.disable if release.enabled else again.matching.library.enable)(release.release_id)
