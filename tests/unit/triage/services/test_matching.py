"""Matching a batch: every item gets its answer, its matches, and what closes it, in one commit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import Basis, Fingerprint, FingerprintAlgorithm, Profile, SetKind
from tests.unit.triage.services.listing import import_list, recorded_library
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of, examined, flipped, pdq, value
from triage.domain.errors import Conflict, Tampered
from triage.domain.findings import Examination, Subject, TakenFingerprint
from triage.domain.items import ItemKind, Outcome
from triage.domain.jobs import Lease, Stage
from triage.domain.match_policy import SHIPPED_RULES, Action, MatchPolicy, Nearness, Rule
from triage.services.matching import Matching
from triage.store.unit_of_work import Store

POLICY = MatchPolicy("policy 1", near_by_set={"strict": Nearness(10, 10)})


@pytest.fixture
def matching(store: Store, library: Library) -> Matching:
    return Matching(store, library, POLICY, lambda: NOW, ACTOR)


def match(matching: Matching, scene: Scene, submission: int, *items: int) -> Lease:
    lease = scene.lease(Stage.MATCH, submission, items)
    matching.match_batch(lease)
    return lease


def matches(scene: Scene) -> list[tuple[object, ...]]:
    return scene.rows(
        "SELECT item_id, set_name, subject, basis, algorithm, distance, transform FROM match"
        " ORDER BY item_id, set_name, distance"
    )


def md5(data: bytes) -> str:
    return digests_of(data).md5.hex()


def test_each_item_gets_the_answer_that_its_facts_give(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """All seven answers in one batch."""
    near = f"pdq {value('listed').hex()}"
    import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"known"), near)
    import_list(library, tmp_path, "good", SetKind.KNOWN_GOOD, md5(b"good"), md5(b"known"))
    one = scene.submission()
    pending = Outcome.PENDING
    expected = {
        scene.item(one, name="known", outcome=pending): "known",
        scene.item(one, name="good", outcome=pending): "known-good",
        scene.item(one, seen=examined(flipped(value("listed"), 1, 2)), outcome=pending): "near",
        scene.item(one, seen=examined(value("stranger")), outcome=pending): "unknown",
        scene.item(one, seen=examined(value("listed"), quality=10), outcome=pending): "too-poor",
        scene.item(one, outcome=pending): "undecodable",
        scene.item(one, kind=ItemKind.CONTAINER, outcome=pending): "container",
    }
    match(matching, scene, one, *expected)
    assert scene.outcomes() == expected


def test_only_the_very_bytes_close_an_item(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """With the reason beside it, and by item in the custody log."""
    import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"), md5(b"b"), f"pdq {value('n').hex()}")
    import_list(library, tmp_path, "good", SetKind.KNOWN_GOOD, md5(b"c"))
    one = scene.submission()
    items = [scene.item(one, name=name) for name in "abc"]
    items.append(scene.item(one, seen=examined(value("n"))))
    lease = match(matching, scene, one, *items)
    assert scene.rows("SELECT closed_because FROM item ORDER BY id") == [
        ("exact match: known",),
        ("exact match: known",),
        ("exact match: known-good",),
        (None,),
    ]
    with scene.store.reading() as unit:
        closed = [
            dict(one.event.details) for one in unit.custody.records() if one.event and "closed" in one.event.action
        ]
    assert closed == [
        {"items": "1-2", "because": "exact match: known", "rule": "exact-known"},
        {"items": "3", "because": "exact match: known-good", "rule": "exact-known-good"},
    ]
    assert scene.log()[-3] == f"matched job:{lease.job_id} match"


def test_a_match_is_found_through_any_variant_and_every_raster(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """A turned copy, and a listed picture that survives as a thumbnail only."""
    turned = pdq(value("turned")).variants[2]
    import_list(library, tmp_path, "known", SetKind.KNOWN, f"pdq {turned.hex()}", f"pdq {value('small').hex()}")
    one = scene.submission()
    first = scene.item(one, seen=examined(value("turned")))
    second = scene.item(one, seen=examined(value("edited"), thumbnail=value("small"), thumbnail_distance=99))
    match(matching, scene, one, first, second)
    assert matches(scene) == [
        (first, "known", "main", "near", "pdq", 0, "rotate-180"),
        (second, "known", "thumbnail", "near", "pdq", 0, "identity"),
    ]
    assert scene.outcomes() == {first: "near", second: "near"}


def test_each_set_is_asked_within_its_own_reach(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Known-good sets are not asked for likeness at all."""
    listed = f"pdq {value('x').hex()}"
    import_list(library, tmp_path, "strict", SetKind.KNOWN, listed)
    import_list(library, tmp_path, "wide", SetKind.KNOWN, listed)
    import_list(library, tmp_path, "good", SetKind.KNOWN_GOOD, listed)
    one = scene.submission()
    item = scene.item(one, seen=examined(flipped(value("x"), *range(11))))
    match(matching, scene, one, item)
    assert [row[:2] for row in matches(scene)] == [(item, "wide")]


