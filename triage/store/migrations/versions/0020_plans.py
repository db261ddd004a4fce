"""Acts that take two people: what is planned, bytes that were deleted, submissions that a person set apart.

Revision ID: 0020
Revises: 0019
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")
PERHAPS = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
)
HELD_ERASED, IN_FORCE = sa.text("returned_at IS NULL"), sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("id", ID, nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("referral_id", ID, nullable=True),
        sa.Column("submission_id", ID, nullable=True),
        sa.Column("terms", DOCUMENT, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_by", ID, nullable=False),
        sa.Column("approval_id", ID, nullable=True),
        sa.Column("begun_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("result", PERHAPS, nullable=True),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_plan_approval_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["principal.id"], name=op.f("fk_plan_asked_by")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_plan_referral_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_plan_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index(op.f("ix_plan_asked_by"), "plan", ["asked_by"])
    op.create_index(op.f("ix_plan_referral_id"), "plan", ["referral_id"])
    op.create_table(
        "erasure",
        sa.Column("item_id", ID, nullable=False),
        sa.Column("plan_id", ID, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.Column("returned_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_erasure_item_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_erasure_plan_id")),
        sa.PrimaryKeyConstraint("item_id", "plan_id", name=op.f("pk_erasure")),
    )
    op.create_index(
        "uq_erasure_in_force",
        "erasure",
        ["item_id"],
        unique=True,
        sqlite_where=HELD_ERASED,
        postgresql_where=HELD_ERASED,
    )
    op.create_table(
        "parting",
        sa.Column("id", ID, nullable=False),
        sa.Column("low_id", ID, nullable=False),
        sa.Column("high_id", ID, nullable=False),
        sa.Column("plan_id", ID, nullable=False),
        sa.Column("grounds", DOCUMENT, nullable=False),
        sa.Column("told", DOCUMENT, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["high_id"], ["submission.id"], name=op.f("fk_parting_high_id")),
        sa.ForeignKeyConstraint(["low_id"], ["submission.id"], name=op.f("fk_parting_low_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_parting_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parting")),
    )
    op.create_index(op.f("ix_parting_high_id"), "parting", ["high_id"])
    op.create_index(
        "uq_parting_in_force",
        "parting",
        ["low_id", "high_id"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )


def downgrade() -> None:
    op.drop_table("parting")
    op.drop_table("erasure")
    op.drop_table("plan")
