"""The schema of what comes in over the network: senders and keys, reports, uploads, and their legal facts."""

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
)

from .columns import Document, Id, PerhapsDocument, UtcDateTime, metadata, where

sender = Table(
    "sender",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("country", String(2), nullable=False),
    Column("acquired_under", Text, nullable=False),
    Column("may_share_with", Document, nullable=False),
    Column("handling", Document, nullable=False),
    Column("keeps_media", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sender_id", Id, ForeignKey("sender.id"), nullable=False, index=True),
    Column("prefix", String(16), nullable=False, unique=True),
    Column("secret_sha256", LargeBinary(32), nullable=False),  # of 256 random bits: nothing to guess, no salt needed
    Column("scopes", Document, nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

report = Table(
    "report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),  # 128 random bits: what a sender is told
    Column("sender_id", Id, ForeignKey("sender.id"), nullable=False, index=True),
    Column("sandbox", Boolean, nullable=False),
    Column("door", String(16), nullable=False),
    Column("reference", Text),  # the sender's own name for it
    Column("idempotency_key", Text),
    Column("asked_sha256", LargeBinary(32)),  # of the request: the same key with another request is a conflict
    Column("state", String(16), nullable=False),
    Column("facts", Document, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("submission_id", Id, ForeignKey("submission.id"), index=True),
    UniqueConstraint("sender_id", "sandbox", "reference"),
    UniqueConstraint("sender_id", "sandbox", "idempotency_key"),
)
Index("ix_report_open", report.c.changed_at, **where("state = 'open'"))

reported_file = Table(
    "reported_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("report_id", Id, ForeignKey("report.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("facts", Document, nullable=False),
    Column("viewed", String(8), nullable=False),
    Column("known", String(16), nullable=False),  # the answer at the door; "" before it was asked
    Column("upload_id", Id, ForeignKey("upload.id")),  # its bytes; NULL where only digests are told
    Column("item_id", Id, ForeignKey("item.id"), index=True),  # once the report is finished
    Column("sighted", PerhapsDocument),  # while the report is open: what was found in bytes that are not kept
    UniqueConstraint("report_id", "position"),
)

reported_identifier = Table(
    "reported_identifier",
    metadata,
    Column("id", Id, primary_key=True),
    Column("report_id", Id, ForeignKey("report.id"), nullable=False, index=True),
    Column("submission_id", Id, ForeignKey("submission.id"), index=True),  # once the report is finished
    Column("party", Integer, nullable=False),  # identifiers of one party share a number; 0: of a file
    Column("role", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("normal", Text, nullable=False),  # one spelling of it, for comparing
    Column("service", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", UtcDateTime),
    Column("port", Integer),
    Column("country", String(2), nullable=False),
)
Index("ix_reported_identifier_normal", reported_identifier.c.kind, reported_identifier.c.normal)

upload = Table(
    "upload",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("sender_id", Id, ForeignKey("sender.id"), nullable=False, index=True),
    Column("key_id", Id, ForeignKey("api_key.id"), nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("report_id", Id, ForeignKey("report.id"), index=True),  # either a report's file …
    Column("submission_id", Id, ForeignKey("submission.id"), index=True),  # … or one of a unit's seizure
    Column("path", LargeBinary, nullable=False),  # where the seizure had it; empty for a report's file
    Column("mtime_ns", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),  # told by the last request; the spool's file knows better
    Column("state", String(16), nullable=False),  # as `triage/domain/uploads.py`
    Column("because", String(40)),  # the code of what made it fail
    Column("stated", Document, nullable=False),  # digests that the sender told, by algorithm, in hex
    # Where the sealed spool lies while it is open: on one machine. Its file's lock says who writes to it.
    Column("machine", Text, nullable=False),
    Column("spool_key", LargeBinary, nullable=False),  # wrapped; empty once the spool is to be forgotten
    Column("spool_key_id", Text, nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("expires_at", Float(53), nullable=False),
    # What arrived, once all of it has: measured by us, and sealed in the vault. The item's after it is taken.
    Column("md5", LargeBinary(16)),
    Column("sha1", LargeBinary(20)),
    Column("sha256", LargeBinary(32)),
    Column("kind", String(16)),
    Column("sealed", Document),  # a locator of the vault; the wrapped key in base64
)
Index("ix_upload_owed", upload.c.machine, **where("state IN ('open', 'arrived')"))

push = Table(
    "push",
    metadata,
    Column("submission_id", Id, ForeignKey("submission.id"), primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("sender_id", Id, ForeignKey("sender.id"), nullable=False, index=True),
    Column("sandbox", Boolean, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("manifest_sha256", LargeBinary(32)),  # of what both sides agree was sent
)

authority = Table(
    "authority",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),  # warrant, consent, statute
    Column("reference", Text, nullable=False),
    Column("person", Text, nullable=False),  # who gave it, or on whose word it is recorded
    Column("given_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False, index=True),
    Column("item_id", Id, ForeignKey("item.id"), index=True),  # NULL: for all of the submission
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_by", Text),
    Column("withdrawn_because", Text),
)

preservation = Table(
    "preservation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False, index=True),
    Column("holder", Text, nullable=False),  # whose records: a provider's name, "network operator" …
    Column("holder_kind", String(32), nullable=False),  # as `config/jurisdictions/` names them
    Column("country", String(2), nullable=False),
    Column("identifier", Text, nullable=False),  # what to ask for
    Column("since", UtcDateTime, nullable=False),
    Column("expires_on", Date, nullable=False),  # estimated, in UTC
    Column("rule", Text, nullable=False),  # which rule of which file estimated it
    UniqueConstraint("submission_id", "holder", "holder_kind", "identifier", "since", name="uq_preservation_subject"),
)
