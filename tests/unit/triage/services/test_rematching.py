"""Matching again: when what is known changes, every answer follows, and what ended stays and is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import SetKind
from tests.unit.triage.services.listing import import_list, recorded_library
from tests.unit.triage.stored import NOW, Scene, digests_of, examined, flipped, value
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.domain.match_policy import MatchPolicy, Nearness
from triage.domain.matches import Answer, Because
from triage.services import rematching as module
from triage.services.answering import Answers
from triage.services.matching import Matching
from triage.services.rematching import Rematching
from triage.store.unit_of_work import Store

LISTED = f"pdq {value('listed').hex()}"


def md5(data: bytes) -> str:
    return digests_of(data).md5.hex()


def matched(rematching: Rematching, scene: Scene, submission: int, *items: int) -> None:
    rematching.matching.match_batch(scene.lease(Stage.MATCH, submission, items))


def owed(rematching: Rematching, because: str = "a test") -> int | None:
    with rematching.store.writing() as unit:
        run_id = rematching.owing.owe(unit, because)
        unit.commit()
    return run_id


def next_job(scene: Scene) -> int | None:
    rows = scene.rows("SELECT id FROM job WHERE state = 'ready' AND stage = 'rematch' ORDER BY id LIMIT 1")
    return int(str(rows[0][0])) if rows else None


def run(rematching: Rematching, scene: Scene) -> None:
    """Every job of the run, as a worker would do them."""
    while (job_id := next_job(scene)) is not None:
        rematching.rematch(scene.claim(job_id))


def result(store: Store) -> dict[str, object]:
    with store.reading() as unit:
        latest = unit.rematches.latest()
    assert latest
    assert latest.result
    return asdict(latest.result)


def standing(scene: Scene) -> list[tuple[object, ...]]:
    return scene.rows(
        "SELECT item_id, set_name, entry_key FROM match WHERE ended_at IS NULL ORDER BY item_id, set_name"
    )


def referred(scene: Scene, submission: int) -> int:
    with scene.store.writing() as unit:
        referral = unit.networks.open_referral(NOW)
        unit.networks.place([submission], referral, NOW)
        unit.commit()
    return referral


def test_a_new_release_meets_earlier_items(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Newly known and newly near ones are counted, closed, and looked at again with their submission."""
    one = scene.submission()
    a, b, c = scene.item(one, name="a"), scene.item(one, seen=examined(flipped(value("listed"), 3))), scene.item(one)
    matched(rematching, scene, one, a, b, c)
    run_id = _after(
        rematching, scene, lambda: import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"), LISTED)
    )
    assert scene.outcomes() == {a: "known", b: "near", c: "undecodable"}
    assert result(scene.store) == {
        "changes": {"undecodable>known": 1, "unknown>near": 1},
        "added": 2,
        "retracted": 0,
    }
    assert scene.rows("SELECT closed_because FROM item ORDER BY id") == [("exact match: known",), (None,), (None,)]
    assert [job for job in scene.jobs() if job[0] == "link"] == [("link", one, ())]
    assert f"rematched rematch:{run_id} rematch" in scene.log()


def _after(rematching: Rematching, scene: Scene, change: Callable[[], object]) -> int:
    """Do something to the library, and the whole run that follows from it."""
    with scene.store.writing() as unit:  # the LINK job that matching owed is not of interest
        unit.connection.exec_driver_sql("UPDATE job SET state = 'done'")
        unit.commit()
    change()
    run_id = owed(rematching)
    assert run_id
    run(rematching, scene)
    return run_id


