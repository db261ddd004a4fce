"""However what is known changes, and whenever runs are taken up: the answers are those that the last state gives."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.deltas import Delta
from hashsets.errors import HashSetError
from hashsets.library import Library
from hashsets.states import StateKind
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion, SetKind
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of, examined, flipped, value
from triage.domain.checkpoints import LogSigner
from triage.domain.jobs import Stage
from triage.domain.match_policy import MatchPolicy, Nearness
from triage.services import rematching as module
from triage.services.matching import Matching
from triage.services.owing import Owing
from triage.services.recording_sets import RecordingSets
from triage.services.rematching import Rematching
from triage.settings import WorkSettings
from triage.store.engine import open_engine
from triage.store.schema import upgrade_schema
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

KINDS = {"one": SetKind.KNOWN, "two": SetKind.KNOWN, "good": SetKind.KNOWN_GOOD}
ENTRIES = [Entry(name, digests=(Digest(DigestAlgorithm.MD5, digests_of(name.encode()).md5),)) for name in "abcd"]
ENTRIES += [Entry(str(bits), fingerprints=(flipped(value("e"), *range(bits)),)) for bits in (0, 6, 25)]

Change = Callable[["House"], object]
SETS = st.sampled_from(sorted(KINDS))
KEYS = st.sampled_from([entry.key for entry in ENTRIES])


def updates(name: str, chosen: list[tuple[Entry, str | None]]) -> Change:
    """A delta: entries under a category, or retracted."""
    told = [
        (entry.key, category and replace(entry, opinion=Opinion(category=category))) for entry, category in chosen
    ]
    return lambda house: house.library.apply_delta(name, Delta(told), kind=KINDS[name])  # type: ignore[arg-type]


def policy(reach: int) -> Change:
    """Another reach."""
    return lambda house: house.follow(MatchPolicy(f"reach {reach}", Nearness(reach=reach, reach_when_turned=reach)))


CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(updates, SETS, st.lists(st.tuples(st.sampled_from(ENTRIES), st.sampled_from(["1", "2", None])))),
    st.builds(policy, st.sampled_from([0, 10, 31])),
    st.integers(0, 9).map(lambda place: lambda house: house.library.enable(house.release(place))),
    st.integers(0, 9).map(lambda place: lambda house: house.library.disable(house.release(place))),
    st.tuples(SETS, KEYS).map(
        lambda entry: lambda house: house.library.set_state(*entry, StateKind.REFUTED, by=ACTOR)
    ),
    st.tuples(SETS, KEYS).map(
        lambda entry: lambda house: house.library.clear_state(*entry, StateKind.REFUTED, by=ACTOR)
    ),
)


@dataclass
class House:
    """A store and a library, and items that have an answer from before anything was known."""

    scene: Scene
    library: Library
    rematching: Rematching

    def release(self, place: int) -> str:
        """One of the releases that there are."""
        releases = self.library.releases()
        return releases[place % len(releases)].release_id if releases else "none"

    def follow(self, policy: MatchPolicy) -> None:
        """Match under this policy from now on."""
        self.rematching = replace(self.rematching, matching=replace(self.rematching.matching, policy=policy))

    def owe(self) -> None:
        """As whoever changes the library does."""
        with self.scene.store.writing() as unit:
            self.rematching.owing.owe(unit, "a change")
            unit.commit()

    def work(self, most: int) -> None:
        """So many jobs of the run, or all that are left."""
        query = "SELECT id FROM job WHERE state = 'ready' AND stage = 'rematch' ORDER BY id LIMIT 1"
        for _ in range(most):
            for (job_id,) in self.scene.rows(query):
                self.rematching.rematch(self.scene.claim(int(str(job_id))))

    def standing(self) -> Counter[tuple[object, ...]]:
        """Matches in force."""
        columns = "item_id, release_id, entry_key, subject, algorithm, profile, distance, transform"
        category = "json_extract(opinion, '$.category')"
        return Counter(self.scene.rows(f"SELECT {columns}, {category} FROM match WHERE ended_at IS NULL"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, to be copied."""
    path = tmp_path_factory.mktemp("template") / "triage.sqlite3"
    upgrade_schema(f"sqlite:///{path}")
    return path


def build(template: Path, folder: Path) -> House:
    """A house in which nothing is known, and each item has been told so."""
    shutil.copyfile(template, folder / "triage.sqlite3")
    (folder / "sets").mkdir()
    signer = LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    store = Store(open_engine(f"sqlite:///{folder / 'triage.sqlite3'}"), signer, LogMirror.create(folder / "witness"))
    ticks = count()
    owing = Owing("reach 31", lambda: NOW, ACTOR)
    recording = RecordingSets(store, owing, None, lambda: NOW, ACTOR, lambda _: NOW.date())
    library = Library.open(folder / "sets", now=lambda: NOW + timedelta(seconds=next(ticks)), keeper=recording)
    matching = Matching(store, library, MatchPolicy("reach 31"), lambda: NOW, ACTOR)
    work = WorkSettings(threads=1, lease_seconds=600, max_attempts=3, retry_seconds=0)
    house = House(Scene(store), library, Rematching(store, matching, work, lambda: NOW, ACTOR))
    one = house.scene.submission()
    items = [house.scene.item(one, name=name, seen=examined(value(name))) for name in "abcde"]
    items.append(house.scene.item(one, seen=examined(flipped(value("e"), 200, 201))))
    matching.match_batch(house.scene.lease(Stage.MATCH, one, items))
    return house


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(CHANGES, st.integers(0, 3)), max_size=8))
def test_the_last_state_alone_decides(
    steps: list[tuple[Change, int]], template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As if every item were matched for the first time; what ended is kept, and the run counts what it changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH", 2)
        patch.setattr(module, "_LISTED", 4)
        house = build(template, tmp_path_factory.mktemp("house"))
        for change, jobs in steps:
            rows = house.scene.rows("SELECT count(*) FROM match")
            with suppress(HashSetError):
                change(house)
            house.owe()
            house.work(jobs)
            assert house.scene.rows("SELECT count(*) FROM match") >= rows
        house.work(1_000)
    ids = sorted(house.scene.outcomes())
    fresh = house.rematching.matching.answers(ids)
    assert house.scene.outcomes() == {one: answer.outcome for one, answer in fresh.answers.items()}
    assert house.standing() == Counter(
        (
            match.item_id,
            match.candidate.release_id,
            match.candidate.entry_key,
            match.subject,
            match.candidate.algorithm,
            match.candidate.profile or "",
            match.candidate.distance,
            match.candidate.transform,
            match.candidate.opinion.category,
        )
        for matches in fresh.matches.values()
        for match in matches
    )
    assert house.scene.rows(
        "SELECT DISTINCT policy, releases FROM item JOIN comparison ON comparison.id = comparison_id"
    ) == [(house.rematching.matching.policy.version, house.library.version)]
    assert not house.scene.rows("SELECT id FROM rematch WHERE finished_at IS NULL")
    house.scene.store.engine.dispose()
