"""整改返还: rules that make a deduction provisional, until when a record is, and the "after" photos."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, forbid

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

FORMER = (
    "id",
    "client_key",
    "holder_id",
    "community_id",
    "scheme_id",
    "rule_id",
    "rule_version_id",
    "points",
    "source",
    "happened_on",
    "happened_at",
    "device_time",
    "place",
    "note",
    "recorder_id",
    "recorder_person_id",
    "recorder_label",
    "created_at",
    "recorder_household_id",
    "brought_by",
    "mends_id",
)
FIXED = ("id", "record_id", "client_key", "household_id", "label", "note", "at")
ONCE, PROVISIONAL = sa.text("state <> 'returned'"), sa.text("rectify_until IS NOT NULL")


def upgrade() -> None:
    days = sa.CheckConstraint(
        "rectify_days IS NULL OR rectify_days BETWEEN 1 AND 90", name=op.f("ck_rule_version_rectify_days")
    )
    percent = sa.CheckConstraint("rectify_percent IN (50, 100)", name=op.f("ck_rule_version_rectify_percent"))
    op.add_column("rule_version", sa.Column("rectify_days", sa.Integer(), days, nullable=True))
    default = sa.text("100")
    op.add_column(
        "rule_version", sa.Column("rectify_percent", sa.Integer(), percent, nullable=False, server_default=default)
    )
    allow("record", "UPDATE")
    op.add_column("record", sa.Column("rectify_until", sa.Date(), nullable=True))
    op.create_index(
        "ix_record_rectify",
        "record",
        ["holder_id", "rectify_until"],
        sqlite_where=PROVISIONAL,
        postgresql_where=PROVISIONAL,
    )
    forbid("record", "UPDATE", columns=(*FORMER, "rectify_until"))
    op.create_table(
        "rectification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_label", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("new_record_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('reported', 'returned', 'confirmed')", name=op.f("ck_rectification_state")),
        sa.CheckConstraint("(state = 'reported') = (decided_at IS NULL)", name=op.f("ck_rectification_decided")),
        sa.CheckConstraint("state <> 'returned' OR reason <> ''", name=op.f("ck_rectification_reason")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_rectification_household_id")),
        sa.ForeignKeyConstraint(["new_record_id"], ["record.id"], name=op.f("fk_rectification_new_record_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_rectification_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification")),
        sa.UniqueConstraint("client_key", name=op.f("uq_rectification_client_key")),
    )
    op.create_index("ix_rectification_record_id", "rectification", ["record_id"])
    op.create_index("ix_rectification_new_record_id", "rectification", ["new_record_id"])
    op.create_index(
        "uq_rectification_once", "rectification", ["record_id"], unique=True, sqlite_where=ONCE, postgresql_where=ONCE
    )
    op.create_table(
        "rectification_photo",
        sa.Column("rectification_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["rectification_id"], ["rectification.id"], name=op.f("fk_rectification_photo_rectification_id")
        ),
        sa.PrimaryKeyConstraint("rectification_id", "position", name=op.f("pk_rectification_photo")),
        sa.UniqueConstraint("hash", name=op.f("uq_rectification_photo_hash")),
    )
    forbid("rectification", "UPDATE", columns=FIXED)
    forbid("rectification", "DELETE")
    forbid("rectification_photo", "UPDATE")
    forbid("rectification_photo", "DELETE")


def downgrade() -> None:
    for table in ("rectification_photo", "rectification"):
        allow(table, "UPDATE")
        allow(table, "DELETE")
        op.drop_table(table)
    allow("record", "UPDATE")
    op.drop_index("ix_record_rectify", table_name="record")
    op.drop_column("record", "rectify_until")
    forbid("record", "UPDATE", columns=FORMER)
    op.drop_column("rule_version", "rectify_percent")
    op.drop_column("rule_version", "rectify_days")
