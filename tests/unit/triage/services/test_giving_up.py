"""What becomes of a job that did not finish. One item's trouble never stays its batch's."""

from __future__ import annotations

import pytest

from tests.unit.triage.stored import ACTOR, NOW, Scene
from triage.domain.errors import Conflict
from triage.domain.items import Outcome
from triage.domain.jobs import NewJob, Stage
from triage.services.giving_up import GivingUp
from triage.settings import WorkSettings
from triage.store.unit_of_work import Store


@pytest.fixture
def giving_up(store: Store, work_settings: WorkSettings) -> GivingUp:
    return GivingUp(store, work_settings, lambda: NOW, ACTOR)


def test_handing_back_counts_nothing(giving_up: GivingUp, scene: Scene) -> None:
    """A person asked to stop: at once ready for another."""
    job = scene.owe(Stage.EXAMINE, scene.submission(), [1])
    giving_up.hand_back(scene.claim(job))
    assert scene.claim(job).attempts == 0


def test_a_pause_that_doubles(store: Store, scene: Scene, work_settings: WorkSettings) -> None:
    """5 s, 10 s, 20 s … and no longer than 64 times the first."""
    patient = GivingUp(store, work_settings.model_copy(update={"retry_seconds": 5}), lambda: NOW, ACTOR)
    job = scene.owe(Stage.EXAMINE, scene.submission(), [1])
    pauses = []
    for attempts in (0, 1, 2, 9):
        with store.writing() as unit:
            unit.connection.exec_driver_sql("UPDATE job SET not_before = 0, attempts = ?", (attempts,))
            unit.commit()
        patient.try_later(scene.claim(job), "a-code")
        ((pause,),) = scene.rows("SELECT not_before - (julianday('now') - 2440587.5) * 86400.0 FROM job")
        pauses.append(round(float(str(pause))))
    assert pauses == [5, 10, 20, 320]


def test_three_attempts_then_a_batch_is_split(giving_up: GivingUp, scene: Scene) -> None:
    """Each item gets a job and attempts of its own."""
    submission = scene.submission()
    job = scene.owe(Stage.EXAMINE, submission, [1, 2, 3])
    for attempts in range(2):
        lease = scene.claim(job)
        assert lease.attempts == attempts
        giving_up.after_failure(lease, "a-code")
        assert scene.jobs() == [("examine", submission, (1, 2, 3))]
    giving_up.after_failure(scene.claim(job), "a-code")
    assert scene.jobs() == [("examine", submission, (one,)) for one in (1, 2, 3)]
    assert scene.rows("SELECT DISTINCT attempts FROM job WHERE state = 'ready'") == [(0,)]
    assert scene.jobs("dead") == []


def test_an_item_that_still_fails_alone_is_buried(giving_up: GivingUp, scene: Scene) -> None:
    """With its reason, a note, and an answer in the end, so that the rest of the submission goes on."""
    submission = scene.submission()
    item = scene.item(submission, outcome=Outcome.PENDING)
    job = scene.owe(Stage.MATCH, submission, [item])
    for _ in range(3):
        giving_up.after_failure(scene.claim(job), "unexpected KeyError")
    assert scene.jobs("dead") == [("match", submission, (item,))]
    assert scene.rows("SELECT last_error, attempts FROM job WHERE state = 'dead'") == [("unexpected KeyError", 3)]
    assert scene.rows("SELECT code, detail, stage FROM processing_note") == [
        ("gave-up", "unexpected KeyError", "match")
    ]
    assert scene.outcomes() == {item: "undecodable"}
    assert scene.jobs() == [("link", submission, ())]
    assert scene.log() == [f"noted job:{job} give-up"]


@pytest.mark.parametrize("stage", [Stage.EXAMINE, Stage.EXPAND])
def test_an_item_that_could_not_be_opened_is_still_matched_by_its_digests(
    giving_up: GivingUp, scene: Scene, stage: Stage
) -> None:
    """Known bytes are known whether or not they can be decoded; matching gives the answer and lifts the barrier."""
    submission = scene.submission()
    item = scene.item(submission, outcome=Outcome.PENDING)
    giving_up.bury(scene.lease(stage, submission, [item]), "a-code")
    assert scene.jobs() == [("match", submission, (item,))]
    assert scene.outcomes() == {item: "pending"}
    assert scene.rows("SELECT code FROM processing_note") == [("gave-up",)]


def test_the_barrier_is_lifted_for_every_submission_that_has_the_item(giving_up: GivingUp, scene: Scene) -> None:
    """Not only for the one whose job it was; those that wait for more go on waiting."""
    one, two, third = scene.submission(), scene.submission(), scene.submission()
    item = scene.item(one, two, third, outcome=Outcome.PENDING)
    scene.item(third, outcome=Outcome.PENDING)
    giving_up.bury(scene.lease(Stage.MATCH, one, [item]), "a-code")
    assert scene.jobs() == [("link", one, ()), ("link", two, ())]


def test_a_submission_that_could_not_be_linked_is_referred_all_the_same(giving_up: GivingUp, scene: Scene) -> None:
    """Unlinked, but an analyst still gets it."""
    submission = scene.submission()
    giving_up.bury(scene.lease(Stage.LINK, submission), "a-code")
    assert scene.jobs() == [("refer", submission, ())]


