"""The schema of review: people and what they may do, claims, decisions, looks, and what is told back."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
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

principal = Table(
    "principal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", Text, nullable=False, unique=True),  # one spelling: lower case
    Column("name", Text, nullable=False),  # as colleagues see it
    Column("unit", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("password_hash", Text),  # Argon2id; NULL: signs in another way
    Column("totp_secret", LargeBinary),  # wrapped
    Column("totp_last_step", Id, nullable=False),  # a code is taken once
    Column("oidc_subject", Text, unique=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
)

passkey = Table(
    "passkey",
    metadata,
    Column("id", Id, primary_key=True),
    Column("principal_id", Id, ForeignKey("principal.id"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
)

role_held = Table(
    "role_held",
    metadata,
    Column("principal_id", Id, ForeignKey("principal.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("granted_by", Text, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("principal_id", Id, ForeignKey("principal.id"), primary_key=True),
    Column("case_ref", Text, primary_key=True),  # "*": every case of the deployment
    Column("until", UtcDateTime),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("granted_by", Text, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),
    Column("principal_id", Id, ForeignKey("principal.id"), nullable=False, index=True),
    Column("methods", Document, nullable=False),  # how the person signed in
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("stepped_up_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("code_sha256", LargeBinary(32), primary_key=True),  # of 128 random bits, told once
    Column("principal_id", Id, ForeignKey("principal.id"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),  # once; also when a later one takes its place
)

ceremony = Table(
    "ceremony",
    metadata,
    Column("token_sha256", LargeBinary(32), primary_key=True),  # the browser's cookie
    Column("kind", String(16), nullable=False),  # enrol, register, passkey, step-up, oidc, oidc-step-up
    Column("principal_id", Id, ForeignKey("principal.id")),  # NULL: nobody is signed in yet
    Column("held", Document, nullable=False),  # a challenge, a nonce, a wrapped secret
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

access_asked = Table(
    "access_asked",
    metadata,
    Column("id", Id, primary_key=True),
    Column("principal_id", Id, ForeignKey("principal.id"), index=True),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),  # kind:id, never the data
    Column("allowed", Boolean, nullable=False),
    Column("code", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index(
    "ix_access_asked_refused",
    access_asked.c.id,
    sqlite_where=text("allowed IS 0"),  # as each of them says `is_(False)`
    postgresql_where=text("allowed IS false"),
)

Index("ix_access_asked_at", access_asked.c.at)

approval = Table(
    "approval",
    metadata,
    Column("id", Id, primary_key=True),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Id, ForeignKey("principal.id"), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("answered_by", Id, ForeignKey("principal.id")),  # another person
    Column("answered_at", UtcDateTime),
    Column("granted", Boolean),
    Column("used_at", UtcDateTime),  # once
)

claim = Table(
    "claim",
    metadata,
    Column("referral_id", Id, ForeignKey("referral.id"), primary_key=True),
    # NULL once it was put back: the row keeps the fence, and nobody's name.
    Column("principal_id", Id, ForeignKey("principal.id"), index=True),
    Column("claimed_at", UtcDateTime),
    Column("lease_until", Float(53), nullable=False),  # by the database's clock
    Column("fence", Integer, nullable=False),
)

declined = Table(
    "declined",
    metadata,
    Column("principal_id", Id, ForeignKey("principal.id"), primary_key=True),
    Column("referral_id", Id, ForeignKey("referral.id"), primary_key=True),  # not offered to this person again
)

worked_on = Table(
    "worked_on",
    metadata,
    Column("referral_id", Id, ForeignKey("referral.id"), primary_key=True),
    Column("principal_id", Id, ForeignKey("principal.id"), primary_key=True),  # is told what became of it
    Column("first_at", UtcDateTime, nullable=False),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Id, primary_key=True),
    Column("principal_id", Id, ForeignKey("principal.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("filter", Document, nullable=False),
    UniqueConstraint("principal_id", "name"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("item_id", Id, ForeignKey("item.id"), nullable=False),
    Column("referral_id", Id, ForeignKey("referral.id"), nullable=False, index=True),
    Column("principal_id", Id, ForeignKey("principal.id"), nullable=False),
    Column("scheme", String(32), nullable=False),
    Column("category", String(64), nullable=False),
    Column("basis", String(16), nullable=False),  # facts, reduced, full: what the person had seen
    Column("because", Text, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("spread_from", Id, ForeignKey("decision.id"), index=True),  # a near duplicate's, confirmed on facts
    Column("state", String(16), nullable=False),  # awaiting-second, standing, dissenting, superseded, undone
    Column("second_by", Id, ForeignKey("principal.id")),
    Column("second_at", UtcDateTime),
    Column("supersedes", Id, ForeignKey("decision.id")),
    Column("ended_at", UtcDateTime),
    Column("changed_at", UtcDateTime, index=True),  # when its state became what it is
)
Index("ix_decision_item", decision.c.item_id, decision.c.state)
Index(
    "uq_decision_standing",
    decision.c.item_id,
    decision.c.scheme,
    unique=True,
    **where("state = 'standing'"),
)

viewing = Table(
    "viewing",
    metadata,
    Column("id", Id, primary_key=True),
    Column("principal_id", Id, ForeignKey("principal.id"), nullable=False),
    Column("item_id", Id, ForeignKey("item.id"), nullable=False, index=True),
    Column("referral_id", Id, ForeignKey("referral.id"), nullable=False, index=True),
    Column("reason", String(32), nullable=False),
    Column("words", Text, nullable=False),
    Column("level", String(8), nullable=False),  # reduced, full
    Column("still", Integer),  # of what moves, from 1; NULL of what does not
    Column("of_known", Boolean, nullable=False),  # break-glass: with whose approval
    Column("of_decided", Boolean, nullable=False),  # a repeat
    Column("of_flagged", Boolean, nullable=False),  # as violent: counts towards a cap of its own
    Column("approval_id", Id, ForeignKey("approval.id")),
    Column("override_id", Id, ForeignKey("approval.id")),  # of the time policy: who allowed it
    Column("token_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("token_until", UtcDateTime, nullable=False),
    Column("shown_at", UtcDateTime),  # committed before the first byte leaves; the token is spent
    Column("ended_at", UtcDateTime),
    Column("seconds", Float(53), nullable=False),
)
Index("ix_viewing_person", viewing.c.principal_id, viewing.c.shown_at)

outcome_told = Table(
    "outcome_told",
    metadata,
    Column("id", Id, primary_key=True),
    Column("referral_id", Id, ForeignKey("referral.id"), nullable=False, index=True),
    Column("code", String(32), nullable=False),
    Column("words", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Id, ForeignKey("principal.id"), nullable=False),
)

note_back = Table(
    "note_back",
    metadata,
    Column("id", Id, primary_key=True),
    Column("principal_id", Id, ForeignKey("principal.id"), nullable=False, index=True),
    Column("outcome_id", Id, ForeignKey("outcome_told.id"), nullable=False),
    Column("read_at", UtcDateTime),
    UniqueConstraint("principal_id", "outcome_id"),
)

retriage = Table(
    "retriage",
    metadata,
    Column("id", Id, primary_key=True),
    Column("referral_id", Id, ForeignKey("referral.id"), nullable=False, index=True),
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("was", Document, nullable=False),  # the axes when it was drawn, which the person is not shown
    Column("answered_by", Id, ForeignKey("principal.id")),
    Column("answered_at", UtcDateTime),
    Column("is_urgent", Boolean),
)
