"""For which jobs is rung, and when: urgent at once, cases in turn, at a price that does not grow with the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from tests.contracts.queues import NOW, WORK, another, claim, held, owe, pass_time, ring, rings
from triage.domain.jobs import NewJob, Places, Rank, Stage
from triage.domain.submissions import Delivery, SubmissionState
from triage.domain.workers import LOST_AFTER, Worker, WorkerKind
from triage.services.giving_up import GivingUp
from triage.services.hurrying import Hurrying
from triage.store.job_tables import job
from triage.store.unit_of_work import Store

MANY = 16_000
"""Jobs of a million files, 64 to a job."""


def submitted(store: Store, case: str, exhibit: str = "EXH-1") -> int:
    """A submission of this case, received whole."""
    with store.writing() as unit:
        found = unit.submissions.open(Delivery(case, exhibit, "Synthetic warrant", b"/synthetic"), NOW)
        unit.submissions.set_state(found.id, SubmissionState.RECEIVED, NOW)
        unit.commit()
    return found.id


def owe_many(store: Store, submission: int, count: int) -> None:
    """So many jobs of examining, written at once, as a large seizure leaves them; the database knows its size."""
    with store.writing() as unit:
        unit.jobs.add([NewJob(Stage.EXAMINE, submission, (1,))])
        row = dict(unit.connection.execute(job.select().order_by(job.c.id.desc()).limit(1)).mappings().one())
        del row["id"]
        unit.connection.execute(insert(job), [row] * (count - 1))
        unit.commit()
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE job"))
        connection.commit()


def raise_rank(store: Store, submission: int) -> None:
    Hurrying(store, lambda: NOW, "tester@test").make_urgent(submission)


def cases_of(store: Store, job_ids: Sequence[int]) -> Counter[int]:
    """How many of these jobs each submission has."""
    with store.reading() as unit:
        rows = unit.connection.execute(job.select().where(job.c.id.in_(job_ids)))
        return Counter(row.submission_id for row in rows)


class TestUrgency:
    """A person says so, and everything else waits."""

    def test_an_urgent_submission_goes_before_a_million_files(self, store: Store) -> None:
        """Whatever the stage of its jobs, and though it came last."""
        big, small = submitted(store, "BIG"), submitted(store, "SMALL")
        owe_many(store, big, 500)
        owe(store, NewJob(Stage.LINK, big))
        raise_rank(store, small)
        urgent = owe(store, *(NewJob(Stage.EXAMINE, small, (number,)) for number in range(2)))
        assert ring(store, places=3)[:2] == urgent

    def test_jobs_that_waited_already_are_raised_with_it(self, store: Store) -> None:
        """Later stages are written with the rank of their submission."""
        other, late = submitted(store, "OTHER"), submitted(store, "LATE")
        owe(store, NewJob(Stage.MATCH, other, (1,)))
        examine, match = owe(store, NewJob(Stage.EXAMINE, late, (2,)), NewJob(Stage.MATCH, late, (3,)))
        raise_rank(store, late)
        assert ring(store, places=2) == [match, examine]
        with store.writing() as unit:
            unit.jobs.finish(_claimed(unit, match))
            unit.jobs.add([NewJob(Stage.LINK, late)])
            unit.commit()
        assert cases_of(store, ring(store, places=1)) == {late: 1}

    def test_a_job_written_while_its_submission_was_raised_is_raised_later(self, store: Store) -> None:
        """Its writer had read the rank of before; a relay looks again every few seconds."""
        other, late = submitted(store, "OTHER"), submitted(store, "LATE")
        (first,) = owe(store, NewJob(Stage.EXAMINE, other, (1,)))
        raise_rank(store, late)
        (missed,) = owe(store, NewJob(Stage.EXAMINE, late, (2,)))
        with store.writing() as unit:
            unit.connection.execute(update(job).where(job.c.id == missed).values(rank=Rank.NORMAL))
            unit.jobs.promote()
            unit.commit()
        assert ring(store) == [missed, first]

    def test_an_urgent_job_has_a_line_of_its_own_when_all_else_is_busy(self, store: Store) -> None:
        """No place at the common line, one at the urgent one; others never take that."""
        other, late = submitted(store, "OTHER"), submitted(store, "LATE")
        owe(store, *(NewJob(Stage.EXAMINE, other, (number,)) for number in range(5)))
        raise_rank(store, late)
        urgent = owe(store, *(NewJob(Stage.EXAMINE, late, (number,)) for number in range(3)))
        assert [(one.job_id, one.urgent_line) for one in rings(store, Places(0, 1))] == [(urgent[0], True)]
        assert rings(store, Places(0, 0)) == []
        found = rings(store, Places(2, 1))
        assert [(one.job_id, one.urgent_line) for one in found[:2]] == [(urgent[1], True), (urgent[2], False)]
        assert not found[2].urgent_line
        assert [one.urgent_line for one in rings(store, Places(1, 1))] == [False]

    def test_raising_is_recorded_once(self, store: Store) -> None:
        """Said twice it changes nothing."""
        submission = submitted(store, "LATE")
        for _ in range(2):
            raise_rank(store, submission)
        with store.reading() as unit:
            events = [record.event for record in unit.custody.records()]
            assert unit.submissions.get(submission).urgent
        assert [(one.action, one.subject, one.purpose) for one in events if one] == [
            ("noted", f"submission:{submission}", "urgent")
        ]


class TestFairness:
    """Cases of equal rank take turns, however much each has."""

    def test_a_small_case_is_served_beside_a_large_one(self, store: Store) -> None:
        """Though the large one came first, and has more than there are places."""
        big, small = submitted(store, "BIG"), submitted(store, "SMALL")
        owe_many(store, big, 500)
        owe(store, *(NewJob(Stage.EXAMINE, small, (number,)) for number in range(10)))
        assert cases_of(store, ring(store, places=6)) == {big: 3, small: 3}

    def test_whoever_has_least_in_hand_is_next(self, store: Store) -> None:
        """Also when rung for earlier, and by another relay."""
        big, small = submitted(store, "BIG"), submitted(store, "SMALL")
        owe_many(store, big, 500)
        for one in ring(store, places=4):
            held(store, one)
        owe(store, *(NewJob(Stage.EXAMINE, small, (number,)) for number in range(10)))
        assert cases_of(store, ring(store, places=4)) == {small: 4}
        assert cases_of(store, ring(store, places=2)) == {big: 1, small: 1}

    def test_with_one_place_cases_take_turns(self, store: Store) -> None:
        """The relay remembers whom it served last."""
        cases = [submitted(store, f"CASE-{number}") for number in range(3)]
        for one in cases:
            owe_many(store, one, 5)
        served, lane = [], 0
        for _ in range(6):
            (found,) = rings(store, Places(1, 0), lane)
            lane = found.lane
            served += cases_of(store, [found.job_id])
            with store.writing() as unit:
                unit.jobs.finish(_claimed(unit, found.job_id))
                unit.commit()
        assert served == cases * 2

    def test_the_submissions_of_one_case_share_its_turn(self, store: Store) -> None:
        """Cutting a seizure into pieces brings no more threads."""
        parts = [submitted(store, "BIG", f"EXH-{number}") for number in range(4)]
        other = submitted(store, "OTHER")
        for one in (*parts, other):
            owe_many(store, one, 10)
        assert cases_of(store, ring(store, places=8))[other] == 4

    def test_more_cases_than_are_weighed_at_once_all_have_their_turn(self, store: Store) -> None:
        """A hotline has thousands of small reports."""
        cases = [submitted(store, f"CASE-{number}") for number in range(150)]
        owe(store, *(NewJob(Stage.EXAMINE, one, (1,)) for one in cases))
        served: Counter[int] = Counter()
        lane = 0
        while found := rings(store, Places(7, 0), lane):
            lane = found[-1].lane
            served += cases_of(store, [one.job_id for one in found])
        assert served == dict.fromkeys(cases, 1)

    def test_jobs_of_a_rematch_have_their_turn(self, store: Store) -> None:
        """They belong to no case."""
        submission = submitted(store, "CASE")
        with store.writing() as unit:
            run = unit.rematches.open("a test", None, unit.matches.comparison("policy 1", "none"), NOW)
            unit.commit()
        owe_many(store, submission, 20)
        again = owe(store, *(NewJob(Stage.REMATCH, 0, (number,), run) for number in range(5)))
        assert len(set(ring(store, places=4)) & set(again)) == 2


class TestTheQueueInHand:
    """What is rung for or leased is told apart from what waits."""

    def test_one_exclusive_job_is_rung_for_at_a_time(self, store: Store) -> None:
        """A second doorbell would be answered in vain, again and again; others go on."""
        cases = [submitted(store, f"CASE-{number}") for number in range(3)]
        links = owe(store, *(NewJob(Stage.LINK, one) for one in cases))
        (match,) = owe(store, NewJob(Stage.MATCH, cases[2], (1,)))
        found = ring(store)
        assert match in found
        assert len(set(found) & set(links)) == 1

    def test_a_pause_is_kept_when_a_doorbell_was_lost(self, store: Store) -> None:
        """Ringing again at the next chance is not ringing before its time."""
        giving_up = GivingUp(store, WORK, lambda: NOW, "tester@test")
        (one,) = owe(store, NewJob(Stage.EXAMINE, submitted(store, "CASE"), (1,)))
        giving_up.try_later(held(store, one), "trouble")
        with store.writing() as unit:
            unit.jobs.ring_again([one])
            unit.jobs.forget_rings()
            unit.commit()
        assert ring(store) == []
        pass_time(store, WORK.retry_seconds + 1)
        assert ring(store) == [one]

    def test_only_one_relay_rings_at_a_time(self, store: Store) -> None:
        """The others leave it to that one, and wait for nothing."""
        if store.engine.dialect.name == "sqlite":
            pytest.skip("SQLite has one writer: the second waits for the first.")
        other = another(store)
        with store.writing() as unit, other.writing() as second:
            assert unit.doorbells.take_turn()
            assert not second.doorbells.take_turn()
        with other.writing() as second:
            assert second.doorbells.take_turn()
        other.engine.dispose()


class TestTheLiving:
    """A worker process says that it lives; silent, it loses its jobs."""

    def arrive(self, store: Store, *names: str) -> None:
        with store.writing() as unit:
            for name in names:
                unit.workers.arrive(Worker(name, WorkerKind.SHARED, "a-host", 1, 2))
            unit.commit()

    def test_a_silent_worker_loses_its_jobs_after_half_a_minute(self, store: Store) -> None:
        """By the database's clock, and through any relay. One that speaks keeps them."""
        submission = submitted(store, "CASE")
        jobs = owe(store, *(NewJob(Stage.EXAMINE, submission, (number,)) for number in range(2)))
        self.arrive(store, "silent", "speaks")
        claim(store, jobs[0], "silent")
        claim(store, jobs[1], "speaks")
        pass_time(store, LOST_AFTER - 5)
        with store.writing() as unit:
            assert unit.workers.beat("speaks")
            assert unit.workers.give_up_silent("nobody") == []
            unit.commit()
        pass_time(store, 6)
        with store.writing() as unit:
            assert unit.workers.give_up_silent("nobody") == ["silent"]
            assert unit.jobs.take_back_from_the_lost() == 1
            unit.commit()
        assert ring(store) == [jobs[0]]
        with store.writing() as unit:
            assert not unit.workers.beat("silent")

    def test_one_that_was_given_up_can_commit_nothing(self, store: Store) -> None:
        """Even when nobody has taken its job up yet: its fence is behind."""
        (one,) = owe(store, NewJob(Stage.EXAMINE, submitted(store, "CASE"), (1,)))
        lease = held(store, one)
        with store.writing() as unit:
            unit.jobs.take_back_from_the_lost()
            unit.commit()
        with store.writing() as unit, pytest.raises(Exception, match="held by another"):
            unit.jobs.finish(lease)

    def test_nobody_gives_itself_up(self, store: Store) -> None:
        """A machine that slept wakes up with an old row of its own."""
        self.arrive(store, "asleep")
        pass_time(store, 10 * LOST_AFTER)
        with store.writing() as unit:
            assert unit.workers.give_up_silent(but="asleep") == []

    def test_a_worker_lets_go_of_what_it_is_not_at(self, store: Store) -> None:
        """A claim whose answer was lost on the way, or a job that could not be handed back."""
        submission = submitted(store, "CASE")
        jobs = owe(store, *(NewJob(Stage.EXAMINE, submission, (number,)) for number in range(3)))
        claim(store, jobs[0], "me")
        claim(store, jobs[1], "me")
        claim(store, jobs[2], "other")
        with store.writing() as unit:
            assert unit.jobs.take_back_but("me", [jobs[0]]) == 1
            unit.commit()
        assert ring(store) == [jobs[1]]

    def test_threads_of_the_living_are_counted(self, store: Store) -> None:
        """Those that answer shared doorbells, and were seen lately."""
        self.arrive(store, "one", "two")
        with store.writing() as unit:
            unit.workers.arrive(Worker("alone", WorkerKind.OWN, "a-host", 1, 8))
            assert unit.workers.serving() == (2, 4)
            unit.workers.leave(["one"])
            assert unit.workers.serving() == (1, 2)
            assert {one.name for one in unit.workers.all()} == {"two", "alone"}
            unit.commit()
        pass_time(store, LOST_AFTER + 1)
        with store.reading() as unit:
            assert unit.workers.serving() == (0, 0)


