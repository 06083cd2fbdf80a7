"""Drafts of claims."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(household_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_claim_draft_author")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_claim_draft_household_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_claim_draft_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_draft")),
        sa.UniqueConstraint("household_id", name=op.f("uq_claim_draft_household_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_claim_draft_user_id")),
    )


def downgrade() -> None:
    op.drop_table("claim_draft")
