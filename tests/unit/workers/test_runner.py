"""Running one job: whatever happens becomes a state that somebody can see, and nothing is ever raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from tests.unit.triage.stored import Scene
from tests.unit.workers.conftest import ToldMatching
from triage.bootstrap import Application
from triage.domain.errors import Conflict, NotFound, Refused, Tampered, TriageError, Unavailable, Unreadable
from triage.domain.interruption import Interrupted
from triage.domain.items import Outcome
from triage.domain.jobs import Lease, Stage
from triage.services.giving_up import GivingUp
from triage.store.engine import CONTENDED
from workers.runner import Runner

WithMatching = Callable[[ToldMatching], Application]


def failing(error: Exception) -> ToldMatching:
    def act(_: Lease) -> None:
        raise error

    return ToldMatching(act)


def run(application: Application, *job_ids: int) -> tuple[Runner, list[TriageError]]:
    trouble: list[TriageError] = []
    runner = Runner(application, "tester", trouble.append)
    for job_id in job_ids:
        runner.run(job_id)
    runner.close()
    return runner, trouble


def test_a_job_is_leased_run_and_counted(with_matching: WithMatching, application: Application, facts: Scene) -> None:
    """Its stage gets the lease with what is to be done."""
    submission = facts.submission()
    item = facts.item(submission, outcome=Outcome.PENDING)
    job = facts.owe(Stage.MATCH, submission, [item])
    told = ToldMatching(application.matching.match_batch)
    runner, trouble = run(with_matching(told), job)
    assert [(lease.job_id, lease.item_ids) for lease in told.seen] == [(job, (item,))]
    assert (runner.tally.jobs, trouble) == ({Stage.MATCH: 1}, [])
    assert facts.jobs("done") == [("match", submission, (item,))]


def test_a_job_that_is_not_owed_is_not_run(with_matching: WithMatching, facts: Scene) -> None:
    """Held by another, done, or no job at all: a doorbell may ring twice."""
    submission = facts.submission()
    held, done = (facts.owe(Stage.MATCH, submission, [1]) for _ in range(2))
    facts.claim(held)
    lease = facts.claim(done)
    with facts.store.writing() as unit:
        unit.jobs.finish(lease)
        unit.commit()
    told = ToldMatching(lambda _: None)
    _, trouble = run(with_matching(told), held, done, 999)
    assert (told.seen, trouble) == ([], [])


@pytest.mark.parametrize(
    ("error", "state", "attempts", "stops"),
    [
        (Interrupted(), "ready", 0, False),
        (Conflict("lease-lost", "x"), "ready", 0, False),
        (Unavailable("disk-full", "x"), "ready", 0, True),
        (Unavailable(CONTENDED, "x"), "ready", 0, False),
        (Tampered("seal-broken", "x"), "ready", 0, True),
        (Refused("by-law", "x"), "dead", 1, False),
        (Unreadable("odd", "x"), "ready", 1, False),
        (NotFound("odd", "x"), "ready", 1, False),
        (KeyError("private name"), "ready", 1, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_becomes_of_a_job_that_failed(
    with_matching: WithMatching, facts: Scene, error: Exception, state: str, attempts: int, stops: bool
) -> None:
    """The machine's trouble stops the line and gives nothing up; an item's trouble is tried again and then buried."""
    submission = facts.submission()
    job = facts.owe(Stage.MATCH, submission, [facts.item(submission)])
    runner, trouble = run(with_matching(failing(error)), job)
    assert trouble == ([error] if stops else [])
    assert runner.tally.jobs == {}
    ((found, counted, reason),) = facts.rows(f"SELECT state, attempts, last_error FROM job WHERE id = {job}")
    assert (found, counted) == (state, attempts)
    assert "private" not in str(reason)


def test_a_reason_is_a_code(with_matching: WithMatching, facts: Scene) -> None:
    """What Python raised is named by its kind alone: its text may hold anything."""
    submission = facts.submission()
    job = facts.owe(Stage.MATCH, submission, [facts.item(submission)])
    run(with_matching(failing(KeyError("private name"))), job, job, job)
    assert facts.rows(f"SELECT state, last_error FROM job WHERE id = {job}") == [("dead", "unexpected KeyError")]
    assert facts.rows("SELECT code, detail FROM processing_note") == [("gave-up", "unexpected KeyError")]


def test_a_lease_lost_while_failing_is_left_to_whoever_holds_it(with_matching: WithMatching, facts: Scene) -> None:
    """Giving up needs the lease too; without it nothing is written and nothing is raised."""
    submission = facts.submission()
    job = facts.owe(Stage.MATCH, submission, [facts.item(submission)])

    def lose_and_fail(_: Lease) -> None:
        with facts.store.writing() as unit:
            unit.connection.exec_driver_sql("UPDATE job SET fence = fence + 1")
            unit.commit()
        raise KeyError

    _, trouble = run(with_matching(ToldMatching(lose_and_fail)), job)
    assert trouble == []
    assert facts.rows("SELECT state, attempts FROM job") == [("ready", 0)]


@pytest.mark.parametrize(
    ("error", "code"),
    [(Unavailable("database-unavailable", "x"), "database-unavailable"), (KeyError(), "worker-failed")],
)
def test_a_failure_that_cannot_even_be_recorded_stops_the_line(
    with_matching: WithMatching, facts: Scene, error: Exception, code: str
) -> None:
    """Else the job would look busy until its lease ends, and nobody would know."""

    class Broken:
        def after_failure(self, lease: Lease, reason: str) -> None:
            del lease, reason
            raise error

    submission = facts.submission()
    job = facts.owe(Stage.MATCH, submission, [facts.item(submission)])
    application = replace(with_matching(failing(KeyError())), giving_up=cast("GivingUp", Broken()))
    _, trouble = run(application, job)
    assert [found.code for found in trouble] == [code]
