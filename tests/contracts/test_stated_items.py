"""Items of which nothing is held, on every kind of database: told, told again, matched, and then their bytes come."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert

from hashsets.library import Library
from hashsets.vocabulary import Digest, DigestAlgorithm, SetKind
from tests.unit.triage.services.listing import import_list, recorded_library
from tests.unit.triage.stored import ACTOR, NOW, SEALED, Scene, digests_of
from triage.domain.items import ItemKind
from triage.domain.jobs import Stage
from triage.domain.match_policy import MatchPolicy
from triage.domain.submissions import Found
from triage.services.matching import Matching
from triage.services.taking_items import first_jobs, take
from triage.services.taking_stated import StatedItem, TakenStated, take_stated
from triage.store.items import NewItem
from triage.store.review_tables import decision, principal
from triage.store.unit_of_work import Store

BYTES = b"synthetic bytes"


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


@pytest.fixture
def library(store: Store, tmp_path: Path) -> Library:
    (tmp_path / "hashsets").mkdir()
    return recorded_library(store, tmp_path / "hashsets")


def tell(scene: Scene, *algorithms: str, other: str = "") -> TakenStated:
    """A submission that tells these digests of BYTES; of `other` those of other bytes."""
    told = tuple(
        Digest(DigestAlgorithm(one), getattr(digests_of(b"other" if one == other else BYTES), one))
        for one in algorithms
    )
    submission = scene.submission()
    with scene.store.writing() as unit:
        taken = take_stated(unit, submission, [StatedItem(told)], NOW, ACTOR)
        unit.submissions.add_occurrences(submission, [(one, Found(b"f", 0, 0)) for one in taken.item_ids if one])
        unit.jobs.add(taken.jobs)
        unit.custody.append(taken.events)
        unit.commit()
    return taken


def bring(scene: Scene) -> None:
    """A seizure with the bytes; nothing parses them."""
    submission = scene.submission()
    new = NewItem(digests_of(BYTES), len(BYTES), ItemKind.OTHER, 0, sealed=SEALED)
    with scene.store.writing() as unit:
        taken = take(unit, [new], NOW)
        unit.submissions.add_occurrences(submission, [(taken.ids[new.digests.sha256], Found(b"f", 1, 0))])
        jobs = first_jobs(submission, taken.to_examine, {})
        unit.jobs.add([type(job)(Stage.MATCH, job.submission_id, job.item_ids) for job in jobs])
        unit.commit()


def work(scene: Scene, library: Library) -> None:
    """Answer whatever waits for its answer."""
    matching = Matching(scene.store, library, MatchPolicy("policy 1"), lambda: NOW, ACTOR)
    for (job,) in scene.rows("SELECT id FROM job WHERE state = 'ready' AND stage = 'match' ORDER BY id"):
        matching.match_batch(scene.claim(int(str(job))))


def state(scene: Scene) -> set[tuple[object, ...]]:
    """What stands for anything: the kind, answer and number of places of each item, and whether it was disputed."""
    return set(
        scene.rows(
            "SELECT i.kind, i.outcome, i.sha1, count(o.id),"
            " (SELECT count(*) FROM processing_note n WHERE n.item_id = i.id AND n.code = 'digests-disagree')"
            " FROM item i LEFT JOIN occurrence o ON o.item_id = i.id WHERE i.same_as IS NULL"
            " GROUP BY i.id, i.kind, i.outcome, i.sha1"
        )
    )


def test_told_by_md5_alone_it_is_known_and_closed(scene: Scene, library: Library, tmp_path: Path) -> None:
    import_list(library, tmp_path, "known", SetKind.KNOWN, digests_of(BYTES).md5.hex())
    (item,) = tell(scene, "md5").item_ids
    work(scene, library)
    assert scene.rows("SELECT id, outcome, closed_because FROM item") == [
        (item, "known", "exact match: known, as told")
    ]


def test_a_digest_told_beside_another_sets_nothing_aside(scene: Scene, library: Library, tmp_path: Path) -> None:
    """Whoever tells a harmless file's MD5 beside a SHA-256 must not hide it from those who told that alone."""
    import_list(library, tmp_path, "good", SetKind.KNOWN_GOOD, digests_of(BYTES).md5.hex())
    tell(scene, "sha256", "md5")
    work(scene, library)
    assert scene.rows("SELECT outcome, because FROM item") == [("not-examined", "digests-only")]


def test_the_empty_files_digest_names_nothing(scene: Scene) -> None:
    submission = scene.submission()
    with scene.store.writing() as unit:
        told = Digest(DigestAlgorithm.MD5, digests_of(b"").md5)
        assert take_stated(unit, submission, [StatedItem((told,))], NOW, ACTOR).item_ids == (None,)


TELLINGS = (("md5",), ("sha1",), ("sha256", "md5"), ("sha256", "sha1"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_whatever_is_told_first_the_bytes_decide(scene: Scene, library: Library, order: tuple[int, ...]) -> None:
    """One item in the end, held, with a place in every submission; nobody lied."""
    steps: list[Callable[[], object]] = [partial(tell, scene, *one) for one in TELLINGS[1:]]
    steps.append(partial(bring, scene))
    tell(scene, "md5")
    for position in order:
        steps[position]()
        work(scene, library)
    assert state(scene) == {("other", "undecodable", digests_of(BYTES).sha1, 5, 0)}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_who_lies_changes_nothing_of_what_is_held(scene: Scene, library: Library, order: tuple[int, ...]) -> None:
    """A told digest that is not that of the bytes is noted, whenever it was told."""
    steps: list[Callable[[], object]] = [
        partial(tell, scene, "sha256", "sha1"),
        partial(tell, scene, "sha256", "sha1", other="sha1"),
        partial(bring, scene),
    ]
    for position in order:
        steps[position]()
    work(scene, library)
    assert state(scene) == {("other", "undecodable", digests_of(BYTES).sha1, 3, 1)}


def decide(scene: Scene) -> None:
    """A person says something of item 1."""
    with scene.store.writing() as unit:
        referral = unit.networks.open_referral(NOW)
        who = {"login": "dara", "name": "Dara", "unit": "north", "language": "en", "time_zone": "UTC"}
        row = {**who, "totp_last_step": 0, "failures": 0, "created_at": NOW}
        person = unit.connection.execute(insert(principal).values(row).returning(principal.c.id)).scalar_one()
        told = {"scheme": "us:1", "category": "made-up", "basis": "facts", "because": "", "state": "standing"}
        row = {**told, "item_id": 1, "referral_id": referral, "principal_id": person, "decided_at": NOW}
        unit.connection.execute(insert(decision).values(row))
        unit.commit()


@pytest.mark.parametrize("is_decided", [False, True])
def test_what_a_person_said_of_a_telling_is_not_said_of_bytes(
    scene: Scene, library: Library, *, is_decided: bool
) -> None:
    """Without a decision the bytes take the stated item's place; with one it stays, and its decision with it."""
    tell(scene, "md5")
    work(scene, library)
    if is_decided:
        decide(scene)
    bring(scene)
    work(scene, library)
    [(same,)] = scene.rows("SELECT same_as FROM item WHERE id = 1")
    assert (same is None) == is_decided
    assert scene.rows("SELECT count(*) FROM item") == [(2,)]
    assert scene.rows("SELECT count(*) FROM occurrence WHERE item_id = 1") == [(int(is_decided),)]
