"""评优: kinds of honours, what meetings decided, and the honours, of which only a withdrawal is ever written later."""

import sqlalchemy as sa
from alembic import op
from append_only import accept, allow, allow_truncate, forbid, forbid_truncate, refuse_when

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

FIXED = (
    "id",
    "choice_id",
    "community_id",
    "holder_id",
    "title",
    "number",
    "code",
    "shown_name",
    "spot",
    "place",
    "points",
    "starts_on",
    "ends_on",
)


def upgrade() -> None:
    _kinds_and_choices()
    op.create_table(
        "honour",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("choice_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("shown_name", sa.String(length=80), nullable=False),
        sa.Column("spot", sa.String(length=80), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_label", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_honour_term")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason = '')", name=op.f("ck_honour_withdrawn")),
        sa.ForeignKeyConstraint(["choice_id"], ["choice.id"], name=op.f("fk_honour_choice_id")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_honour_community_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_honour_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour")),
        sa.UniqueConstraint("choice_id", "holder_id", name=op.f("uq_honour_choice_id_holder_id")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_honour_community_id_number")),
        sa.UniqueConstraint("code", name=op.f("uq_honour_code")),
    )
    op.create_index("ix_honour_holder_id", "honour", ["holder_id", "ends_on"])
    forbid("choice", "UPDATE")
    forbid("honour", "UPDATE", columns=FIXED)
    refuse_when("honour", "UPDATE", "OLD.withdrawn_at IS NOT NULL")
    for table in ("choice", "honour"):
        forbid(table, "DELETE")
        forbid_truncate(table)


def _kinds_and_choices() -> None:
    op.create_table(
        "honour_kind",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("by_league", sa.Boolean(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("no_veto", sa.Boolean(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("period IN ('month', 'quarter', 'year')", name=op.f("ck_honour_kind_period")),
        sa.CheckConstraint("places BETWEEN 1 AND 500", name=op.f("ck_honour_kind_places")),
        sa.CheckConstraint("minimum >= 0", name=op.f("ck_honour_kind_minimum")),
        sa.CheckConstraint("months BETWEEN 1 AND 60", name=op.f("ck_honour_kind_months")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_honour_kind_community_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_honour_kind_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour_kind")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_honour_kind_community_id_name")),
    )
    op.create_table(
        "choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("candidates", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_label", sa.String(length=80), nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_choice_note")),
        sa.ForeignKeyConstraint(["kind_id"], ["honour_kind.id"], name=op.f("fk_choice_kind_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice")),
        sa.UniqueConstraint("kind_id", "month", name=op.f("uq_choice_kind_id_month")),
    )


def downgrade() -> None:
    accept("honour", "UPDATE")
    for table in ("honour", "choice"):
        allow(table, "UPDATE")
        allow(table, "DELETE")
        allow_truncate(table)
        op.drop_table(table)
    op.drop_table("honour_kind")
