"""What a match may decide and why, why an item has its answer, and how little a picture's grey levels say.

Matches from before decided by being there: they stand as `decides`, with no reason given.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DECIDES = "decides"


def upgrade() -> None:
    op.add_column("raster", sa.Column("concentration", sa.Integer(), nullable=True))
    op.add_column("item", sa.Column("because", sa.String(40), nullable=True))
    op.add_column("match", sa.Column("standing", sa.String(16), nullable=False, server_default=DECIDES))
    op.add_column("match", sa.Column("because", sa.String(40), nullable=False, server_default=""))
    op.add_column("match", sa.Column("agreement", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("agreement", "because", "standing"):
        op.drop_column("match", name)
    op.drop_column("item", "because")
    op.drop_column("raster", "concentration")
