"""The schema of work: what is owed, and who is at it."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from .columns import Document, Id, metadata, where

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("submission_id", Id, ForeignKey("submission.id")),  # NULL for a job of a re-match
    Column("rematch_id", Id, ForeignKey("rematch.id")),
    Column("item_ids", Document, nullable=False),
    Column("state", String(8), nullable=False),
    # Where the job stands in the queue: urgent (0) or not (1), the case it belongs to, its stage.
    Column("rank", Integer, nullable=False),
    Column("lane", Id, nullable=False),  # the case's first submission; 0 for re-matches
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    # Seconds since 1970 by the database's clock: workers' clocks never meet.
    Column("lease_until", Float(53), nullable=False),
    Column("not_before", Float(53), nullable=False),
    Column("ring_at", Float(53), nullable=False),  # 0: waits for a doorbell. Else nobody rings before this moment
    Column("last_error", Text),
    Column("made_at", Float(53), nullable=False),
    Column("trace", String(55)),  # a W3C traceparent, where traces are on
)
WAITING = "state = 'ready' AND ring_at = 0"
IN_HAND = "state = 'ready' AND ring_at > 0"
"""The two halves of what is owed, each with an index of its own. In hand are few: rung for, leased, or pausing."""
Index("ix_job_waiting", job.c.rank, job.c.lane, job.c.priority, job.c.id, **where(WAITING))
Index("ix_job_in_hand", job.c.ring_at, **where(IN_HAND))
Index("ix_job_dead", job.c.id, **where("state = 'dead'"))
Index("ix_job_submission", job.c.submission_id, job.c.state)
Index("ix_job_rematch", job.c.rematch_id, job.c.state)

worker = Table(
    "worker",
    metadata,
    Column("name", Text, primary_key=True),  # of one life of one process; owners of leases are named so
    Column("kind", String(8), nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("threads", Integer, nullable=False),
    # As for jobs: seconds since 1970 by the database's clock.
    Column("started_at", Float(53), nullable=False),
    Column("seen_at", Float(53), nullable=False),
)
