"""The frame: sent forms and the audit log."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, forbid

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("actor_label", sa.String(length=80), nullable=False),
        sa.Column("where", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_kind", sa.String(length=30), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=True),
        sa.Column("area_path", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_line")),
    )
    op.create_index("ix_audit_line_at", "audit_line", ["at"], unique=False)
    op.create_index("ix_audit_line_object", "audit_line", ["object_kind", "object_id"], unique=False)
    op.create_index("ix_audit_line_user_id", "audit_line", ["user_id", "at"], unique=False)
    op.create_table(
        "sent_form",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=500), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sent_form")),
    )
    op.create_index("ix_sent_form_sent_at", "sent_form", ["sent_at"], unique=False)
    forbid("audit_line", "UPDATE")
    forbid("audit_line", "DELETE")


def downgrade() -> None:
    allow("audit_line", "UPDATE")
    allow("audit_line", "DELETE")
    op.drop_index("ix_sent_form_sent_at", table_name="sent_form")
    op.drop_table("sent_form")
    op.drop_index("ix_audit_line_user_id", table_name="audit_line")
    op.drop_index("ix_audit_line_object", table_name="audit_line")
    op.drop_index("ix_audit_line_at", table_name="audit_line")
    op.drop_table("audit_line")
