"""Drafts of a scheme's rules, to be tried out on the last months and adopted."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state IN ('open', 'adopted', 'dropped')", name=op.f("ck_rule_draft_state")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_rule_draft_ended")),
        sa.CheckConstraint("(state = 'adopted') = (valid_from IS NOT NULL)", name=op.f("ck_rule_draft_adopted")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_rule_draft_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_draft")),
    )
    op.create_index("ix_rule_draft_scheme_id", "rule_draft", ["scheme_id"])
    op.create_table(
        "rule_draft_line",
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("lowest", sa.Integer(), nullable=False),
        sa.Column("highest", sa.Integer(), nullable=False),
        sa.Column("cap_day", sa.Integer(), nullable=True),
        sa.Column("cap_month", sa.Integer(), nullable=True),
        sa.Column("cap_year", sa.Integer(), nullable=True),
        sa.CheckConstraint("lowest <= highest", name=op.f("ck_rule_draft_line_range")),
        sa.CheckConstraint("lowest >= 0 OR highest <= 0", name=op.f("ck_rule_draft_line_sign")),
        sa.ForeignKeyConstraint(["draft_id"], ["rule_draft.id"], name=op.f("fk_rule_draft_line_draft_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_rule_draft_line_rule_id")),
        sa.ForeignKeyConstraint(["version_id"], ["rule_version.id"], name=op.f("fk_rule_draft_line_version_id")),
        sa.PrimaryKeyConstraint("draft_id", "rule_id", name=op.f("pk_rule_draft_line")),
    )
    op.create_index("ix_rule_draft_line_rule_id", "rule_draft_line", ["rule_id"])
    op.create_index("ix_rule_draft_line_version_id", "rule_draft_line", ["version_id"])


def downgrade() -> None:
    op.drop_index("ix_rule_draft_line_version_id", table_name="rule_draft_line")
    op.drop_index("ix_rule_draft_line_rule_id", table_name="rule_draft_line")
    op.drop_table("rule_draft_line")
    op.drop_index("ix_rule_draft_scheme_id", table_name="rule_draft")
    op.drop_table("rule_draft")