def test_what_a_release_no_longer_says_is_retracted_and_kept(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """The match stays, with the comparison that did not find it; the item is open again, and that is recorded."""
    release = import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"))
    one = scene.submission()
    a = scene.item(one, name="a", seen=examined(value("a")))
    matched(rematching, scene, one, a)
    referral = referred(scene, one)
    run_id = _after(rematching, scene, lambda: library.disable(release))
    assert scene.outcomes() == {a: "unknown"}
    assert standing(scene) == []
    assert scene.rows(
        "SELECT release_id, ended_because, policy, releases FROM match JOIN comparison ON comparison.id = ended_by"
    ) == [(release, "retracted", "policy 1", "none")]
    assert scene.rows("SELECT closed_because FROM item") == [(None,)]
    assert [line.split()[0] for line in scene.log()][-4:] == ["matched", "reopened", "retracted", "rematched"]
    with scene.store.reading() as unit:
        (told,) = unit.referral_pages.referral_history(referral)
    assert told["kind"] == "rematched"
    assert told["details"] == {
        "rematch": run_id,
        "changes": {"known>unknown": 1},
        "added": 0,
        "retracted": 1,
        "releases": "none",
    }


def test_a_later_release_that_says_the_same_supersedes(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Provenance follows the release in force, and nobody is told of a change that is none."""
    first = import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"))
    one = scene.submission()
    a = scene.item(one, name="a")
    matched(rematching, scene, one, a)
    _after(rematching, scene, lambda: import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"), md5(b"b")))
    rows = scene.rows("SELECT release_id = ?, ended_because FROM match ORDER BY id".replace("?", f"'{first}'"))
    assert rows == [(1, "superseded"), (0, None)]
    assert result(scene.store) == {"changes": {}, "added": 0, "retracted": 0}
    assert scene.jobs() == []


def test_a_match_found_again_stands_again_beside_the_one_that_ended(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Nothing is overwritten: there were two times in which it held."""
    release = import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"))
    one = scene.submission()
    matched(rematching, scene, one, scene.item(one, name="a"))
    _after(rematching, scene, lambda: library.disable(release))
    _after(rematching, scene, lambda: library.enable(release))
    assert scene.rows("SELECT ended_because FROM match ORDER BY id") == [("retracted",), (None,)]
    assert len(standing(scene)) == 1


def test_a_likeness_ends_undecided_by_nobody_when_the_bytes_themselves_are_listed(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """It was not asked for again, so nothing says that its source took it back."""
    import_list(library, tmp_path, "near", SetKind.KNOWN, LISTED)
    one = scene.submission()
    matched(rematching, scene, one, scene.item(one, name="a", seen=examined(value("listed"))))
    _after(rematching, scene, lambda: import_list(library, tmp_path, "exact", SetKind.KNOWN, md5(b"a")))
    assert scene.rows("SELECT basis, ended_because FROM match ORDER BY id") == [("near", "decided"), ("exact", None)]
    assert result(scene.store) == {"changes": {"near>known": 1}, "added": 1, "retracted": 0}


def test_nothing_is_owed_while_every_answer_rests_on_what_is_in_force(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Neither in an empty deployment, nor after the release came first, nor twice."""
    assert owed(rematching) is None
    import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a"))
    assert owed(rematching) is None
    one = scene.submission()
    pending = scene.item(one, outcome=Outcome.PENDING)
    assert owed(rematching) is None
    matched(rematching, scene, one, pending)
    assert owed(rematching) is None
    assert rematching.notice() is None
    assert scene.rows("SELECT id FROM rematch") == []


def test_a_change_while_a_run_goes_on_is_taken_up_by_it(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run to the newest state; an item that changed twice counts from its first answer to its last."""
    monkeypatch.setattr(module, "BATCH", 2)
    one = scene.submission()
    items = [scene.item(one, name=name, seen=examined(value(name))) for name in "abcdef"]
    matched(rematching, scene, one, *items)
    first = import_list(library, tmp_path, "first", SetKind.KNOWN, md5(b"a"), md5(b"f"))
    run_id = owed(rematching, "first")
    for _ in range(3):  # listing twice, and one batch
        job_id = next_job(scene)
        assert job_id
        rematching.rematch(scene.claim(job_id))
    assert scene.outcomes()[items[0]] == "known"
    library.disable(first)
    second = import_list(library, tmp_path, "second", SetKind.KNOWN, md5(b"b"), md5(b"f"))
    assert owed(rematching, "second") == run_id
    run(rematching, scene)
    assert list(scene.outcomes().values()) == ["unknown", "known", "unknown", "unknown", "unknown", "known"]
    assert scene.rows("SELECT DISTINCT releases FROM item JOIN comparison ON comparison.id = comparison_id") == [
        (library.version,)
    ]
    assert scene.rows("SELECT id, because FROM rematch") == [
        (run_id, json.dumps([f"imported {first}", f"disabled {first}", f"imported {second}"]))
    ]
    assert result(scene.store)["changes"] == {"unknown>known": 2}


def test_a_batch_that_was_matched_while_the_library_changed_is_matched_again(
    rematching: Rematching, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its items would rest for ever on a state that no run asks for again."""
    one = scene.submission()
    a = scene.item(one, name="a", outcome=Outcome.PENDING)
    answers = rematching.matching.answers
    asked: list[str] = []

    def meanwhile(_: Matching, item_ids: Sequence[int]) -> Answers:
        found = answers(item_ids)
        asked.append(found.releases)
        if len(asked) == 1:
            import_list(recorded_library(scene.store, tmp_path / "hashsets"), tmp_path, "k", SetKind.KNOWN, md5(b"a"))
            assert owed(rematching) is None
        return found

    monkeypatch.setattr(Matching, "answers", meanwhile)
    matched(rematching, scene, one, a)
    assert scene.outcomes() == {a: "known"}
    assert len(asked) == 2


def test_an_item_that_is_known_good_no_longer_is_to_be_linked(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """It was through linking without linking anything."""
    release = import_list(library, tmp_path, "good", SetKind.KNOWN_GOOD, md5(b"a"))
    one, two = scene.submission(), scene.submission()
    a, b = scene.item(one, two, name="a"), scene.item(one)
    matched(rematching, scene, one, a, b)
    with scene.store.writing() as unit:
        for submission in (one, two):
            unit.submissions.mark_linked(submission, [a, b])
        unit.commit()
    _after(rematching, scene, lambda: library.disable(release))
    with scene.store.reading() as unit:
        assert [list(unit.submissions.unlinked_items(submission)) for submission in (one, two)] == [[a], [a]]
    assert scene.jobs() == [("link", one, ()), ("link", two, ())]


def test_another_policy_is_put_in_force_by_command(rematching: Rematching, scene: Scene) -> None:
    """What is in force is the policy and the library together; all that was answered is matched again."""
    one = scene.submission()
    matched(rematching, scene, one, scene.item(one, seen=examined(value("x"), quality=60)))
    stricter = replace(rematching.matching, policy=MatchPolicy("policy 2", Nearness(quality_floor=70)))
    changed = replace(rematching, matching=stricter)
    assert changed.notice("asked for", insist=True)
    run(changed, scene)
    assert list(scene.outcomes().values()) == ["too-poor"]
    assert changed.notice() is None


def test_what_a_run_could_not_answer_is_asked_again_only_by_command(
    rematching: Rematching, library: Library, scene: Scene, tmp_path: Path
) -> None:
    """Or every start of a worker would try it once more."""
    one = scene.submission()
    a = scene.item(one, name="a")
    matched(rematching, scene, one, a)
    _after(rematching, scene, lambda: import_list(library, tmp_path, "known", SetKind.KNOWN, md5(b"a")))
    with scene.store.writing() as unit:
        unit.items.set_outcomes({a: Answer(Outcome.UNDECODABLE, Because.GAVE_UP)})
        unit.commit()
    assert rematching.notice() is None
    assert rematching.notice(insist=True)
    run(rematching, scene)
    assert scene.outcomes() == {a: "known"}
