"""The jobs table within one database; its contract over both kinds of database stands in tests/contracts."""

from __future__ import annotations

import pytest

from tests.unit.triage.stored import Scene
from triage.domain.errors import Conflict
from triage.domain.jobs import Places, Stage
from triage.store.unit_of_work import Store


def ring(store: Store, places: int = 10, again_after: float = 30) -> list[int]:
    with store.writing() as unit:
        due = unit.doorbells.ring(Places(places, 0), again_after)
        unit.commit()
    return [one.job_id for one in due]


def test_the_most_urgent_are_rung_first_and_only_once(store: Store, scene: Scene) -> None:
    """A lost doorbell is rung again after a while; one on its way is not."""
    submission = scene.submission()
    examine = scene.owe(Stage.EXAMINE, submission, [1])
    match = scene.owe(Stage.MATCH, submission, [1])
    assert ring(store, places=1) == [match]
    assert ring(store) == [examine]
    assert ring(store) == []
    with store.writing() as unit:
        unit.jobs.forget_rings()
        unit.commit()
    assert ring(store, again_after=-1) == [match, examine]
    assert ring(store) == [match, examine]


def test_a_job_answered_too_early_rings_at_once(store: Store, scene: Scene) -> None:
    """An exclusive job that had to wait is not forgotten for half a minute."""
    job = scene.owe(Stage.EXAMINE, scene.submission(), [1])
    assert ring(store) == [job]
    with store.writing() as unit:
        unit.jobs.ring_again([job])
        unit.commit()
    assert ring(store) == [job]


def test_a_lease_says_what_is_to_be_done_and_nobody_else_gets_it(store: Store, scene: Scene) -> None:
    """Until it has run out; then the next one's fence is higher."""
    submission = scene.submission()
    job = scene.owe(Stage.EXAMINE, submission, [4, 5])
    lease = scene.claim(job, seconds=-1)
    assert (lease.job_id, lease.fence, lease.stage, lease.submission_id, lease.item_ids, lease.attempts) == (
        job,
        1,
        Stage.EXAMINE,
        submission,
        (4, 5),
        0,
    )
    assert scene.claim(job).fence == 2
    with store.writing() as unit:
        assert unit.jobs.claim(job, "another", 1) is None


@pytest.mark.parametrize("act", ["finish", "renew", "release", "retry_later", "bury"])
def test_whoever_lost_the_lease_cannot_touch_the_job(store: Store, scene: Scene, act: str) -> None:
    """The fence is checked by every word that a holder may say."""
    job = scene.owe(Stage.EXAMINE, scene.submission(), [1])
    lost = scene.claim(job, seconds=-1)
    scene.claim(job)
    words = {"renew": (1.0,), "retry_later": ("code", 1.0), "bury": ("code",)}.get(act, ())
    with store.writing() as unit, pytest.raises(Conflict) as conflict:
        getattr(unit.jobs, act)(lost, *words)
    assert conflict.value.code == "lease-lost"


def test_one_exclusive_job_at_a_time(store: Store, scene: Scene) -> None:
    """LINK and REFER wait for each other, over all submissions; other stages do not."""
    one, other = scene.submission(), scene.submission()
    lease = scene.lease(Stage.LINK, one)
    refer = scene.owe(Stage.REFER, other)
    match = scene.owe(Stage.MATCH, other, [1])
    assert ring(store) == [match]
    with store.writing() as unit:
        assert unit.jobs.claim(refer, "x", 1) is None
        unit.jobs.finish(lease)
        unit.commit()
    assert ring(store) == [refer]
    assert scene.claim(refer).stage is Stage.REFER


def test_a_job_for_later_is_not_rung_before(store: Store, scene: Scene) -> None:
    """The pause counts on the database's clock; the attempt is counted."""
    lease = scene.lease(Stage.EXAMINE, scene.submission(), [1])
    with store.writing() as unit:
        unit.jobs.retry_later(lease, "a-code", delay=600)
        unit.commit()
    assert ring(store) == []
    assert scene.rows("SELECT attempts, last_error, state FROM job") == [(1, "a-code", "ready")]


def test_what_is_owed(store: Store, scene: Scene) -> None:
    """Done and dead are not; LINK and REFER do not hold the barrier up."""
    submission = scene.submission()
    scene.owe(Stage.LINK, submission)
    lease = scene.lease(Stage.MATCH, submission, [1])
    with store.writing() as unit:
        assert (unit.jobs.owed(), unit.jobs.item_jobs_owed(submission)) == (2, True)
        unit.jobs.bury(lease, "a-code")
        assert (unit.jobs.owed(), unit.jobs.item_jobs_owed(submission)) == (1, False)
        assert unit.jobs.is_owed(Stage.LINK, submission)
        assert not unit.jobs.is_owed(Stage.REFER, submission)
        unit.jobs.add([])
        unit.commit()
    assert scene.jobs("dead") == [("match", submission, (1,))]