def test_what_bytes_have_decided_is_not_asked_for_likeness(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Neither a known nor a known-good item: it is closed, and a near match would open it again."""
    import_list(library, tmp_path, "known", SetKind.KNOWN, f"pdq {value('x').hex()}")
    import_list(library, tmp_path, "good", SetKind.KNOWN_GOOD, md5(b"a"))
    one = scene.submission()
    item = scene.item(one, name="a", seen=examined(value("x")))
    match(matching, scene, one, item)
    assert [row[1] for row in matches(scene)] == ["good"]
    assert scene.outcomes() == {item: "known-good"}


def test_matching_again_adds_nothing(matching: Matching, library: Library, scene: Scene, tmp_path: Path) -> None:
    """The same match measured again is the same row."""
    import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"))
    one = scene.submission()
    item = scene.item(one, name="a")
    match(matching, scene, one, item)
    before = matches(scene)
    match(matching, scene, one, item)
    assert matches(scene) == before


def test_a_release_that_came_into_force_meanwhile_is_asked(matching: Matching, scene: Scene, tmp_path: Path) -> None:
    """Another process imported it: the next batch knows."""
    one = scene.submission()
    before, after = scene.item(one, name="a"), scene.item(one, name="b")
    match(matching, scene, one, before)
    other = recorded_library(scene.store, tmp_path / "hashsets")
    import_list(other, tmp_path, "known", SetKind.KNOWN, md5(b"a"), md5(b"b"))
    match(matching, scene, one, after)
    assert scene.outcomes() == {before: "undecodable", after: "known"}


def test_an_archive_without_members_that_has_a_note_could_not_be_opened(matching: Matching, scene: Scene) -> None:
    """One that was empty is answered all the same."""
    one = scene.submission()
    broken, empty = (scene.item(one, kind=ItemKind.CONTAINER) for _ in range(2))
    with scene.store.writing() as unit:
        unit.items.add_notes("expand", [(broken, "archive-unreadable", "")])
        unit.commit()
    match(matching, scene, one, broken, empty)
    assert scene.outcomes() == {broken: "undecodable", empty: "container"}


def test_the_last_answer_lifts_the_barrier_of_every_submission_that_waited(matching: Matching, scene: Scene) -> None:
    """In the same commit; one that waits for more goes on waiting."""
    one, two, three = scene.submission(), scene.submission(), scene.submission()
    shared = scene.item(one, two, three, outcome=Outcome.PENDING)
    scene.item(three, outcome=Outcome.PENDING)
    match(matching, scene, one, shared)
    assert scene.jobs() == [("link", one, ()), ("link", two, ())]


def test_whoever_lost_the_lease_writes_nothing(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Neither answers nor matches nor records."""
    import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"))
    one = scene.submission()
    job = scene.owe(Stage.MATCH, one, [scene.item(one, name="a", outcome=Outcome.PENDING)])
    lost = scene.claim(job, seconds=-1)
    scene.claim(job)
    with pytest.raises(Conflict):
        matching.match_batch(lost)
    assert (matches(scene), scene.outcomes(), len(scene.log())) == ([], {1: "pending"}, 1)


def test_a_release_that_is_not_as_sealed_answers_nothing(
    store: Store, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """The line stops, and the items keep waiting: "unknown" would be a lie."""
    release = import_list(library, tmp_path, "known", SetKind.KNOWN, *(md5(bytes([one])) for one in range(50)))
    one = scene.submission()
    item = scene.item(one, name="a", outcome=Outcome.PENDING)
    (values,) = (tmp_path / "hashsets" / "releases" / release).rglob("values.bin")
    values.write_bytes(values.read_bytes()[:-16])
    reopened = Matching(store, recorded_library(store, tmp_path / "hashsets"), POLICY, lambda: NOW, ACTOR)
    with pytest.raises(Tampered):
        reopened.match_batch(scene.lease(Stage.MATCH, one, [item]))
    assert scene.outcomes() == {item: "pending"}


def judged_rows(scene: Scene) -> list[tuple[object, ...]]:
    return scene.rows("SELECT item_id, set_name, standing, because, agreement FROM match ORDER BY item_id, set_name")


def reasons(scene: Scene) -> list[tuple[object, ...]]:
    return scene.rows("SELECT id, outcome, because, closed_because FROM item ORDER BY id")


def little(main: bytes, *more: TakenFingerprint) -> Examination:
    """A page of text: good enough for PDQ, and nearly all of it in two grey levels."""
    seen = examined(main)
    assert seen.raster
    raster = replace(seen.raster, concentration=93)
    return replace(seen, raster=raster, fingerprints=(*seen.fingerprints, *more))


def test_a_page_of_text_makes_no_near_match_alone(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """The match is kept with its reason, and so is the reason of the answer."""
    import_list(library, tmp_path, "known", SetKind.KNOWN, f"pdq {value('page').hex()}")
    one = scene.submission()
    item = scene.item(one, seen=little(value("page")))
    match(matching, scene, one, item)
    assert judged_rows(scene) == [(item, "known", "held-back", "little-information", "")]
    assert reasons(scene) == [(item, "too-poor", "little-information", None)]


@pytest.mark.parametrize(("listed", "outcome"), [("00000000000000ff", "too-poor"), ("000000000000000f", "near")])
def test_a_listed_phash_confirms_what_pdq_found(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path, listed: str, outcome: str
) -> None:
    """Eight bits away it does not; four bits away it does, and what was measured is kept."""
    path = tmp_path / "with-phash.csv"
    path.write_text(f"key,pdq,phash\n1,{value('page').hex()},{listed}\n", encoding="ascii")
    library.import_file(path, name="known", kind=SetKind.KNOWN)
    one = scene.submission()
    second = Fingerprint(FingerprintAlgorithm.PHASH, Profile.IMAGEHASH, bytes(8))
    item = scene.item(one, seen=little(value("page"), TakenFingerprint(Subject.MAIN, second)))
    match(matching, scene, one, item)
    assert scene.outcomes() == {item: outcome}
    assert judged_rows(scene)[0][-1] == f"phash {int(listed, 16).bit_count()}"


def test_a_turned_picture_out_of_its_reach_does_not_hide_an_upright_one_within(
    store: Store, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Of one entry only the nearest variant comes back: the set is asked twice."""
    known = pdq(flipped(value("x"), *range(20)))
    entry = f"pdq {known.value.hex()}"
    import_list(library, tmp_path, "known", SetKind.KNOWN, entry)
    turned = (value("x"), *known.variants[1:4], flipped(known.value, *range(12)), *known.variants[5:])
    near_by_turning = Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, value("x"), 100, turned)
    one = scene.submission()
    seen = replace(examined(value("x")), fingerprints=(TakenFingerprint(Subject.MAIN, near_by_turning),))
    found = {}
    for reach_when_turned in (12, 11):
        policy = MatchPolicy("p", near=Nearness(reach_when_turned=reach_when_turned))
        matching = Matching(store, library, policy, lambda: NOW, ACTOR)
        item = scene.item(one, seen=seen)
        match(matching, scene, one, item)
        (row,) = scene.rows(f"SELECT distance, transform FROM match WHERE item_id = {item}")
        found[reach_when_turned] = row
    assert found == {12: (12, "flip-x"), 11: (20, "identity")}


def test_bytes_that_a_rule_refers_stay_open_and_are_asked_for_likeness(
    store: Store, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Nothing is closed by a grade that does not close."""
    path = tmp_path / "graded.csv"
    path.write_text(f"key,md5,category\n1,{md5(b'a')},us:5\n2,{md5(b'b')},us:1\n", encoding="ascii")
    library.import_file(path, name="graded", kind=SetKind.KNOWN)
    import_list(library, tmp_path, "near", SetKind.KNOWN, f"pdq {value('x').hex()}")
    rule = Rule("not-pertinent", Basis.EXACT, SetKind.KNOWN, Action.REFER, category="us:5")
    matching = Matching(store, library, MatchPolicy("p", rules=(rule, *SHIPPED_RULES)), lambda: NOW, ACTOR)
    one = scene.submission()
    items = [scene.item(one, name=name, seen=examined(value("x"))) for name in "ab"]
    match(matching, scene, one, *items)
    assert reasons(scene) == [
        (items[0], "near", "not-pertinent", None),
        (items[1], "known", "exact-known", "exact match: known"),
    ]
    assert judged_rows(scene) == [
        (items[0], "graded", "decides", "not-pertinent", ""),
        (items[0], "near", "outranked", "near-known", ""),
        (items[1], "graded", "decides", "exact-known", ""),
    ]


def test_an_allow_list_sets_bytes_aside_and_a_disputed_item_says_so(
    matching: Matching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """In the item, and in the custody log."""
    import_list(library, tmp_path, "ours", SetKind.ALLOWED, md5(b"a"), md5(b"b"))
    import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"b"))
    one = scene.submission()
    items = [scene.item(one, name=name) for name in "ab"]
    match(matching, scene, one, *items)
    assert reasons(scene) == [
        (items[0], "known-good", "exact-allowed", "exact match: known-good"),
        (items[1], "known", "exact-known", "exact match: known, disputed"),
    ]
