"""The schema of the deployment itself: whose it is, what is in force of the hash sets, and the custody log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
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

from .columns import Document, Id, UtcDateTime, metadata

deployment = Table(
    "deployment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vault_key_id", Text, nullable=False),
    Column("log_name", Text, nullable=False),
    Column("log_key", LargeBinary(32), nullable=False),  # public
    Column("begun_at", UtcDateTime, nullable=False),
)

library_state = Table(
    "library_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("version", Text, nullable=False),
    Column("policy", Text, nullable=False),  # of matching; "" until somebody works
    Column("enabled", Document, nullable=False),
    Column("checkpoints", Document, nullable=False),
    Column("expiries", Document, nullable=False),
)

entry_state_change = Table(
    "entry_state_change",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("set_name", Text, nullable=False),
    Column("entry_key", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),  # as sealed
    Column("note", Text, nullable=False),
    Column("until", Date),
    Column("cleared", Boolean, nullable=False),
    Column("seal", String(64), nullable=False),
)
Index("ix_entry_state_change_entry", entry_state_change.c.set_name, entry_state_change.c.entry_key)

shelved_release = Table(
    "shelved_release",
    metadata,
    Column("id", Id, primary_key=True),
    Column("release_id", Text, nullable=False),
    Column("merged", Boolean, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("whole", Boolean, nullable=False),
    UniqueConstraint("release_id", "merged", "seal"),
)
Index(
    "ix_shelved_release_whole",
    shelved_release.c.release_id,
    shelved_release.c.merged,
    unique=True,
    sqlite_where=text("whole"),
    postgresql_where=text("whole"),
)

shelved_part = Table(
    "shelved_part",
    metadata,
    Column("shelved_id", Id, ForeignKey("shelved_release.id"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("object_id", String(32), nullable=False),
    Column("segment", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("stored_length", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
)

custody_event = Table(
    "custody_event",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("event", Text),  # canonical text; NULL after a lawful deletion, while the commitment stays
    Column("salt", LargeBinary(32)),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
)

custody_checkpoint = Table(
    "custody_checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)

custody_head = Table(
    "custody_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)
