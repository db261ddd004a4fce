"""Items of which no bytes are held: known by what a sender told, perhaps by one digest only.

SQLite cannot take NOT NULL off a column, and copying a table that others refer to would break their foreign keys
(they cannot be switched off within a transaction). Its documentation allows exactly this change in the schema's own
text (https://www.sqlite.org/lang_altertable.html, "If some change does not affect the on-disk content").

Revision ID: 0009
Revises: 0008
"""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LOOSENED = ("sha256", "sha1", "md5", "size")
NAMED = {
    "uq_item_named_by_sha1": ("sha1", "sha256 IS NULL AND sha1 IS NOT NULL"),
    "uq_item_named_by_md5": ("md5", "sha256 IS NULL AND sha1 IS NULL"),
}


def upgrade() -> None:
    op.add_column("item", sa.Column("same_as", ID, nullable=True))
    _set_nullable(nullable=True)
    for column in ("sha1", "md5"):
        op.create_index(f"ix_item_{column}", "item", [column])
    for name, (column, condition) in NAMED.items():
        op.create_index(
            name, "item", [column], unique=True, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition)
        )
    op.create_table(
        "told_fingerprint",
        sa.Column("item_id", ID, nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=16), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_told_fingerprint_item_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_told_fingerprint_submission_id")),
        sa.PrimaryKeyConstraint(
            "item_id", "algorithm", "profile", "value", "quality", name=op.f("pk_told_fingerprint")
        ),
    )


def downgrade() -> None:
    """Only where there is no such item: nothing else can hold what is known of it."""
    op.drop_table("told_fingerprint")
    for name in (*NAMED, "ix_item_md5", "ix_item_sha1"):
        op.drop_index(name, "item")
    _set_nullable(nullable=False)
    op.drop_column("item", "same_as")


def _set_nullable(*, nullable: bool) -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for column in LOOSENED:
            op.alter_column("item", column, nullable=nullable)
        return
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'item'")
    changed, count = _changed(made.scalar_one(), nullable=nullable)
    if count != len(LOOSENED):
        raise RuntimeError("the item table does not have the columns of this revision")
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    connection.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'item'", (changed,))
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")


def _changed(made: str, *, nullable: bool) -> tuple[str, int]:
    column = rf'((?:^|[\s,("])"?(?:{"|".join(LOOSENED)})"? (?:BLOB|BIGINT))'
    if nullable:
        return re.subn(column + " NOT NULL", r"\1", made)
    return re.subn(column + "(?! NOT NULL)", r"\1 NOT NULL", made)
