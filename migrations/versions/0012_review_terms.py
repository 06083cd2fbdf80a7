"""Who reviews first, and declared relatives."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "scheme",
        sa.Column(
            "first_reviewers",
            sa.String(length=120),
            nullable=False,
            server_default="courtyard_head,grid_worker,grid_lead",
        ),
    )
    op.create_table(
        "kinship",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_kinship_household_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kinship_person_id")),
        sa.PrimaryKeyConstraint("person_id", "household_id", name=op.f("pk_kinship")),
    )


def downgrade() -> None:
    op.drop_table("kinship")
    op.drop_column("scheme", "first_reviewers")
