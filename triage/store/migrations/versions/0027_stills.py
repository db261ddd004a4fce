"""Which still of a moving picture a look was at, and how many seconds a video's container tells.

Revision ID: 0027
Revises: 0026
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("viewing", sa.Column("still", sa.Integer()))
    op.add_column("raster", sa.Column("seconds", sa.Float(53)))


def downgrade() -> None:
    op.drop_column("raster", "seconds")
    op.drop_column("viewing", "still")
