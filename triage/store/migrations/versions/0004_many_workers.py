"""Places in the queue (urgent, case, stage) instead of one order, and which worker processes live.

Jobs that were rung for or leased wait anew: whoever held them was stopped before this.

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WAITING = sa.text("state = 'ready' AND ring_at = 0")
IN_HAND = sa.text("state = 'ready' AND ring_at > 0")
DEAD = sa.text("state = 'dead'")
READY = sa.text("state = 'ready'")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

FIRST_OF_CASE = """
UPDATE job SET lane = (
    SELECT min(first.id) FROM submission own JOIN submission first ON first.case_ref = own.case_ref
    WHERE own.id = job.submission_id
) WHERE submission_id IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("submission", sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "worker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Float(53), nullable=False),
        sa.Column("seen_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
    )
    op.drop_index("ix_job_ready", table_name="job")
    op.drop_column("job", "rang_at")
    op.add_column("job", sa.Column("rank", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("job", sa.Column("lane", ID, nullable=False, server_default="0"))
    op.add_column("job", sa.Column("ring_at", sa.Float(53), nullable=False, server_default="0"))
    op.execute(FIRST_OF_CASE)
    op.execute("UPDATE job SET lease_until = 0, owner = '', fence = fence + 1 WHERE state = 'ready' AND owner <> ''")
    op.create_index(
        "ix_job_waiting",
        "job",
        ["rank", "lane", "priority", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("ix_job_in_hand", "job", ["ring_at"], sqlite_where=IN_HAND, postgresql_where=IN_HAND)
    op.create_index("ix_job_dead", "job", ["id"], sqlite_where=DEAD, postgresql_where=DEAD)


def downgrade() -> None:
    for name in ("ix_job_dead", "ix_job_in_hand", "ix_job_waiting"):
        op.drop_index(name, table_name="job")
    for name in ("ring_at", "lane", "rank"):
        op.drop_column("job", name)
    op.add_column("job", sa.Column("rang_at", sa.Float(53), nullable=False, server_default="0"))
    op.create_index("ix_job_ready", "job", ["priority", "id"], sqlite_where=READY, postgresql_where=READY)
    op.drop_table("worker")
    op.drop_column("submission", "urgent")
