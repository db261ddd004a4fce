"""The rules of the jobs table, which any database must keep: nothing owed is lost, nothing is finished twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import select, update

from hashsets.algorithms.digests import Digests
from triage.domain.errors import Conflict
from triage.domain.items import ItemKind, Outcome
from triage.domain.jobs import JobState, Lease, NewJob, Places, Ring, Stage
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.domain.workers import Worker, WorkerKind
from triage.services.giving_up import GivingUp
from triage.settings import WorkSettings
from triage.store.engine import open_engine
from triage.store.items import NewItem
from triage.store.tables import item, job, processing_note, worker
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
WINDOW = 10
AGAIN = 30.0
LEASE = 600.0
WORK = WorkSettings(threads=1, lease_seconds=LEASE, max_attempts=3, retry_seconds=5)


@pytest.fixture
def submission(store: Store) -> int:
    """A submission, received whole, without items."""
    return received(store, "EXH-1")


@pytest.fixture
def giving_up(store: Store) -> GivingUp:
    return GivingUp(store, WORK, lambda: NOW, "tester@test")


def received(store: Store, exhibit: str) -> int:
    with store.writing() as unit:
        found = unit.submissions.open(Delivery("SYNTH-1", exhibit, "Synthetic warrant", b"/synthetic"), NOW)
        unit.submissions.set_state(found.id, SubmissionState.RECEIVED, NOW)
        unit.commit()
    return found.id


def items(store: Store, submission: int, count: int) -> tuple[int, ...]:
    """New items without an answer, found in this submission."""
    new = [
        NewItem(Digests(bytes(16), bytes(20), bytes([number]) * 32), 10, ItemKind.RASTER, 0)
        for number in range(1, count + 1)
    ]
    with store.writing() as unit:
        ids = sorted(unit.items.add(new, NOW).ids.values())
        unit.submissions.add_occurrences(submission, [(one, Found(b"file-%d" % one, 10, one)) for one in ids])
        unit.commit()
    return tuple(ids)


def owe(store: Store, *new: NewJob) -> list[int]:
    """Write jobs; their ids in this order."""
    with store.writing() as unit:
        unit.jobs.add(new)
        unit.commit()
    with store.reading() as unit:
        ids = unit.connection.execute(select(job.c.id).order_by(job.c.id)).scalars().all()
    return list(ids)[-len(new) :]


def claim(store: Store, job_id: int, owner: str = "worker-1") -> Lease | None:
    with store.writing() as unit:
        lease = unit.jobs.claim(job_id, owner, LEASE)
        unit.commit()
    return lease


def held(store: Store, job_id: int) -> Lease:
    """A lease that must be given."""
    lease = claim(store, job_id)
    assert lease is not None
    return lease


def ring(store: Store, places: int = WINDOW, urgent: int = 0, after_lane: int = 0) -> list[int]:
    return [one.job_id for one in rings(store, Places(places, urgent), after_lane)]


def rings(store: Store, places: Places, after_lane: int = 0) -> list[Ring]:
    with store.writing() as unit:
        rung = unit.doorbells.ring(places, AGAIN, after_lane)
        unit.commit()
    return rung


def pass_time(store: Store, seconds: float) -> None:
    """As if every time in the table lay so much further back: a jump of the database's clock."""
    with store.writing() as unit:
        unit.connection.execute(
            update(job).values(
                lease_until=job.c.lease_until - seconds,
                not_before=job.c.not_before - seconds,
            )
        )
        unit.connection.execute(update(job).where(job.c.ring_at > 0).values(ring_at=job.c.ring_at - seconds))
        unit.connection.execute(update(worker).values(seen_at=worker.c.seen_at - seconds))
        unit.commit()


def states(store: Store) -> dict[int, tuple[str, int, str | None]]:
    with store.reading() as unit:
        rows = unit.connection.execute(select(job.c.id, job.c.state, job.c.attempts, job.c.last_error)).all()
    return {row.id: (row.state, row.attempts, row.last_error) for row in rows}


