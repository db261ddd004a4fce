"""What was found in a file whose sender keeps no media waits beside it while its report is open.

Revision ID: 0018
Revises: 0017
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
)


def upgrade() -> None:
    op.add_column("reported_file", sa.Column("sighted", DOCUMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("reported_file", "sighted")
