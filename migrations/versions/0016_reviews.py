"""The month of a community and its publication."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, allow_truncate, forbid, forbid_truncate

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "community_month",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("objection_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attendees", sa.String(length=300), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("posted_to", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=30), nullable=False),
        sa.Column("publisher", sa.String(length=80), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objections_until", sa.Date(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("signature", sa.String(length=128), nullable=True),
        sa.Column("public_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('reviewing', 'publishing', 'on_notice', 'closed')", name=op.f("ck_community_month_state")
        ),
        sa.CheckConstraint("(published_at IS NULL) = (signature IS NULL)", name=op.f("ck_community_month_sealed")),
        sa.CheckConstraint(
            "(state IN ('on_notice', 'closed')) = (published_at IS NOT NULL)",
            name=op.f("ck_community_month_published"),
        ),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_community_month_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community_month")),
        sa.UniqueConstraint("community_id", "month", name=op.f("uq_community_month_community_id_month")),
        sa.UniqueConstraint("token", name=op.f("uq_community_month_token")),
    )
    op.create_table(
        "publication_line",
        sa.Column("month_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("holder_kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scheme", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("recorder", sa.String(length=80), nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["month_id"], ["community_month.id"], name=op.f("fk_publication_line_month_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_publication_line_record_id")),
        sa.PrimaryKeyConstraint("month_id", "number", name=op.f("pk_publication_line")),
        sa.UniqueConstraint("record_id", name=op.f("uq_publication_line_record_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_publication_line_place", "publication_line", ["month_id", "place", "number"])
    forbid("publication_line", "UPDATE")
    forbid("publication_line", "DELETE")
    forbid_truncate("publication_line")
    forbid("community_month", "DELETE")
    forbid("community_month", "UPDATE", columns=("id", "community_id", "month", "token"))


def downgrade() -> None:
    allow("community_month", "UPDATE")
    allow("community_month", "DELETE")
    allow_truncate("publication_line")
    allow("publication_line", "UPDATE")
    allow("publication_line", "DELETE")
    op.drop_index("ix_publication_line_place", table_name="publication_line")
    op.drop_table("publication_line")
    op.drop_table("community_month")
