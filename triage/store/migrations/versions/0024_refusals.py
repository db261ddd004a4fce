"""Refusals, few of all rulings, have an index of their own: the page of the audit lists the newest.

Revision ID: 0024
Revises: 0023
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_access_asked_refused",
        "access_asked",
        ["id"],
        sqlite_where=sa.text("allowed IS 0"),
        postgresql_where=sa.text("allowed IS false"),
    )


def downgrade() -> None:
    op.drop_index("ix_access_asked_refused", "access_asked")
