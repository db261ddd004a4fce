"""Uploads are locked by their spool file: no lease, no fence.

Revision ID: 0012
Revises: 0009
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_column("upload", "lease_until")
    op.drop_column("upload", "fence")


def downgrade() -> None:
    op.add_column("upload", sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("upload", sa.Column("lease_until", sa.Float(53), nullable=False, server_default="0"))
