"""Jobs as tests of the queue write, claim and ring for them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, update

from hashsets.algorithms.digests import Digests
from triage.domain.items import ItemKind
from triage.domain.jobs import Lease, NewJob, Places, Ring
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.settings import WorkSettings
from triage.store.engine import open_engine
from triage.store.items import NewItem
from triage.store.job_tables import job, worker
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
WINDOW = 10
AGAIN = 30.0
LEASE = 600.0
WORK = WorkSettings(threads=1, lease_seconds=LEASE, max_attempts=3, retry_seconds=5)


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


def another(store: Store) -> Store:
    """The same database, as another process sees it."""
    return Store(open_engine(str(store.engine.url.render_as_string(hide_password=False))), store.signer, store.mirror)
