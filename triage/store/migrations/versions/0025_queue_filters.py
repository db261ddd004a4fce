"""The queue's index holds what the queue is filtered by, in every state: counting it reads no referral.

Revision ID: 0025
Revises: 0024
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COUNTED = ("near", "unknown")


def upgrade() -> None:
    op.drop_index("ix_referral_queue", "referral")
    counted = {}
    referral = sa.table("referral", sa.column("facts", sa.JSON), *(sa.column(one, sa.Integer) for one in _COUNTED))
    for one in _COUNTED:
        op.add_column("referral", sa.Column(one, sa.Integer))
        counted[one] = referral.c.facts[one].as_integer()
    op.execute(sa.update(referral).values(counted))
    op.create_index(
        "ix_referral_queue",
        "referral",
        ["state", "sort_key", "created_at", "id"],
        postgresql_include=["danger", "clock", "solvability", "network", *_COUNTED],
    )


def downgrade() -> None:
    op.drop_index("ix_referral_queue", "referral")
    for one in reversed(_COUNTED):
        op.drop_column("referral", one)
    op.create_index(
        "ix_referral_queue",
        "referral",
        ["sort_key", "created_at", "id"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
