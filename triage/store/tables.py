"""The schema, the same on SQLite and PostgreSQL. Migrations in `migrations/` are checked against it by a test."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .columns import Document, Id, UtcDateTime, metadata, where

submission = Table(
    "submission",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_ref", Text, nullable=False),
    Column("exhibit_ref", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("source", LargeBinary, nullable=False),  # the absolute path as bytes: names need not be UTF-8
    Column("in_place", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("preserve_until", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime),
    Column("urgent", Boolean, nullable=False),  # its jobs, later stages included, go before all others
    # What came along with it: from whom, and what may be done with it.
    Column("origin", String(16), nullable=False),  # seizure, or what the sender is
    Column("may_share_with", Document, nullable=False),
    Column("handling", Document, nullable=False),
    UniqueConstraint("case_ref", "exhibit_ref", "source"),
)
# By id within the case: the first of it is asked for with each report, and else sought through all there are.
Index("ix_submission_case", submission.c.case_ref, submission.c.id)

comparison = Table(
    "comparison",
    metadata,
    Column("id", Id, primary_key=True),
    Column("policy", Text, nullable=False),
    Column("releases", Text, nullable=False),  # ids joined by "+"; "none"
    UniqueConstraint("policy", "releases"),
)

item = Table(
    "item",
    metadata,
    Column("id", Id, primary_key=True),
    # All three of what we had the bytes of; of a stated item what was told, one at least.
    Column("sha256", LargeBinary(32), unique=True),
    Column("sha1", LargeBinary(20), index=True),
    Column("md5", LargeBinary(16), index=True),
    Column("size", BigInteger),  # NULL: not told
    Column("kind", String(16), nullable=False),
    Column("depth", Integer, nullable=False),  # fewest containers around it so far; bounds recursion
    Column("outcome", String(16), nullable=False),
    Column("closed_because", Text),
    Column("because", String(40)),  # the rule or reason that gave the outcome
    # What the answer rests on: "unknown" means nothing without the releases that were asked.
    Column("comparison_id", Id, ForeignKey("comparison.id")),
    Column("first_seen", UtcDateTime, nullable=False),
    # A stated item whose bytes turned out to be those of another item: it stands for nothing of its own any more.
    Column("same_as", Id),
)
Index("uq_item_named_by_sha1", item.c.sha1, unique=True, **where("sha256 IS NULL AND sha1 IS NOT NULL"))
Index("uq_item_named_by_md5", item.c.md5, unique=True, **where("sha256 IS NULL AND sha1 IS NULL"))
Index(
    "ix_item_pending",
    item.c.id,
    sqlite_where=text("outcome = 'pending'"),
    postgresql_where=text("outcome = 'pending'"),
)

occurrence = Table(
    "occurrence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False),
    Column("item_id", Id, ForeignKey("item.id"), nullable=False, index=True),
    Column("parent_item_id", Id, nullable=False),  # 0: straight from the source
    Column("path", LargeBinary, nullable=False),
    Column("path_key", LargeBinary(16), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("linked", Boolean, nullable=False),
    Column("viewed", String(8)),  # by a person at the sender: yes, no, unknown; NULL where there is no such sender
    UniqueConstraint("submission_id", "parent_item_id", "path_key", "item_id"),
)
Index("ix_occurrence_submission_item", occurrence.c.submission_id, occurrence.c.item_id)
Index("ix_occurrence_parent", occurrence.c.parent_item_id)

sealed_object = Table(
    "sealed_object",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("object_id", String(32), nullable=False),
    Column("segment", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("stored_length", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
)

in_place_source = Table(
    "in_place_source",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
)

source_note = Table(
    "source_note",
    metadata,
    Column("id", Id, primary_key=True),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("path_key", LargeBinary(16), nullable=False),
    Column("code", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("submission_id", "path_key", "code"),
)

processing_note = Table(
    "processing_note",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("detail", Text, nullable=False),
    Column("stage", String(16), nullable=False),
)

provenance = Table(
    "provenance",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tool", Text, nullable=False, unique=True),
)

raster = Table(
    "raster",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("format", String(16), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("frames", Integer, nullable=False),
    Column("concentration", Integer),  # percent; NULL where it was not measured
    Column("seconds", Float(53)),  # of a video, as its container tells
    Column("thumbnail_distance", Integer),
    Column("provenance_id", Id, ForeignKey("provenance.id"), nullable=False),
)

fingerprint = Table(
    "fingerprint",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("subject", String(16), primary_key=True),
    Column("profile", String(16), primary_key=True),
    Column("algorithm", String(16), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("quality", Integer),
    Column("variants", LargeBinary),  # eight values end to end
    Column("provenance_id", Id, ForeignKey("provenance.id"), nullable=False),
)

told_fingerprint = Table(
    "told_fingerprint",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("algorithm", String(16), primary_key=True),
    Column("profile", String(16), primary_key=True),
    Column("value", LargeBinary, primary_key=True),
    Column("quality", Integer, primary_key=True, autoincrement=False),  # -1: not told
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False),  # with which it was told first
)

finding = Table(
    "finding",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("value", Document, nullable=False),
    Column("provenance_id", Id, ForeignKey("provenance.id"), nullable=False),
)

match = Table(
    "match",
    metadata,
    Column("id", Id, primary_key=True),
    Column("item_id", Id, ForeignKey("item.id"), nullable=False),
    Column("release_id", Text, nullable=False),
    Column("entry_key", Text, nullable=False),
    Column("subject", String(16), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("profile", String(16), nullable=False),  # "" for digests
    Column("set_name", Text, nullable=False),
    Column("set_kind", String(16), nullable=False),
    Column("basis", String(8), nullable=False),
    Column("distance", Integer, nullable=False),
    Column("transform", String(16), nullable=False),
    Column("opinion", Document, nullable=False),
    Column("standing", String(16), nullable=False),
    Column("because", String(40), nullable=False),
    Column("agreement", Text, nullable=False),  # what second algorithms measured; "" for nothing
    Column("comparison_id", Id, ForeignKey("comparison.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    # A match that no longer holds stays, with the comparison that did not find it; found again it is a new row.
    Column("ended_at", UtcDateTime),
    Column("ended_because", String(16)),
    Column("ended_by", Id, ForeignKey("comparison.id")),
)
Index(
    "uq_match_standing",
    match.c.item_id,
    match.c.release_id,
    match.c.entry_key,
    match.c.subject,
    match.c.algorithm,
    match.c.profile,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
Index(
    "ix_match_ended",
    match.c.item_id,
    sqlite_where=text("ended_at IS NOT NULL"),
    postgresql_where=text("ended_at IS NOT NULL"),
)

HELD_BACK = "standing = 'held-back'"
Index("ix_match_held_back", match.c.item_id, **where(HELD_BACK))

rematch = Table(
    "rematch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("because", Document, nullable=False),  # why it was opened, and why its target moved on while it ran
    Column("before_id", Id, ForeignKey("comparison.id")),
    Column("after_id", Id, ForeignKey("comparison.id"), nullable=False),
    Column("listed_to", Id, nullable=False),  # jobs are written for the items up to this id
    Column("items", BigInteger, nullable=False),  # items in those jobs
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("result", Document),
)

rematch_item = Table(
    "rematch_item",
    metadata,
    Column("rematch_id", Id, ForeignKey("rematch.id"), primary_key=True),
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("added", Integer, nullable=False),
    Column("retracted", Integer, nullable=False),
)

trait = Table(
    "trait",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("key", Text, nullable=False),
    Column("strength", String(8), nullable=False),
    Column("because", Text, nullable=False),
    Column("members", Integer, nullable=False),
    UniqueConstraint("kind", "key"),
)

trait_member = Table(
    "trait_member",
    metadata,
    Column("trait_id", Id, ForeignKey("trait.id"), primary_key=True),
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True, index=True),
)

link = Table(
    "link",
    metadata,
    Column("kind", String(24), primary_key=True),
    Column("from_item", Id, ForeignKey("item.id"), primary_key=True),
    Column("to_item", Id, ForeignKey("item.id"), primary_key=True, index=True),
    Column("strength", String(8), nullable=False),
    Column("because", Text, nullable=False),
    Column("distance", Integer),
    Column("transform", String(16)),
)

look_alike = Table(
    "look_alike",
    metadata,
    Column("seq", Id, primary_key=True),  # order of assignment, no number twice: how a process catches up
    Column("item_id", Id, ForeignKey("item.id"), nullable=False, unique=True),
    Column("centre_id", Id, ForeignKey("item.id"), nullable=False, index=True),
    sqlite_autoincrement=True,
)

referral = Table(
    "referral",
    metadata,
    Column("id", Id, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("merged_into", Id),
    Column("danger", Integer, nullable=False),
    Column("solvability", Integer, nullable=False),
    Column("network", Integer, nullable=False),
    Column("clock", Integer, nullable=False),
    Column("sort_key", Text, nullable=False),
    Column("reasons", Document, nullable=False),
    Column("facts", Document, nullable=False),  # what was counted when it was assessed: lists need not count again
    Column("near", Integer),  # of these facts, what the queue is filtered by; NULL before it was assessed
    Column("unknown", Integer),
    Column("edition", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
Index("ix_referral_merged", referral.c.merged_into, **where("merged_into IS NOT NULL"))
Index(
    "ix_referral_queue",
    referral.c.state,
    referral.c.sort_key,
    referral.c.created_at,
    referral.c.id,
    # What the queue is filtered by, so that counting it reads no referral.
    postgresql_include=["danger", "clock", "solvability", "network", "near", "unknown"],
)

referral_summary = Table(
    "referral_summary",
    metadata,
    Column("referral_id", Id, ForeignKey("referral.id"), primary_key=True),
    Column("counted", Document, nullable=False),  # what the page shows of its items: pages need not count again
    Column("at", UtcDateTime, nullable=False),
)

referral_member = Table(
    "referral_member",
    metadata,
    Column("submission_id", Id, ForeignKey("submission.id"), primary_key=True),
    Column("referral_id", Id, ForeignKey("referral.id"), nullable=False, index=True),
    Column("joined_at", UtcDateTime, nullable=False),
)

network_join = Table(
    "network_join",
    metadata,
    Column("id", Id, primary_key=True),
    Column("low_id", Id, ForeignKey("submission.id"), nullable=False),
    Column("high_id", Id, ForeignKey("submission.id"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("because", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)
Index("ix_network_join_low", network_join.c.low_id)

referral_event = Table(
    "referral_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("referral_id", Id, ForeignKey("referral.id"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("details", Document, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
