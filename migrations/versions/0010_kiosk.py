"""Kiosk visits and slips."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, allow_truncate, forbid, forbid_truncate

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kiosk_visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_print", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("via", sa.String(length=6), nullable=False),
        sa.Column("pin_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("via IN ('card', 'pin')", name=op.f("ck_kiosk_visit_via")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_kiosk_visit_account_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_kiosk_visit_device_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_kiosk_visit_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_visit")),
        sa.UniqueConstraint("token_print", name=op.f("uq_kiosk_visit_token_print")),
    )
    op.create_index("ix_kiosk_visit_open", "kiosk_visit", ["ended_at", "expires_at"], unique=False)
    op.create_table(
        "slip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("copies >= 1", name=op.f("ck_slip_copies")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_slip_account_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_slip_device_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_slip_household_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["kiosk_visit.id"], name=op.f("fk_slip_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip")),
    )
    op.create_index("ix_slip_household_id", "slip", ["household_id", "id"], unique=False)

    forbid(
        "slip",
        "UPDATE",
        columns=(
            "id",
            "household_id",
            "account_id",
            "device_id",
            "visit_id",
            "content",
            "printed_at",
        ),
    )
    forbid("slip", "DELETE")
    forbid_truncate("slip")


def downgrade() -> None:
    allow_truncate("slip")
    allow("slip", "UPDATE")
    allow("slip", "DELETE")
    op.drop_index("ix_slip_household_id", table_name="slip")
    op.drop_table("slip")
    op.drop_index("ix_kiosk_visit_open", table_name="kiosk_visit")
    op.drop_table("kiosk_visit")