class TestClaiming:
    """One holder at a time."""

    def test_a_job_is_given_once(self, store: Store, submission: int) -> None:
        """The lease carries all that the worker needs."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (3, 4)))
        lease = held(store, one)
        assert (lease.stage, lease.submission_id, lease.item_ids) == (Stage.EXAMINE, submission, (3, 4))
        assert lease.attempts == 0
        assert claim(store, one, "worker-2") is None

    def test_of_many_workers_at_once_one_gets_each_job(self, store: Store, submission: int) -> None:
        """Over connections of their own, as processes have them."""
        jobs = owe(store, *(NewJob(Stage.EXAMINE, submission, (number,)) for number in range(20)))
        others = [another(store) for _ in range(4)]
        with ThreadPoolExecutor(len(others)) as pool:
            taken = list(pool.map(lambda other: [claim(other, one) for one in jobs], others))
        for position in range(len(jobs)):
            assert sum(leases[position] is not None for leases in taken) == 1
        for other in others:
            other.engine.dispose()

    def test_a_finished_or_buried_job_is_never_given_again(self, store: Store, submission: int) -> None:
        """Nor rung for, however much time passes."""
        done, dead = owe(store, NewJob(Stage.EXAMINE, submission, (1,)), NewJob(Stage.EXAMINE, submission, (2,)))
        leases = held(store, done), held(store, dead)
        with store.writing() as unit:
            unit.jobs.finish(leases[0])
            unit.jobs.bury(leases[1], "broken")
            unit.commit()
        pass_time(store, 10 * LEASE)
        assert (claim(store, done), claim(store, dead), ring(store)) == (None, None, [])
        assert states(store) == {done: (JobState.DONE, 0, None), dead: (JobState.DEAD, 1, "broken")}
        with store.reading() as unit:
            assert unit.jobs.owed() == 0


class TestLeases:
    """A lease is a time, not a state: a dead worker's job comes back by itself."""

    def test_a_lease_that_ran_out_goes_to_the_next(self, store: Store, submission: int) -> None:
        """Not a moment before, and it costs an attempt: the job may be what its holder died of."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        held(store, one)
        pass_time(store, LEASE - 60)
        assert (claim(store, one), ring(store)) == (None, [])
        pass_time(store, 61)
        assert ring(store) == [one]
        assert held(store, one).attempts == 1

    def test_the_clock_is_the_databases(self, store: Store, submission: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worker whose clock is a year ahead takes nothing that is held."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        held(store, one)
        real = time.time()
        monkeypatch.setattr(time, "time", lambda: real + 365 * 86_400)
        assert claim(store, one, "ahead") is None

    def test_jobs_of_an_owner_known_to_be_dead_are_taken_back(self, store: Store, submission: int) -> None:
        """At once, and of nobody else; should it live after all, the next claim fences it off."""
        mine, other = owe(store, *(NewJob(Stage.EXAMINE, submission, (number,)) for number in range(2)))
        lease = claim(store, mine, "dead")
        assert lease is not None
        claim(store, other, "alive")
        with store.writing() as unit:
            unit.workers.arrive(Worker("alive", WorkerKind.SHARED, "here", 1, 1))
            assert unit.jobs.take_back_from_the_lost() == 1
            unit.commit()
        assert ring(store) == [mine]
        assert held(store, mine).fence > lease.fence
        assert claim(store, other) is None

    @pytest.mark.parametrize("act", ["finish", "renew", "release", "retry_later", "bury"])
    def test_an_old_lease_can_do_nothing(self, store: Store, submission: int, act: str) -> None:
        """Its fence is lower than the one in force; what it wrote beside goes with it."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        old = held(store, one)
        pass_time(store, LEASE + 1)
        new = held(store, one)
        assert new.fence > old.fence
        more = {"finish": (), "renew": (LEASE,), "release": (), "retry_later": ("x", 1.0), "bury": ("x",)}[act]
        with store.writing() as unit:
            unit.jobs.add([NewJob(Stage.MATCH, submission, (1,))])
            with pytest.raises(Conflict) as caught:
                getattr(unit.jobs, act)(old, *more)
        assert caught.value.code == "lease-lost"
        assert states(store) == {one: (JobState.READY, 1, None)}
        with store.writing() as unit:
            unit.jobs.finish(new)
            unit.commit()
        assert states(store)[one][0] == JobState.DONE

    def test_a_slow_worker_whom_nobody_followed_may_finish(self, store: Store, submission: int) -> None:
        """Its results are as good as another's would be."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        lease = held(store, one)
        pass_time(store, 2 * LEASE)
        with store.writing() as unit:
            unit.jobs.finish(lease)
            unit.commit()
        assert states(store)[one][0] == JobState.DONE

    def test_a_renewed_lease_lasts(self, store: Store, submission: int) -> None:
        """From the renewal on, not from the claim."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        lease = held(store, one)
        pass_time(store, LEASE - 60)
        with store.writing() as unit:
            unit.jobs.renew(lease, LEASE)
            unit.commit()
        pass_time(store, LEASE - 60)
        assert claim(store, one) is None

    def test_a_finished_lease_cannot_finish_again(self, store: Store, submission: int) -> None:
        """A repeat of the last commit writes nothing twice."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        lease = held(store, one)
        with store.writing() as unit:
            unit.jobs.finish(lease)
            unit.commit()
        with store.writing() as unit, pytest.raises(Conflict):
            unit.jobs.finish(lease)


class TestRinging:
    """Doorbells tell which jobs may be due; the table decides."""

    def test_later_stages_come_first_and_then_the_oldest(self, store: Store, submission: int) -> None:
        """What can be answered now is answered before more is begun."""
        examine, match, link, examine_too = owe(
            store,
            NewJob(Stage.EXAMINE, submission, (1,)),
            NewJob(Stage.MATCH, submission, (2,)),
            NewJob(Stage.LINK, submission),
            NewJob(Stage.EXAMINE, submission, (3,)),
        )
        assert ring(store) == [link, match, examine, examine_too]

    def test_few_are_rung_ahead(self, store: Store, submission: int) -> None:
        """A job of a later stage waits behind those that are rung at most, never behind the whole queue."""
        jobs = owe(store, *(NewJob(Stage.EXAMINE, submission, (number,)) for number in range(6)))
        assert ring(store, places=2) == jobs[:2]
        assert ring(store, places=0) == []
        (later_stage,) = owe(store, NewJob(Stage.LINK, submission))
        assert ring(store, places=1) == [later_stage]
        assert ring(store, places=2) == jobs[2:4]

    def test_a_lost_doorbell_is_rung_again_after_a_while(self, store: Store, submission: int) -> None:
        """It costs time, never work."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        assert (ring(store), ring(store)) == ([one], [])
        pass_time(store, AGAIN + 1)
        assert ring(store) == [one]

    def test_doorbells_of_a_process_that_is_gone_are_rung_anew(self, store: Store, submission: int) -> None:
        """They sounded in its memory only."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        ring(store)
        with store.writing() as unit:
            unit.jobs.forget_rings()
            unit.commit()
        assert ring(store) == [one]

    def test_a_doorbell_answered_too_early_is_rung_at_the_next_chance(self, store: Store, submission: int) -> None:
        """An exclusive job that found another running does not wait for the lost-doorbell time."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        ring(store)
        with store.writing() as unit:
            unit.jobs.ring_again([one])
            unit.commit()
        assert ring(store) == [one]

    def test_a_held_job_is_not_rung_for(self, store: Store, submission: int) -> None:
        """Until its lease runs out."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submission, (1,)))
        held(store, one)
        assert ring(store) == []


class TestExclusiveStages:
    """Linking and referring read and change the whole network: one such job at a time."""

    def test_one_runs_and_the_others_wait(self, store: Store, submission: int) -> None:
        """Whatever submission they belong to; examining goes on beside."""
        other = received(store, "EXH-2")
        link, refer, link_other, examine = owe(
            store,
            NewJob(Stage.LINK, submission),
            NewJob(Stage.REFER, submission),
            NewJob(Stage.LINK, other),
            NewJob(Stage.EXAMINE, submission, (1,)),
        )
        lease = held(store, link)
        assert (claim(store, refer), claim(store, link_other)) == (None, None)
        assert ring(store) == [examine]
        held(store, examine)
        with store.writing() as unit:
            unit.jobs.finish(lease)
            unit.commit()
        assert ring(store) == [refer]
        assert claim(store, link_other) is not None
        assert claim(store, refer) is None

    def test_a_dead_workers_exclusive_job_blocks_until_its_lease_ends(self, store: Store, submission: int) -> None:
        """And can be taken up again itself."""
        link, refer = owe(store, NewJob(Stage.LINK, submission), NewJob(Stage.REFER, submission))
        held(store, link)
        pass_time(store, LEASE + 1)
        held(store, link)
        pass_time(store, LEASE + 1)
        held(store, refer)

    def test_of_two_workers_at_once_one_gets_an_exclusive_job(self, store: Store, submission: int) -> None:
        """Though each asks for another job, over a connection of its own, before the other has committed."""
        first, second = owe(store, NewJob(Stage.LINK, submission), NewJob(Stage.REFER, submission))
        other = another(store)
        with ThreadPoolExecutor(1) as pool:
            with store.writing() as unit:
                assert unit.jobs.claim(first, "worker-1", LEASE) is not None
                waiting = pool.submit(claim, other, second, "worker-2")
                time.sleep(0.2)  # long enough to ask; a claim that does not wait would answer by now
                unit.commit()
            assert waiting.result(timeout=30) is None
        other.engine.dispose()


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


def another(store: Store) -> Store:
    """The same database, as another process sees it."""
    return Store(open_engine(str(store.engine.url.render_as_string(hide_password=False))), store.signer, store.mirror)
