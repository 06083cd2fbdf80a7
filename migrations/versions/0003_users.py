"""Users: logins, appointments, PINs, devices, failed tries."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failed_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_try")),
    )
    op.create_index("ix_failed_try_at", "failed_try", ["at"], unique=False)
    op.create_index("ix_failed_try_subject", "failed_try", ["subject", "at"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("token_print", sa.String(length=64), nullable=True),
        sa.Column("paper", sa.String(length=4), server_default=sa.text("'80'"), nullable=False),
        sa.Column("printer", sa.String(length=80), nullable=False),
        sa.Column("pairing_print", sa.String(length=64), nullable=True),
        sa.Column("pairing_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("paper IN ('80', '58', 'a4')", name=op.f("ck_device_paper")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_device_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("pairing_print", name=op.f("uq_device_pairing_print")),
        sa.UniqueConstraint("token_print", name=op.f("uq_device_token_print")),
    )
    op.create_index("ix_device_station_id", "device", ["station_id"], unique=False)
    op.create_table(
        "household_pin",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(length=255), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_household_pin_household_id")),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_household_pin")),
    )
    op.create_table(
        "appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("post", sa.String(length=20), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("courtyard_id", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "post IN ('administrator', 'county_officer', 'secretary', 'group_head', 'grid_lead', 'grid_worker', 'lane_head', 'courtyard_head', 'unit_head', 'police_officer', 'inspector', 'clerk', 'volunteer')",
            name=op.f("ck_appointment_post"),
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_appointment_order")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_appointment_area_id")),
        sa.ForeignKeyConstraint(["courtyard_id"], ["courtyard.id"], name=op.f("fk_appointment_courtyard_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appointment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index("ix_appointment_area_id", "appointment", ["area_id", "post"], unique=False)
    op.create_index("ix_appointment_courtyard_id", "appointment", ["courtyard_id"], unique=False)
    op.create_index("ix_appointment_person_id", "appointment", ["person_id"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("password_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_user_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
        sa.UniqueConstraint("person_id", name=op.f("uq_user_account_person_id")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_print", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("where", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_sign_in_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_print", name=op.f("uq_sign_in_token_print")),
    )
    op.create_index("ix_sign_in_user_id", "sign_in", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_sign_in_user_id", table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_table("user_account")
    op.drop_index("ix_appointment_person_id", table_name="appointment")
    op.drop_index("ix_appointment_courtyard_id", table_name="appointment")
    op.drop_index("ix_appointment_area_id", table_name="appointment")
    op.drop_table("appointment")
    op.drop_table("household_pin")
    op.drop_index("ix_device_station_id", table_name="device")
    op.drop_table("device")
    op.drop_index("ix_failed_try_subject", table_name="failed_try")
    op.drop_index("ix_failed_try_at", table_name="failed_try")
    op.drop_table("failed_try")
