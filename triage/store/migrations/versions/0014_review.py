"""Review: people and what they may do, claims, decisions, looks, and what is told back.

Revision ID: 0014
Revises: 0012
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

import triage.store.columns

revision: str = "0014"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql")
MOMENT = triage.store.columns.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "principal",
        sa.Column("id", ID, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last_step", ID, nullable=False),
        sa.Column("oidc_subject", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_principal")),
        sa.UniqueConstraint("login", name=op.f("uq_principal_login")),
        sa.UniqueConstraint("oidc_subject", name=op.f("uq_principal_oidc_subject")),
    )
    op.create_table(
        "access_asked",
        sa.Column("id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_access_asked_principal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_asked")),
    )
    with op.batch_alter_table("access_asked", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_asked_principal_id"), ["principal_id"], unique=False)

    op.create_table(
        "approval",
        sa.Column("id", ID, nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", ID, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["principal.id"], name=op.f("fk_approval_answered_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["principal.id"], name=op.f("fk_approval_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_table(
        "claim",
        sa.Column("referral_id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=True),
        sa.Column("claimed_at", MOMENT, nullable=True),
        sa.Column("lease_until", sa.Float(precision=53), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_claim_principal_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_claim_referral_id")),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_claim")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_principal_id"), ["principal_id"], unique=False)

    op.create_table(
        "declined",
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("referral_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_declined_principal_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_declined_referral_id")),
        sa.PrimaryKeyConstraint("principal_id", "referral_id", name=op.f("pk_declined")),
    )
    op.create_table(
        "membership",
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_membership_principal_id")),
        sa.PrimaryKeyConstraint("principal_id", "case_ref", name=op.f("pk_membership")),
    )
    op.create_table(
        "outcome_told",
        sa.Column("id", ID, nullable=False),
        sa.Column("referral_id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.ForeignKeyConstraint(["by"], ["principal.id"], name=op.f("fk_outcome_told_by")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_outcome_told_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_told")),
    )
    with op.batch_alter_table("outcome_told", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outcome_told_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_passkey_principal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_principal_id"), ["principal_id"], unique=False)

    op.create_table(
        "retriage",
        sa.Column("id", ID, nullable=False),
        sa.Column("referral_id", ID, nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("was", DOCUMENT, nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("is_urgent", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["principal.id"], name=op.f("fk_retriage_answered_by")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_retriage_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retriage")),
    )
    with op.batch_alter_table("retriage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_retriage_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "role_held",
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_role_held_principal_id")),
        sa.PrimaryKeyConstraint("principal_id", "role", name=op.f("pk_role_held")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filter", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_saved_view_principal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("principal_id", "name", name=op.f("uq_saved_view_principal_id_name")),
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("methods", DOCUMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("stepped_up_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_session_principal_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_principal_id"), ["principal_id"], unique=False)

    op.create_table(
        "worked_on",
        sa.Column("referral_id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_worked_on_principal_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_worked_on_referral_id")),
        sa.PrimaryKeyConstraint("referral_id", "principal_id", name=op.f("pk_worked_on")),
    )
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("referral_id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("spread_from", ID, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("second_by", ID, nullable=True),
        sa.Column("second_at", MOMENT, nullable=True),
        sa.Column("supersedes", ID, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_decision_item_id")),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_decision_principal_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_decision_referral_id")),
        sa.ForeignKeyConstraint(["second_by"], ["principal.id"], name=op.f("fk_decision_second_by")),
        sa.ForeignKeyConstraint(["spread_from"], ["decision.id"], name=op.f("fk_decision_spread_from")),
        sa.ForeignKeyConstraint(["supersedes"], ["decision.id"], name=op.f("fk_decision_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_item", ["item_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_referral_id"), ["referral_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_spread_from"), ["spread_from"], unique=False)
        batch_op.create_index(
            "uq_decision_standing",
            ["item_id", "scheme"],
            unique=True,
            sqlite_where=sa.text("state = 'standing'"),
            postgresql_where=sa.text("state = 'standing'"),
        )

    op.create_table(
        "note_back",
        sa.Column("id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("outcome_id", ID, nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcome_told.id"], name=op.f("fk_note_back_outcome_id")),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_note_back_principal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_back")),
        sa.UniqueConstraint("principal_id", "outcome_id", name=op.f("uq_note_back_principal_id_outcome_id")),
    )
    with op.batch_alter_table("note_back", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_back_principal_id"), ["principal_id"], unique=False)

    op.create_table(
        "viewing",
        sa.Column("id", ID, nullable=False),
        sa.Column("principal_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("referral_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("of_known", sa.Boolean(), nullable=False),
        sa.Column("of_decided", sa.Boolean(), nullable=False),
        sa.Column("approval_id", ID, nullable=True),
        sa.Column("override_id", ID, nullable=True),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("token_until", MOMENT, nullable=False),
        sa.Column("shown_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_viewing_approval_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_viewing_item_id")),
        sa.ForeignKeyConstraint(["override_id"], ["approval.id"], name=op.f("fk_viewing_override_id")),
        sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=op.f("fk_viewing_principal_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_viewing_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewing")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_viewing_token_sha256")),
    )
    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_viewing_item_id"), ["item_id"], unique=False)
        batch_op.create_index("ix_viewing_person", ["principal_id", "shown_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_viewing_referral_id"), ["referral_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("viewing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_viewing_referral_id"))
        batch_op.drop_index("ix_viewing_person")
        batch_op.drop_index(batch_op.f("ix_viewing_item_id"))

    op.drop_table("viewing")
    with op.batch_alter_table("note_back", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_back_principal_id"))

    op.drop_table("note_back")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_decision_standing",
            sqlite_where=sa.text("state = 'standing'"),
            postgresql_where=sa.text("state = 'standing'"),
        )
        batch_op.drop_index(batch_op.f("ix_decision_spread_from"))
        batch_op.drop_index(batch_op.f("ix_decision_referral_id"))
        batch_op.drop_index("ix_decision_item")

    op.drop_table("decision")
    op.drop_table("worked_on")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_principal_id"))

    op.drop_table("session")
    op.drop_table("saved_view")
    op.drop_table("role_held")
    with op.batch_alter_table("retriage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_retriage_referral_id"))

    op.drop_table("retriage")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_principal_id"))

    op.drop_table("passkey")
    with op.batch_alter_table("outcome_told", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outcome_told_referral_id"))

    op.drop_table("outcome_told")
    op.drop_table("membership")
    op.drop_table("declined")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_principal_id"))

    op.drop_table("claim")
    op.drop_table("approval")
    with op.batch_alter_table("access_asked", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_asked_principal_id"))

    op.drop_table("access_asked")
    op.drop_table("principal")
