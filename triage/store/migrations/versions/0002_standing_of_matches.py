"""What a match may decide and why, why an item has its answer, and how little a picture's grey levels say.

Matches from before decided by being there: they stand as `decides`, with no reason given.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DECIDES = "decides"


def upgrade() -> None:
    op.add_column("raster", sa.Column("concentration", sa.Integer(), nullable=True))
    op.add_column("item", sa.Column("because", sa.String(40), nullable=True))
    with op.batch_alter_table("match") as match:
        match.add_column(sa.Column("standing", sa.String(16), nullable=False, server_default=DECIDES))
        match.add_column(sa.Column("because", sa.String(40), nullable=False, server_default=""))
        match.add_column(sa.Column("agreement", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("match") as match:
        for name in ("standing", "because", "agreement"):
            match.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("match") as match:
        for name in ("agreement", "because", "standing"):
            match.drop_column(name)
    op.drop_column("item", "because")
    op.drop_column("raster", "concentration")
