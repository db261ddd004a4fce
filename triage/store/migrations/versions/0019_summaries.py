"""What a referral's page shows of its items is counted when the referral is assessed, and kept.

Matches that were held back, few of all, have an index of their own.

Referrals from before are counted at each reading until they are assessed again.

Revision ID: 0019
Revises: 0018
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HELD_BACK = sa.text("standing = 'held-back'")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "referral_summary",
        sa.Column("referral_id", ID, nullable=False),
        sa.Column("counted", DOCUMENT, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_summary_referral_id")),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_referral_summary")),
    )
    op.create_index("ix_match_held_back", "match", ["item_id"], sqlite_where=HELD_BACK, postgresql_where=HELD_BACK)


def downgrade() -> None:
    op.drop_index("ix_match_held_back", "match")
    op.drop_table("referral_summary")
