"""How often rules are used."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_use",
        sa.Column("scheme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("community_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.CheckConstraint("uses > 0", name=op.f("ck_rule_use_uses")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_rule_use_community_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_rule_use_rule_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_rule_use_scheme_id")),
        sa.PrimaryKeyConstraint("scheme_id", "community_id", "rule_id", name=op.f("pk_rule_use")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("rule_use")
