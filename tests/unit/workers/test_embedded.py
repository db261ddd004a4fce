"""Working in this process: until nothing is owed, or until something stops the line."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hashsets.vocabulary import SetKind
from tests.unit.triage.services.listing import import_list
from tests.unit.triage.stored import Scene, digests_of
from tests.unit.workers.conftest import ToldMatching
from triage.bootstrap import Application
from triage.domain.errors import Tampered
from triage.domain.items import Outcome
from triage.domain.jobs import Lease, Stage
from workers.embedded import Backlog, backlog_of, work
from workers.signals import stopping_on_signals

WithMatching = Callable[[ToldMatching], Application]


def a_submission(facts: Scene, items: int = 3) -> int:
    """Items that owe their matching, one job each."""
    submission = facts.submission()
    for _ in range(items):
        facts.owe(Stage.MATCH, submission, [facts.item(submission, outcome=Outcome.PENDING)])
    return submission


def test_it_ends_when_nothing_is_owed(application: Application, facts: Scene) -> None:
    """Through matching, linking and referring, each in the jobs of the one before."""
    a_submission(facts)
    told: list[Backlog] = []
    done = work(application, 2, told.append)
    assert done.jobs == {"expand": 0, "examine": 0, "look-closer": 0, "match": 3, "rematch": 0, "link": 1, "refer": 1}
    assert done.backlog == told[-1] == Backlog(0, 3, 0)
    assert not done.stopped
    assert facts.rows("SELECT submission_id FROM referral_member") == [(1,)]


def test_a_job_that_fails_is_tried_again_and_the_rest_goes_on(with_matching: WithMatching, facts: Scene) -> None:
    """Three times, then it is a dead letter; linking and referring still come."""
    submission = a_submission(facts, 1)

    def fail(_: Lease) -> None:
        raise KeyError

    told = ToldMatching(fail)
    done = work(with_matching(told), 1, lambda _: None)
    assert len(told.seen) == 3
    assert done.jobs["refer"] == 1
    assert facts.jobs("dead") == [("match", submission, (1,))]


def test_what_stops_the_line_is_raised_and_nothing_is_given_up(with_matching: WithMatching, facts: Scene) -> None:
    """No further job is begun once it is told; all of them wait for a person."""
    a_submission(facts, 5)

    def fail(_: Lease) -> None:
        raise Tampered("seal-broken", "A seal is broken.")

    told = ToldMatching(fail)
    with pytest.raises(Tampered):
        work(with_matching(told), 1, lambda _: None)
    assert len(told.seen) <= 3
    assert len(facts.jobs("ready")) == 5


def test_an_interruption_stops_cleanly(with_matching: WithMatching, application: Application, facts: Scene) -> None:
    """Whoever presses Ctrl-C gets what was done; the rest is owed."""
    a_submission(facts, 3)

    def interrupt(_: Backlog) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with stopping_on_signals(application.stop):
        done = work(with_matching(ToldMatching(application.matching.match_batch)), 1, interrupt)
    assert done.stopped
    assert application.stop.is_set()
    left = backlog_of(application)
    assert left.jobs_owed > 0
    assert done.backlog == left


def test_what_a_killed_process_left_is_taken_over_at_once(application: Application, facts: Scene) -> None:
    """Its lease would run for ten more minutes."""
    a_submission(facts, 1)
    with facts.store.writing() as unit:
        owner = f"{socket.gethostname()}:4194305:1"
        assert unit.jobs.claim(1, owner, 600)
        unit.commit()
    assert work(application, 1, lambda _: None).jobs["match"] == 1


def test_what_is_urgent_begins_while_every_thread_is_busy(with_matching: WithMatching, facts: Scene) -> None:
    """On the thread that takes nothing else, though more of the other case wait than there are threads."""
    big = a_submission(facts, 6)
    busy, release, begun = threading.Semaphore(0), threading.Event(), threading.Event()

    def match(lease: Lease) -> None:
        if lease.submission_id == big:
            busy.release()
            release.wait(60)
        else:
            begun.set()
        raise Tampered("seal-broken", "Ends the line.")

    application = with_matching(ToldMatching(match))
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work, application, 2, lambda _: None)
        for _ in range(2):
            assert busy.acquire(timeout=60)
        late = facts.submission()
        application.hurrying.make_urgent(late)
        facts.owe(Stage.MATCH, late, [facts.item(late, outcome=Outcome.PENDING)])
        assert begun.wait(60)
        assert not busy.acquire(blocking=False)
        release.set()
        with pytest.raises(Tampered):
            working.result(60)


def test_answers_that_rest_on_an_older_state_are_noticed_at_the_start(
    application: Application, facts: Scene, tmp_path: Path
) -> None:
    """Whoever imported it recorded the change and owed the run; somebody else works it off."""
    a_submission(facts)
    work(application, 1, lambda _: None)
    import_list(application.library, tmp_path, "known", SetKind.KNOWN, digests_of(b"item 1").md5.hex())
    again = work(application, 1, lambda _: None)
    assert again.jobs == {
        "expand": 0,
        "examine": 0,
        "look-closer": 0,
        "match": 0,
        "rematch": 2,
        "link": 1,
        "refer": 1,
    }
    assert facts.outcomes()[1] == "known"
    assert work(application, 1, lambda _: None).jobs["rematch"] == 0
