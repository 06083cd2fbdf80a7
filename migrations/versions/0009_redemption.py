"""Goods, stock and vouchers."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, forbid

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("icon", sa.String(length=30), nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=True),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("limit_month", sa.Integer(), nullable=True),
        sa.Column("days_to_fetch", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"left" >= 0', name=op.f("ck_item_left")),
        sa.CheckConstraint("days_to_fetch BETWEEN 1 AND 90", name=op.f("ck_item_days_to_fetch")),
        sa.CheckConstraint("limit_month IS NULL OR limit_month > 0", name=op.f("ck_item_limit_month")),
        sa.CheckConstraint("price > 0", name=op.f("ck_item_price")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_item_area_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_item_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("area_id", "name", name=op.f("uq_item_area_id_name")),
    )
    op.create_table(
        "voucher",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("code_print", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=False),
        sa.Column("end_note", sa.String(length=120), nullable=False),
        sa.CheckConstraint("(state = 'issued') = (ended_at IS NULL)", name=op.f("ck_voucher_ended")),
        sa.CheckConstraint("state IN ('issued', 'handed_over', 'cancelled', 'expired')", name=op.f("ck_voucher_state")),
        sa.CheckConstraint("points > 0", name=op.f("ck_voucher_points")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_voucher_quantity")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_voucher_account_id")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_voucher_community_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_voucher_household_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_voucher_item_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_voucher_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("code_print", name=op.f("uq_voucher_code_print")),
        sa.UniqueConstraint("number", name=op.f("uq_voucher_number")),
    )
    op.create_index("ix_voucher_community", "voucher", ["community_id", "state", "issued_at"], unique=False)
    op.create_index("ix_voucher_household_id", "voucher", ["household_id", "month"], unique=False)
    op.create_index("ix_voucher_state", "voucher", ["state", "expires_at"], unique=False)
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("left_after", sa.Integer(), nullable=False),
        sa.Column("voucher_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("actor_label", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('redeemed', 'returned')) = (voucher_id IS NOT NULL)",
            name=op.f("ck_stock_movement_voucher"),
        ),
        sa.CheckConstraint(
            "kind IN ('received', 'counted', 'written_off', 'redeemed', 'returned')",
            name=op.f("ck_stock_movement_kind"),
        ),
        sa.CheckConstraint("left_after >= 0", name=op.f("ck_stock_movement_left_after")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stock_movement_item_id")),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"], name=op.f("fk_stock_movement_voucher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
        sa.UniqueConstraint("voucher_id", "kind", name=op.f("uq_stock_movement_voucher_id_kind")),
    )
    op.create_index("ix_stock_movement_item_id", "stock_movement", ["item_id", "id"], unique=False)

    forbid("stock_movement", "UPDATE")
    forbid("stock_movement", "DELETE")
    forbid(
        "voucher",
        "UPDATE",
        columns=(
            "id",
            "number",
            "nonce",
            "code_print",
            "household_id",
            "account_id",
            "item_id",
            "quantity",
            "points",
            "issued_at",
            "expires_at",
        ),
    )
    forbid("voucher", "DELETE")


def downgrade() -> None:
    allow("stock_movement", "UPDATE")
    allow("stock_movement", "DELETE")
    allow("voucher", "UPDATE")
    allow("voucher", "DELETE")
    op.drop_index("ix_stock_movement_item_id", table_name="stock_movement")
    op.drop_table("stock_movement")
    op.drop_index("ix_voucher_state", table_name="voucher")
    op.drop_index("ix_voucher_household_id", table_name="voucher")
    op.drop_index("ix_voucher_community", table_name="voucher")
    op.drop_table("voucher")
    op.drop_table("item")
