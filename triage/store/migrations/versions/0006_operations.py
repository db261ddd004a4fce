"""When each job was written, and in which trace.

Jobs from before are as old as this migration: their age begins when it is first asked for.

Revision ID: 0006
Revises: 0005
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NOW = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "extract(epoch from clock_timestamp())",
}


def upgrade() -> None:
    op.add_column("job", sa.Column("made_at", sa.Float(53), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("trace", sa.String(55), nullable=True))
    op.execute(f"UPDATE job SET made_at = {NOW[op.get_bind().dialect.name]}")  # noqa: S608 - a constant


def downgrade() -> None:
    op.drop_column("job", "trace")
    op.drop_column("job", "made_at")
