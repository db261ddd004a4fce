"""The pipeline's first schema.

Revision ID: 0001
Revises: none
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

import triage.store.columns

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "comparison",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("releases", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison")),
        sa.UniqueConstraint("policy", "releases", name=op.f("uq_comparison_policy_releases")),
    )
    op.create_table(
        "custody_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_custody_checkpoint")),
    )
    op.create_table(
        "custody_event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_custody_event")),
    )
    op.create_table(
        "custody_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_head")),
    )
    op.create_table(
        "provenance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provenance")),
        sa.UniqueConstraint("tool", name=op.f("uq_provenance_tool")),
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("danger", sa.Integer(), nullable=False),
        sa.Column("solvability", sa.Integer(), nullable=False),
        sa.Column("network", sa.Integer(), nullable=False),
        sa.Column("clock", sa.Integer(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column(
            "reasons", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("created_at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("exhibit_ref", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("in_place", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("preserve_until", sa.Date(), nullable=True),
        sa.Column("created_at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", triage.store.columns.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint(
            "case_ref", "exhibit_ref", "source", name=op.f("uq_submission_case_ref_exhibit_ref_source")
        ),
    )
    op.create_table(
        "trait",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("strength", sa.String(length=8), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trait")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_trait_kind_key")),
    )
    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sha1", sa.LargeBinary(length=20), nullable=False),
        sa.Column("md5", sa.LargeBinary(length=16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("closed_because", sa.Text(), nullable=True),
        sa.Column("comparison_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("first_seen", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparison.id"], name=op.f("fk_item_comparison_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("sha256", name=op.f("uq_item_sha256")),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_item_pending",
            ["id"],
            unique=False,
            sqlite_where=sa.text("outcome = 'pending'"),
            postgresql_where=sa.text("outcome = 'pending'"),
        )

    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "item_ids", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.Float(precision=53), nullable=False),
        sa.Column("not_before", sa.Float(precision=53), nullable=False),
        sa.Column("rang_at", sa.Float(precision=53), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_job_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_ready",
            ["priority", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        )
        batch_op.create_index("ix_job_submission", ["submission_id", "state"], unique=False)

    op.create_table(
        "network_join",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("low_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("high_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("made_at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", triage.store.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["high_id"], ["submission.id"], name=op.f("fk_network_join_high_id")),
        sa.ForeignKeyConstraint(["low_id"], ["submission.id"], name=op.f("fk_network_join_low_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_join")),
    )
    with op.batch_alter_table("network_join", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_join_high_id"), ["high_id"], unique=False)
        batch_op.create_index("ix_network_join_low", ["low_id"], unique=False)

    op.create_table(
        "referral_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_event_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_event")),
    )
    with op.batch_alter_table("referral_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_event_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "referral_member",
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("joined_at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_member_referral_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_referral_member_submission_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_referral_member")),
    )
    with op.batch_alter_table("referral_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_member_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "source_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("path_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_source_note_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_note")),
        sa.UniqueConstraint(
            "submission_id", "path_key", "code", name=op.f("uq_source_note_submission_id_path_key_code")
        ),
    )
    op.create_table(
        "finding",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column(
            "value", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("provenance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_finding_item_id")),
        sa.ForeignKeyConstraint(["provenance_id"], ["provenance.id"], name=op.f("fk_finding_provenance_id")),
        sa.PrimaryKeyConstraint("item_id", "kind", name=op.f("pk_finding")),
    )
    op.create_table(
        "fingerprint",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=16), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=True),
        sa.Column("variants", sa.LargeBinary(), nullable=True),
        sa.Column("provenance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_fingerprint_item_id")),
        sa.ForeignKeyConstraint(["provenance_id"], ["provenance.id"], name=op.f("fk_fingerprint_provenance_id")),
        sa.PrimaryKeyConstraint("item_id", "subject", "profile", "algorithm", name=op.f("pk_fingerprint")),
    )
    op.create_table(
        "in_place_source",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_in_place_source_item_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_in_place_source")),
    )
    op.create_table(
        "link",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("from_item", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("to_item", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("strength", sa.String(length=8), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=True),
        sa.Column("transform", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["from_item"], ["item.id"], name=op.f("fk_link_from_item")),
        sa.ForeignKeyConstraint(["to_item"], ["item.id"], name=op.f("fk_link_to_item")),
        sa.PrimaryKeyConstraint("kind", "from_item", "to_item", name=op.f("pk_link")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_to_item"), ["to_item"], unique=False)

    op.create_table(
        "look_alike",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("centre_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["centre_id"], ["item.id"], name=op.f("fk_look_alike_centre_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_look_alike_item_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_look_alike")),
        sa.UniqueConstraint("seq", name=op.f("uq_look_alike_seq")),
    )
    with op.batch_alter_table("look_alike", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_look_alike_centre_id"), ["centre_id"], unique=False)

    op.create_table(
        "match",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.Column(
            "opinion", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("comparison_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", triage.store.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparison.id"], name=op.f("fk_match_comparison_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_match_item_id")),
        sa.PrimaryKeyConstraint(
            "item_id", "release_id", "entry_key", "subject", "algorithm", "profile", name=op.f("pk_match")
        ),
    )
    op.create_table(
        "occurrence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("path_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_occurrence_item_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_occurrence_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
        sa.UniqueConstraint(
            "submission_id",
            "parent_item_id",
            "path_key",
            "item_id",
            name=op.f("uq_occurrence_submission_id_parent_item_id_path_key_item_id"),
        ),
    )
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_occurrence_item_id"), ["item_id"], unique=False)
        batch_op.create_index("ix_occurrence_parent", ["parent_item_id"], unique=False)
        batch_op.create_index("ix_occurrence_submission_item", ["submission_id", "item_id"], unique=False)

    op.create_table(
        "processing_note",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_processing_note_item_id")),
        sa.PrimaryKeyConstraint("item_id", "code", name=op.f("pk_processing_note")),
    )
    op.create_table(
        "raster",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("thumbnail_distance", sa.Integer(), nullable=True),
        sa.Column("provenance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_raster_item_id")),
        sa.ForeignKeyConstraint(["provenance_id"], ["provenance.id"], name=op.f("fk_raster_provenance_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_raster")),
    )
    op.create_table(
        "sealed_object",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("stored_length", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_sealed_object_item_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_sealed_object")),
    )
    op.create_table(
        "trait_member",
        sa.Column("trait_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_trait_member_item_id")),
        sa.ForeignKeyConstraint(["trait_id"], ["trait.id"], name=op.f("fk_trait_member_trait_id")),
        sa.PrimaryKeyConstraint("trait_id", "item_id", name=op.f("pk_trait_member")),
    )
    with op.batch_alter_table("trait_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trait_member_item_id"), ["item_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("trait_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trait_member_item_id"))

    op.drop_table("trait_member")
    op.drop_table("sealed_object")
    op.drop_table("raster")
    op.drop_table("processing_note")
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.drop_index("ix_occurrence_submission_item")
        batch_op.drop_index("ix_occurrence_parent")
        batch_op.drop_index(batch_op.f("ix_occurrence_item_id"))

    op.drop_table("occurrence")
    op.drop_table("match")
    with op.batch_alter_table("look_alike", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_look_alike_centre_id"))

    op.drop_table("look_alike")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_to_item"))

    op.drop_table("link")
    op.drop_table("in_place_source")
    op.drop_table("fingerprint")
    op.drop_table("finding")
    op.drop_table("source_note")
    with op.batch_alter_table("referral_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_member_referral_id"))

    op.drop_table("referral_member")
    with op.batch_alter_table("referral_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_event_referral_id"))

    op.drop_table("referral_event")
    with op.batch_alter_table("network_join", schema=None) as batch_op:
        batch_op.drop_index("ix_network_join_low")
        batch_op.drop_index(batch_op.f("ix_network_join_high_id"))

    op.drop_table("network_join")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_submission")
        batch_op.drop_index(
            "ix_job_ready", sqlite_where=sa.text("state = 'ready'"), postgresql_where=sa.text("state = 'ready'")
        )

    op.drop_table("job")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_item_pending",
            sqlite_where=sa.text("outcome = 'pending'"),
            postgresql_where=sa.text("outcome = 'pending'"),
        )

    op.drop_table("item")
    op.drop_table("trait")
    op.drop_table("submission")
    op.drop_table("referral")
    op.drop_table("provenance")
    op.drop_table("custody_head")
    op.drop_table("custody_event")
    op.drop_table("custody_checkpoint")
    op.drop_table("comparison")