class TestPrice:
    """A ring over the jobs of a million files costs what one over a hundred costs."""

    @pytest.mark.parametrize("in_hand", [0, 8], ids=["nothing in hand", "with jobs in hand"])
    def test_it_does_not_grow_with_what_waits(self, store: Store, in_hand: int) -> None:
        """Counted in steps of SQLite's machine, and in rows that PostgreSQL reads; not in seconds."""
        first = submitted(store, "FIRST")
        owe_many(store, first, 100)
        for one in ring(store, places=in_hand):
            held(store, one)
        few = cost_of_a_ring(store)
        owe_many(store, first, MANY // 2)
        owe_many(store, submitted(store, "SECOND"), MANY // 2)
        many = cost_of_a_ring(store)
        assert many <= 2 * few + 20, (few, many)

    def test_a_claim_neither(self, store: Store) -> None:
        """By its number."""
        submission = submitted(store, "FIRST")
        owe_many(store, submission, 100)
        (one,) = ring(store, places=1)
        few = cost(store, lambda unit: unit.jobs.claim(one, "me", 60))
        owe_many(store, submission, MANY)
        many = cost(store, lambda unit: unit.jobs.claim(one, "me", 60))
        assert many <= 2 * few + 20, (few, many)


def cost_of_a_ring(store: Store) -> int:
    return cost(store, lambda unit: unit.doorbells.ring(Places(2, 1), 30.0))


def cost(store: Store, act: Any, table: str = "job") -> int:
    """What an act in a unit that is rolled back costs: virtual machine steps, or rows and index entries read."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    read = text(
        "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) + (SELECT coalesce(sum("
        "pg_stat_get_xact_tuples_returned(indexrelid)), 0) FROM pg_stat_user_indexes WHERE relname = :name)"
        " FROM pg_stat_xact_user_tables WHERE relname = :name"
    ).bindparams(name=table)
    with store.writing() as unit:
        if unit.connection.dialect.name == "sqlite":
            raw: Any = unit.connection.connection.dbapi_connection
            raw.set_progress_handler(count, 10)
            act(unit)
            raw.set_progress_handler(None, 0)
            return steps
        before = int(unit.connection.execute(read).scalar_one())
        act(unit)
        return int(unit.connection.execute(read).scalar_one()) - before


def _claimed(unit: Any, job_id: int) -> Any:
    lease = unit.jobs.claim(job_id, "worker-1", 600.0)
    assert lease is not None
    return lease