def test_a_referral_that_could_not_be_made_is_a_dead_letter(giving_up: GivingUp, scene: Scene) -> None:
    """Visible, and nothing follows it."""
    submission = scene.submission()
    giving_up.bury(scene.lease(Stage.REFER, submission), "a-code")
    assert (scene.jobs(), scene.jobs("dead")) == ([], [("refer", submission, ())])


def test_a_batch_that_could_not_be_matched_again_leaves_the_old_answers(
    giving_up: GivingUp, store: Store, scene: Scene
) -> None:
    """They name what they rest on; the run ends without it, and its halves go on as parts of the same run."""
    items = [scene.item(scene.submission()) for _ in range(2)]
    with store.writing() as unit:
        run_id = unit.rematches.open("a test", None, unit.matches.comparison("policy 1", "none"), NOW)
        unit.jobs.add([NewJob(Stage.REMATCH, 0, tuple(items), run_id)])
        unit.commit()
    for _ in range(3):
        giving_up.after_failure(scene.claim(1), "a-code")
    singles = [scene.claim(job_id) for job_id in (2, 3)]
    assert [(lease.item_ids, lease.rematch_id) for lease in singles] == [((one,), run_id) for one in items]
    giving_up.bury(singles[0], "a-code")
    assert scene.rows("SELECT finished_at FROM rematch") == [(None,)]
    giving_up.bury(singles[1], "a-code")
    assert scene.rows("SELECT count(finished_at) FROM rematch") == [(1,)]
    assert scene.outcomes() == dict.fromkeys(items, "unknown")


def test_a_stopped_line_holds_nothing_against_the_job(giving_up: GivingUp, scene: Scene) -> None:
    """A full disk met ten times is no reason to give an item up."""
    job = scene.owe(Stage.MATCH, scene.submission(), [])
    giving_up.stop_line(scene.claim(job), "disk-full")
    assert scene.rows("SELECT attempts, last_error, state FROM job") == [(0, "disk-full", "ready")]


def test_whoever_lost_the_lease_gives_nothing_up(giving_up: GivingUp, scene: Scene) -> None:
    """Whoever holds it now decides; no note and no answer is written."""
    submission = scene.submission()
    item = scene.item(submission, outcome=Outcome.PENDING)
    job = scene.owe(Stage.MATCH, submission, [item])
    lost = scene.claim(job, seconds=-1)
    scene.claim(job)
    for act in (giving_up.bury, giving_up.try_later, giving_up.stop_line, giving_up.after_failure):
        with pytest.raises(Conflict):
            act(lost, "a-code")
    assert scene.outcomes() == {item: "pending"}
    assert scene.rows("SELECT count(*) FROM processing_note") == [(0,)]


def dying_workers(scene: Scene, job: int, deaths: int) -> None:
    """So many holders in a row neither finish nor hand back: their leases run out."""
    for number in range(deaths):
        assert scene.claim(job).attempts == number
        with scene.store.writing() as unit:
            unit.connection.exec_driver_sql("UPDATE job SET lease_until = 0 WHERE id = ?", (job,))
            unit.commit()


def test_a_batch_that_workers_die_of_is_split_without_being_opened(giving_up: GivingUp, scene: Scene) -> None:
    """Nobody lives to report the failure: the lease that ran out is the report."""
    submission = scene.submission()
    job = scene.owe(Stage.EXAMINE, submission, [1, 2])
    dying_workers(scene, job, 2)
    assert not giving_up.is_deadly(scene.claim(job))
    with scene.store.writing() as unit:
        unit.jobs.take_back_from_the_lost()
        unit.commit()
    assert giving_up.is_deadly(scene.claim(job))
    assert scene.jobs() == [("examine", submission, (1,)), ("examine", submission, (2,))]


def test_an_item_that_workers_die_of_is_buried_and_the_rest_goes_on(giving_up: GivingUp, scene: Scene) -> None:
    """A dead letter, a note that says why, and matching by its digests; never opened again."""
    submission = scene.submission()
    item = scene.item(submission, outcome=Outcome.PENDING)
    job = scene.owe(Stage.EXAMINE, submission, [item])
    dying_workers(scene, job, 3)
    assert giving_up.is_deadly(scene.claim(job))
    assert scene.rows("SELECT last_error, attempts FROM job WHERE state = 'dead'") == [("worker-died", 3)]
    assert scene.rows("SELECT code, detail FROM processing_note") == [("gave-up", "worker-died")]
    assert scene.jobs() == [("match", submission, (item,))]


def test_restarts_do_not_bury_a_long_job_soon(giving_up: GivingUp, scene: Scene) -> None:
    """Linking opens no evidence and may take hours: a machine may restart some times meanwhile, but not for ever."""
    job = scene.owe(Stage.LINK, scene.submission(), [])
    dying_workers(scene, job, 14)
    assert not giving_up.is_deadly(scene.claim(job))
    with scene.store.writing() as unit:
        unit.jobs.take_back_from_the_lost()
        unit.commit()
    assert giving_up.is_deadly(scene.claim(job))
    assert len(scene.jobs("dead")) == 1
