"""What comes in over the network: senders, keys, reports, uploads, authorities, preservation; and what it is held under.

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

import triage.store.columns

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")
MOMENT = triage.store.columns.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sender",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("acquired_under", sa.Text(), nullable=False),
        sa.Column("may_share_with", DOCUMENT, nullable=False),
        sa.Column("handling", DOCUMENT, nullable=False),
        sa.Column("keeps_media", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("name", name=op.f("uq_sender_name")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("sender_id", ID, nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", DOCUMENT, nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_api_key_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_sender_id"), ["sender_id"], unique=False)

    op.create_table(
        "preservation",
        sa.Column("id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("holder_kind", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_preservation_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preservation")),
        sa.UniqueConstraint(
            "submission_id", "holder", "holder_kind", "identifier", "since", name="uq_preservation_subject"
        ),
    )
    with op.batch_alter_table("preservation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_preservation_submission_id"), ["submission_id"], unique=False)

    op.create_table(
        "push",
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("sender_id", ID, nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("manifest_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_push_sender_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_push_submission_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_push")),
        sa.UniqueConstraint("public_id", name=op.f("uq_push_public_id")),
    )
    with op.batch_alter_table("push", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_sender_id"), ["sender_id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("sender_id", ID, nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("asked_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("submission_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_report_sender_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_report_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("public_id", name=op.f("uq_report_public_id")),
        sa.UniqueConstraint(
            "sender_id", "sandbox", "idempotency_key", name=op.f("uq_report_sender_id_sandbox_idempotency_key")
        ),
        sa.UniqueConstraint("sender_id", "sandbox", "reference", name=op.f("uq_report_sender_id_sandbox_reference")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(
            "ix_report_open",
            ["changed_at"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(batch_op.f("ix_report_sender_id"), ["sender_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_submission_id"), ["submission_id"], unique=False)

    op.create_table(
        "authority",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_authority_item_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_authority_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority")),
    )
    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_authority_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_authority_submission_id"), ["submission_id"], unique=False)

    op.create_table(
        "reported_identifier",
        sa.Column("id", ID, nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=True),
        sa.Column("party", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("normal", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_reported_identifier_report_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_reported_identifier_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_identifier")),
    )
    with op.batch_alter_table("reported_identifier", schema=None) as batch_op:
        batch_op.create_index("ix_reported_identifier_normal", ["kind", "normal"], unique=False)
        batch_op.create_index(batch_op.f("ix_reported_identifier_report_id"), ["report_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reported_identifier_submission_id"), ["submission_id"], unique=False)

    op.create_table(
        "upload",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("sender_id", ID, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("report_id", ID, nullable=True),
        sa.Column("submission_id", ID, nullable=True),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=True),
        sa.Column("stated", DOCUMENT, nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("spool_key", sa.LargeBinary(), nullable=False),
        sa.Column("spool_key_id", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Float(precision=53), nullable=False),
        sa.Column("made_at", sa.Float(precision=53), nullable=False),
        sa.Column("expires_at", sa.Float(precision=53), nullable=False),
        sa.Column("md5", sa.LargeBinary(length=16), nullable=True),
        sa.Column("sha1", sa.LargeBinary(length=20), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("sealed", DOCUMENT, nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_upload_key_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_upload_report_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_upload_sender_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_upload_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("public_id", name=op.f("uq_upload_public_id")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(
            "ix_upload_owed",
            ["machine"],
            unique=False,
            sqlite_where=sa.text("state IN ('open', 'arrived')"),
            postgresql_where=sa.text("state IN ('open', 'arrived')"),
        )
        batch_op.create_index(batch_op.f("ix_upload_report_id"), ["report_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_sender_id"), ["sender_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_submission_id"), ["submission_id"], unique=False)

    op.create_table(
        "reported_file",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.Column("viewed", sa.String(length=8), nullable=False),
        sa.Column("known", sa.String(length=16), nullable=False),
        sa.Column("upload_id", ID, nullable=True),
        sa.Column("item_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_reported_file_item_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_reported_file_report_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_reported_file_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reported_file_public_id")),
        sa.UniqueConstraint("report_id", "position", name=op.f("uq_reported_file_report_id_position")),
    )
    with op.batch_alter_table("reported_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reported_file_item_id"), ["item_id"], unique=False)

    op.add_column("occurrence", sa.Column("viewed", sa.String(length=8), nullable=True))
    op.add_column("submission", sa.Column("origin", sa.String(16), nullable=False, server_default="seizure"))
    op.add_column("submission", sa.Column("may_share_with", DOCUMENT, nullable=False, server_default="[]"))
    op.add_column("submission", sa.Column("handling", DOCUMENT, nullable=False, server_default='["H1", "H2"]'))


def downgrade() -> None:
    for column in ("handling", "may_share_with", "origin"):
        op.drop_column("submission", column)
    op.drop_column("occurrence", "viewed")
    with op.batch_alter_table("reported_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reported_file_item_id"))

    op.drop_table("reported_file")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_submission_id"))
        batch_op.drop_index(batch_op.f("ix_upload_sender_id"))
        batch_op.drop_index(batch_op.f("ix_upload_report_id"))
        batch_op.drop_index(
            "ix_upload_owed",
            sqlite_where=sa.text("state IN ('open', 'arrived')"),
            postgresql_where=sa.text("state IN ('open', 'arrived')"),
        )

    op.drop_table("upload")
    with op.batch_alter_table("reported_identifier", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reported_identifier_submission_id"))
        batch_op.drop_index(batch_op.f("ix_reported_identifier_report_id"))
        batch_op.drop_index("ix_reported_identifier_normal")

    op.drop_table("reported_identifier")
    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_authority_submission_id"))
        batch_op.drop_index(batch_op.f("ix_authority_item_id"))

    op.drop_table("authority")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_submission_id"))
        batch_op.drop_index(batch_op.f("ix_report_sender_id"))
        batch_op.drop_index(
            "ix_report_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    op.drop_table("report")
    with op.batch_alter_table("push", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_sender_id"))

    op.drop_table("push")
    with op.batch_alter_table("preservation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_preservation_submission_id"))

    op.drop_table("preservation")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_sender_id"))

    op.drop_table("api_key")
    op.drop_table("sender")
