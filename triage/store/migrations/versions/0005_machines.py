"""Several machines: whose keys a database belongs to, what is in force for all of them, and where releases are shared.

What was in force until now stood in files on one machine: enable it again.

Revision ID: 0005
Revises: 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

import triage.store.columns

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")
MOMENT = triage.store.columns.UtcDateTime(timezone=True)
WHOLE = sa.text("whole")


def upgrade() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_key_id", sa.Text(), nullable=False),
        sa.Column("log_name", sa.Text(), nullable=False),
        sa.Column("log_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )
    op.create_table(
        "library_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("enabled", DOCUMENT, nullable=False),
        sa.Column("checkpoints", DOCUMENT, nullable=False),
        sa.Column("expiries", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_state")),
    )
    op.create_table(
        "entry_state_change",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("set_name", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entry_state_change")),
    )
    op.create_index("ix_entry_state_change_entry", "entry_state_change", ["set_name", "entry_key"])
    op.create_table(
        "shelved_release",
        sa.Column("id", ID, nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("merged", sa.Boolean(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelved_release")),
        sa.UniqueConstraint("release_id", "merged", "seal", name=op.f("uq_shelved_release_release_id_merged_seal")),
    )
    op.create_index(
        "ix_shelved_release_whole",
        "shelved_release",
        ["release_id", "merged"],
        unique=True,
        sqlite_where=WHOLE,
        postgresql_where=WHOLE,
    )
    op.create_table(
        "shelved_part",
        sa.Column("shelved_id", ID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("stored_length", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["shelved_id"], ["shelved_release.id"], name=op.f("fk_shelved_part_shelved_id")),
        sa.PrimaryKeyConstraint("shelved_id", "path", "part", name=op.f("pk_shelved_part")),
    )


def downgrade() -> None:
    for name in ("shelved_part", "shelved_release", "entry_state_change", "library_state", "deployment"):
        op.drop_table(name)
