"""When a decision last changed: what was said of a referral's items since it was counted is found without reading all.

Revision ID: 0026
Revises: 0025
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENTS = ("decided_at", "second_at", "ended_at")


def upgrade() -> None:
    op.add_column("decision", sa.Column("changed_at", sa.DateTime(timezone=True)))
    decision = sa.table("decision", *(sa.column(one) for one in ("changed_at", *_MOMENTS)))
    first, *later = (decision.c[one] for one in _MOMENTS)
    op.execute(sa.update(decision).values(changed_at=first))
    for one in later:
        op.execute(sa.update(decision).where(one > decision.c.changed_at).values(changed_at=one))
    op.create_index("ix_decision_changed_at", "decision", ["changed_at"])


def downgrade() -> None:
    op.drop_index("ix_decision_changed_at", "decision")
    op.drop_column("decision", "changed_at")
