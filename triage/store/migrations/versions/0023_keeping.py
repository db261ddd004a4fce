"""Old rulings are found by their time: they are kept for so long and no longer.

Revision ID: 0023
Revises: 0022
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_access_asked_at", "access_asked", ["at"])


def downgrade() -> None:
    op.drop_index("ix_access_asked_at", "access_asked")
