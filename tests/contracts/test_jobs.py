"""The rules of the jobs table, which any database must keep: nothing owed is lost, nothing is finished twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contracts.queues import (
    AGAIN,
    LEASE,
    another,
    claim,
    held,
    owe,
    pass_time,
    received,
    ring,
    states,
)
from triage.domain.errors import Conflict
from triage.domain.jobs import JobState, NewJob, Stage
from triage.domain.workers import Worker, WorkerKind
from triage.store.unit_of_work import Store


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
