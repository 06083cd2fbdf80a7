"""Ratings of shops."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("tags", sa.String(length=80), nullable=False),
        sa.Column("comment", sa.String(length=100), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("device_print", sa.String(length=64), nullable=False),
        sa.Column("network_print", sa.String(length=64), nullable=False),
        sa.Column("ticket_print", sa.String(length=64), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_rating_stars")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_rating_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("shop_id", "device_print", "day", name=op.f("uq_rating_shop_id_device_print_day")),
        sa.UniqueConstraint("ticket_print", name=op.f("uq_rating_ticket_print")),
    )
    op.create_index("ix_rating_network", "rating", ["shop_id", "day", "network_print"], unique=False)
    op.create_index("ix_rating_shop_id", "rating", ["shop_id", "id"], unique=False)
    op.create_table(
        "rating_flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'kept', 'dropped')", name=op.f("ck_rating_flag_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_rating_flag_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_flag")),
        sa.UniqueConstraint("shop_id", "day", name=op.f("uq_rating_flag_shop_id_day")),
    )
    op.create_index("ix_rating_flag_state", "rating_flag", ["state", "day"], unique=False)
    op.create_table(
        "rating_total",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.CheckConstraint('"count" >= 0 AND stars >= 0', name=op.f("ck_rating_total_sizes")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_rating_total_shop_id")),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_rating_total")),
    )


def downgrade() -> None:
    op.drop_table("rating_total")
    op.drop_index("ix_rating_flag_state", table_name="rating_flag")
    op.drop_table("rating_flag")
    op.drop_index("ix_rating_shop_id", table_name="rating")
    op.drop_index("ix_rating_network", table_name="rating")
    op.drop_table("rating")
