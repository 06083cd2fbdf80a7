"""Schemes, categories, rules and their versions."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, forbid

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scheme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("holder_kind", sa.String(length=12), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("inspections_post", sa.String(length=12), nullable=False),
        sa.Column("claims_post", sa.String(length=12), nullable=False),
        sa.Column("spendable", sa.Boolean(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("lapse_month", sa.Integer(), nullable=True),
        sa.Column("lapse_day", sa.Integer(), nullable=True),
        sa.Column("month_end_day", sa.Integer(), nullable=False),
        sa.Column("objection_days", sa.Integer(), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("rolls_up_to_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "audience IN ('all', 'courtyard_head', 'party_member', 'volunteer', 'staff')",
            name=op.f("ck_scheme_audience"),
        ),
        sa.CheckConstraint(
            "claims_post IN ('at_once', 'confirmed', 'publication')", name=op.f("ck_scheme_claims_post")
        ),
        sa.CheckConstraint(
            "holder_kind IN ('household', 'courtyard', 'shop', 'person')", name=op.f("ck_scheme_holder_kind")
        ),
        sa.CheckConstraint(
            "inspections_post IN ('at_once', 'confirmed', 'publication')", name=op.f("ck_scheme_inspections_post")
        ),
        sa.CheckConstraint("(lapse_month IS NULL) = (lapse_day IS NULL)", name=op.f("ck_scheme_lapse")),
        sa.CheckConstraint("base >= 0", name=op.f("ck_scheme_base")),
        sa.CheckConstraint("lapse_day IS NULL OR lapse_day BETWEEN 1 AND 31", name=op.f("ck_scheme_lapse_day")),
        sa.CheckConstraint("lapse_month IS NULL OR lapse_month BETWEEN 1 AND 12", name=op.f("ck_scheme_lapse_month")),
        sa.CheckConstraint("month_end_day BETWEEN 1 AND 28", name=op.f("ck_scheme_month_end_day")),
        sa.CheckConstraint("objection_days BETWEEN 0 AND 60", name=op.f("ck_scheme_objection_days")),
        sa.CheckConstraint("reviews BETWEEN 0 AND 2", name=op.f("ck_scheme_reviews")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_scheme_area_id")),
        sa.ForeignKeyConstraint(["rolls_up_to_id"], ["scheme.id"], name=op.f("fk_scheme_rolls_up_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheme")),
        sa.UniqueConstraint("area_id", "code", name=op.f("uq_scheme_area_id_code")),
    )
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_category_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("scheme_id", "code", name=op.f("uq_category_scheme_id_code")),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_rule_category_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_rule_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
        sa.UniqueConstraint("scheme_id", "code", name=op.f("uq_rule_scheme_id_code")),
    )
    op.create_index("ix_rule_category_id", "rule", ["category_id"], unique=False)
    op.create_table(
        "rule_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("lowest", sa.Integer(), nullable=False),
        sa.Column("highest", sa.Integer(), nullable=False),
        sa.Column("recorders", sa.String(length=200), nullable=False),
        sa.Column("proof", sa.String(length=8), nullable=False),
        sa.Column("cap_day", sa.Integer(), nullable=True),
        sa.Column("cap_month", sa.Integer(), nullable=True),
        sa.Column("cap_year", sa.Integer(), nullable=True),
        sa.Column("veto", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.CheckConstraint("proof IN ('none', 'note', 'photo')", name=op.f("ck_rule_version_proof")),
        sa.CheckConstraint("cap_day IS NULL OR cap_day > 0", name=op.f("ck_rule_version_cap_day")),
        sa.CheckConstraint("cap_month IS NULL OR cap_month > 0", name=op.f("ck_rule_version_cap_month")),
        sa.CheckConstraint("cap_year IS NULL OR cap_year > 0", name=op.f("ck_rule_version_cap_year")),
        sa.CheckConstraint("lowest <= highest", name=op.f("ck_rule_version_range")),
        sa.CheckConstraint("lowest >= 0 OR highest <= 0", name=op.f("ck_rule_version_sign")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_rule_version_validity")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_rule_version_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_version")),
        sa.UniqueConstraint("rule_id", "version", name=op.f("uq_rule_version_rule_id_version")),
    )
    forbid(
        "rule_version",
        "UPDATE",
        columns=(
            "rule_id",
            "version",
            "title",
            "detail",
            "lowest",
            "highest",
            "recorders",
            "proof",
            "cap_day",
            "cap_month",
            "cap_year",
            "veto",
            "valid_from",
            "created_at",
            "author",
        ),
    )
    forbid("rule_version", "DELETE")


def downgrade() -> None:
    allow("rule_version", "UPDATE")
    allow("rule_version", "DELETE")
    op.drop_table("rule_version")
    op.drop_index("ix_rule_category_id", table_name="rule")
    op.drop_table("rule")
    op.drop_table("category")
    op.drop_table("scheme")
