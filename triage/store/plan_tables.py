"""The schema of acts that take two people: plans, bytes that were deleted, submissions that were set apart."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table

from .columns import Document, Id, PerhapsDocument, UtcDateTime, metadata, where

plan = Table(
    "plan",
    metadata,
    Column("id", Id, primary_key=True),
    Column("action", String(32), nullable=False),
    Column("referral_id", Id, ForeignKey("referral.id"), index=True),
    Column("submission_id", Id, ForeignKey("submission.id")),
    Column("terms", Document, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("asked_by", Id, ForeignKey("principal.id"), nullable=False, index=True),
    Column("approval_id", Id, ForeignKey("approval.id")),
    Column("begun_at", UtcDateTime),  # with the first commit of the act
    Column("done_at", UtcDateTime),
    Column("result", PerhapsDocument),
)

erasure = Table(
    "erasure",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("plan_id", Id, ForeignKey("plan.id"), primary_key=True),
    Column("erased_at", UtcDateTime, nullable=False),
    Column("returned_at", UtcDateTime),  # the same bytes were received again, and are held
)
Index("uq_erasure_in_force", erasure.c.item_id, unique=True, **where("returned_at IS NULL"))

parting = Table(
    "parting",
    metadata,
    Column("id", Id, primary_key=True),
    Column("low_id", Id, ForeignKey("submission.id"), nullable=False),
    Column("high_id", Id, ForeignKey("submission.id"), nullable=False, index=True),
    Column("plan_id", Id, ForeignKey("plan.id"), nullable=False),
    Column("grounds", Document, nullable=False),  # what tied the pair then: kind to count
    Column("told", Document, nullable=False),  # what histories have said of it since
    Column("made_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)
Index("uq_parting_in_force", parting.c.low_id, parting.c.high_id, unique=True, **where("ended_at IS NULL"))
