"""Codes of plates and cards."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, forbid

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("digits", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_note", sa.String(length=100), nullable=False),
        sa.CheckConstraint("(state = 'active') = (ended_at IS NULL)", name=op.f("ck_code_ended")),
        sa.CheckConstraint("kind IN ('plate', 'card')", name=op.f("ck_code_kind")),
        sa.CheckConstraint("state IN ('active', 'replaced', 'revoked')", name=op.f("ck_code_state")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_code_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("digits", name=op.f("uq_code_digits")),
        sa.UniqueConstraint("token", name=op.f("uq_code_token")),
    )
    op.create_index(
        "ix_code_active",
        "code",
        ["holder_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index("ix_code_holder_id", "code", ["holder_id", "kind", "version"], unique=True)

    forbid("code", "UPDATE", columns=("id", "kind", "holder_id", "token", "digits", "version", "created_at"))
    forbid("code", "DELETE")


def downgrade() -> None:
    allow("code", "UPDATE")
    allow("code", "DELETE")
    op.drop_index("ix_code_holder_id", table_name="code")
    op.drop_index(
        "ix_code_active",
        table_name="code",
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.drop_table("code")
