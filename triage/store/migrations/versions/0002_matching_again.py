"""Matching again: matches that end, runs, jobs that belong to one, and look-alikes that are placed again.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

import triage.store.columns

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")
MOMENT = triage.store.columns.UtcDateTime(timezone=True)

MEASURED = (
    "item_id, release_id, entry_key, subject, algorithm, profile, set_name, set_kind, basis, distance, transform,"
    " opinion, comparison_id, at"
)
PLACED = "seq, item_id, centre_id"
STANDING, ENDED = sa.text("ended_at IS NULL"), sa.text("ended_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "rematch",
        sa.Column("id", ID, nullable=False),
        sa.Column("because", DOCUMENT, nullable=False),
        sa.Column("before_id", ID, nullable=True),
        sa.Column("after_id", ID, nullable=False),
        sa.Column("listed_to", ID, nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("result", DOCUMENT, nullable=True),
        sa.ForeignKeyConstraint(["after_id"], ["comparison.id"], name=op.f("fk_rematch_after_id")),
        sa.ForeignKeyConstraint(["before_id"], ["comparison.id"], name=op.f("fk_rematch_before_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rematch")),
    )
    op.create_table(
        "rematch_item",
        sa.Column("rematch_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("retracted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_rematch_item_item_id")),
        sa.ForeignKeyConstraint(["rematch_id"], ["rematch.id"], name=op.f("fk_rematch_item_rematch_id")),
        sa.PrimaryKeyConstraint("rematch_id", "item_id", name=op.f("pk_rematch_item")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.alter_column("submission_id", existing_type=ID, nullable=True)
        batch_op.add_column(sa.Column("rematch_id", ID, nullable=True))
        batch_op.create_foreign_key(op.f("fk_job_rematch_id"), "rematch", ["rematch_id"], ["id"])
        batch_op.create_index("ix_job_rematch", ["rematch_id", "state"], unique=False)
    _make_anew("match", MEASURED, _match_columns(with_ends=True))
    op.create_index(
        "uq_match_standing",
        "match",
        ["item_id", "release_id", "entry_key", "subject", "algorithm", "profile"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_index("ix_match_ended", "match", ["item_id"], sqlite_where=ENDED, postgresql_where=ENDED)
    _make_anew("look_alike", PLACED, _look_alike_columns(counted=True))
    if op.get_bind().dialect.name == "postgresql":  # SQLite counts on from the rows
        op.execute(
            "SELECT setval(pg_get_serial_sequence('look_alike', 'seq'), max(seq)) FROM look_alike HAVING count(*) > 0"
        )
    op.create_index(op.f("ix_look_alike_centre_id"), "look_alike", ["centre_id"])


def downgrade() -> None:
    op.execute("DELETE FROM match WHERE ended_at IS NOT NULL")
    op.execute("DELETE FROM job WHERE submission_id IS NULL")
    _make_anew("match", MEASURED, _match_columns(with_ends=False))
    _make_anew("look_alike", PLACED, _look_alike_columns(counted=False))
    op.create_index(op.f("ix_look_alike_centre_id"), "look_alike", ["centre_id"])
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_rematch")
        batch_op.drop_constraint(op.f("fk_job_rematch_id"), type_="foreignkey")
        batch_op.drop_column("rematch_id")
        batch_op.alter_column("submission_id", existing_type=ID, nullable=False)
    op.drop_table("rematch_item")
    op.drop_table("rematch")


def _make_anew(table: str, kept: str, columns: Sequence[sa.schema.SchemaItem]) -> None:
    """Another primary key is another table, on both databases: the rows go out of the way and come back."""
    op.execute(f"CREATE TEMPORARY TABLE aside AS SELECT {kept} FROM {table}")  # noqa: S608 - our own words
    op.drop_table(table)
    op.create_table(table, *columns, sqlite_autoincrement=table == "look_alike")
    op.execute(f"INSERT INTO {table} ({kept}) SELECT {kept} FROM aside ORDER BY {kept}")  # noqa: S608
    op.execute("DROP TABLE aside")


def _match_columns(*, with_ends: bool) -> list[sa.schema.SchemaItem]:
    measured: list[sa.schema.SchemaItem] = [
        sa.Column("item_id", ID, nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=16), nullable=False),
        sa.Column("set_name", sa.Text(), nullable=False),
        sa.Column("set_kind", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("transform", sa.String(length=16), nullable=False),
        sa.Column("opinion", DOCUMENT, nullable=False),
        sa.Column("comparison_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparison.id"], name=op.f("fk_match_comparison_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_match_item_id")),
    ]
    if not with_ends:
        key = ("item_id", "release_id", "entry_key", "subject", "algorithm", "profile")
        return [*measured, sa.PrimaryKeyConstraint(*key, name=op.f("pk_match"))]
    return [
        sa.Column("id", ID, nullable=False),
        *measured,
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_because", sa.String(length=16), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["comparison.id"], name=op.f("fk_match_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
    ]


def _look_alike_columns(*, counted: bool) -> list[sa.schema.SchemaItem]:
    """`counted`: the database numbers the assignments, and never gives a number twice."""
    columns: list[sa.schema.SchemaItem] = [
        sa.Column("item_id", ID, nullable=False),
        sa.Column("centre_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["item.id"], name=op.f("fk_look_alike_centre_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_look_alike_item_id")),
    ]
    if counted:
        return [
            sa.Column("seq", ID, nullable=False),
            *columns,
            sa.PrimaryKeyConstraint("seq", name=op.f("pk_look_alike")),
            sa.UniqueConstraint("item_id", name=op.f("uq_look_alike_item_id")),
        ]
    return [
        *columns,
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_look_alike")),
        sa.UniqueConstraint("seq", name=op.f("uq_look_alike_seq")),
    ]
