"""What was counted of a referral stays beside it, and the queue has an index in its own order.

Referrals from before show no counts until they are assessed again.

Revision ID: 0017
Revises: 0015
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision: str = "0017"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.add_column("referral", sa.Column("facts", DOCUMENT, nullable=False, server_default="{}"))
    op.create_index(
        "ix_referral_queue",
        "referral",
        ["sort_key", "created_at", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_index("ix_referral_queue", "referral")
    op.drop_column("referral", "facts")
