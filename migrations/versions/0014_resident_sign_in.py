"""Households sign in on their phones."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resident_sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_print", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("where", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_resident_sign_in_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_sign_in")),
        sa.UniqueConstraint("token_print", name=op.f("uq_resident_sign_in_token_print")),
    )
    op.create_index("ix_resident_sign_in_household_id", "resident_sign_in", ["household_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_resident_sign_in_household_id", table_name="resident_sign_in")
    op.drop_table("resident_sign_in")
