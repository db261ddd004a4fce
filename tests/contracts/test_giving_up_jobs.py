"""What becomes of a job that fails: later, split, item by item, a dead letter; and linking still comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import select, update

from tests.contracts.queues import (
    NOW,
    WORK,
    another,
    claim,
    held,
    items,
    owe,
    pass_time,
    ring,
    states,
)
from triage.domain.items import Outcome
from triage.domain.jobs import JobState, Lease, NewJob, Stage
from triage.services.giving_up import GivingUp
from triage.store.job_tables import job
from triage.store.tables import item, processing_note
from triage.store.unit_of_work import Store


@pytest.fixture
def giving_up(store: Store) -> GivingUp:
    return GivingUp(store, WORK, lambda: NOW, "tester@test")


class TestGivingUp:
    """A job that does not finish: handed back, tried later, split, or buried where people see it."""

    def test_a_job_handed_back_is_ready_at_once_and_not_counted(
        self, store: Store, submission: int, giving_up: GivingUp
    ) -> None:
        """A person asked to stop; nothing was wrong."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        ring(store)
        giving_up.hand_back(held(store, one))
        assert (ring(store), held(store, one).attempts) == ([one], 0)

    def test_each_attempt_waits_longer(self, store: Store, submission: int, giving_up: GivingUp) -> None:
        """5 s, then 10 s; the reason is kept."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        for attempt, pause in enumerate((5, 10), start=1):
            giving_up.after_failure(held(store, one), "trouble")
            assert states(store)[one] == (JobState.READY, attempt, "trouble")
            assert (claim(store, one), ring(store)) == (None, [])
            pass_time(store, pause - 1)
            assert claim(store, one) is None
            pass_time(store, 1.5)

    def test_a_batch_that_keeps_failing_is_split(self, store: Store, submission: int, giving_up: GivingUp) -> None:
        """One item's trouble never stays its batch's: each gets a job of its own."""
        ids = items(store, submission, 3)
        (batch,) = owe(store, NewJob(Stage.EXAMINE, submission, ids))
        for _ in range(WORK.max_attempts):
            pass_time(store, 1_000)
            giving_up.after_failure(held(store, batch), "trouble")
        pass_time(store, 1_000)
        assert states(store)[batch][0] == JobState.DONE
        leases = [held(store, one) for one in ring(store)]
        assert [(one.stage, one.item_ids, one.attempts) for one in leases] == [
            (Stage.EXAMINE, (one,), 0) for one in ids
        ]

    def test_an_item_that_keeps_failing_is_buried_with_an_answer(
        self, store: Store, submission: int, giving_up: GivingUp
    ) -> None:
        """Visible as a dead letter, a note and a custody record; the rest of the submission goes on to linking."""
        ids = items(store, submission, 1)
        (one,) = owe(store, NewJob(Stage.MATCH, submission, ids))
        for _ in range(WORK.max_attempts):
            pass_time(store, 1_000)
            giving_up.after_failure(held(store, one), "trouble")
        assert states(store)[one] == (JobState.DEAD, WORK.max_attempts, "trouble")
        with store.reading() as unit:
            assert unit.connection.execute(select(item.c.outcome)).scalars().all() == [Outcome.UNDECODABLE]
            notes = unit.connection.execute(select(processing_note.c.code, processing_note.c.detail)).all()
            assert [tuple(note) for note in notes] == [("gave-up", "trouble")]
            (record,) = unit.custody.records()
            assert record.event is not None
            assert (record.event.action, record.event.details["because"]) == ("noted", "trouble")
            assert unit.jobs.is_owed(Stage.LINK, submission)

    def test_the_last_two_items_given_up_at_once_still_lead_to_linking(
        self, store: Store, submission: int, giving_up: GivingUp
    ) -> None:
        """Whichever commits last must see the other; else a submission would wait for ever."""
        others = [another(store) for _ in range(2)]
        together = Barrier(len(others))

        def bury(other: Store, lease: Lease) -> None:
            together.wait(timeout=30)
            replace(giving_up, store=other).bury(lease, "trouble")

        with ThreadPoolExecutor(len(others)) as pool:
            for _ in range(10):
                ids = items(store, submission, 2)
                pair = owe(store, *(NewJob(Stage.MATCH, submission, (one,)) for one in ids))
                list(pool.map(bury, others, [held(store, one) for one in pair]))
                with store.writing() as unit:
                    assert unit.jobs.is_owed(Stage.LINK, submission)
                    unit.connection.execute(update(job).values(state=JobState.DONE))
                    unit.connection.execute(update(item).values(outcome=Outcome.PENDING))
                    unit.commit()
        for other in others:
            other.engine.dispose()

    @pytest.mark.parametrize("stage", [Stage.EXPAND, Stage.EXAMINE])
    def test_an_item_that_could_not_be_opened_is_still_matched(
        self, store: Store, submission: int, giving_up: GivingUp, stage: Stage
    ) -> None:
        """Known bytes are known whether or not they can be decoded; matching gives the answer."""
        ids = items(store, submission, 1)
        (one,) = owe(store, NewJob(stage, submission, ids))
        giving_up.bury(held(store, one), "trouble")
        (match,) = ring(store)
        lease = held(store, match)
        assert (lease.stage, lease.item_ids) == (Stage.MATCH, ids)
        with store.reading() as unit:
            assert not unit.jobs.is_owed(Stage.LINK, submission)

    def test_burying_linking_still_refers(self, store: Store, submission: int, giving_up: GivingUp) -> None:
        """An analyst gets the submission, unlinked."""
        (one,) = owe(store, NewJob(Stage.LINK, submission))
        giving_up.bury(held(store, one), "trouble")
        with store.reading() as unit:
            assert unit.jobs.is_owed(Stage.REFER, submission)
