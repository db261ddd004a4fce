"""The first submission of a case is found in an index: every report asks for it, to stand in its case's lane.

Revision ID: 0028
Revises: 0027
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_submission_case", "submission", ["case_ref", "id"])


def downgrade() -> None:
    op.drop_index("ix_submission_case", "submission")
