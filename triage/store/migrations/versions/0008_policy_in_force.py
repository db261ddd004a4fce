"""Which matching policy is in force stands in the database, beside the hash sets.

Revision ID: 0008
Revises: 0007
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """None is known at first: whoever works first records its own."""
    with op.batch_alter_table("library_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policy", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("library_state", schema=None) as batch_op:
        batch_op.alter_column("policy", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("library_state", schema=None) as batch_op:
        batch_op.drop_column("policy")
