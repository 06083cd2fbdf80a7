"""Records and their photos."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, forbid

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("recorder_id", sa.Integer(), nullable=True),
        sa.Column("recorder_person_id", sa.Integer(), nullable=True),
        sa.Column("recorder_label", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_note", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "source IN ('inspection', 'claim', 'attendance', 'order', 'suggestion', 'lesson', 'rating')",
            name=op.f("ck_record_source"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'posted', 'withdrawn', 'reversed')", name=op.f("ck_record_state")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_record_community_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_record_holder_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_record_rule_id")),
        sa.ForeignKeyConstraint(["rule_version_id"], ["rule_version.id"], name=op.f("fk_record_rule_version_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_record_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("client_key", name=op.f("uq_record_client_key")),
    )
    op.create_index("ix_record_cap", "record", ["holder_id", "rule_id", "happened_on"], unique=False)
    op.create_index("ix_record_community_day", "record", ["community_id", "happened_on"], unique=False)
    op.create_index("ix_record_holder_day", "record", ["holder_id", "happened_on"], unique=False)
    op.create_index("ix_record_recorder", "record", ["recorder_id", "created_at"], unique=False)
    op.create_index(
        "ix_record_waiting",
        "record",
        ["holder_id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "record_photo",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_photo_record_id")),
        sa.PrimaryKeyConstraint("record_id", "position", name=op.f("pk_record_photo")),
    )
    op.create_index("ix_record_photo_hash", "record_photo", ["hash"], unique=False)
    forbid("record", "DELETE")
    forbid(
        "record",
        "UPDATE",
        columns=(
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
        ),
    )
    forbid("record_photo", "UPDATE")
    forbid("record_photo", "DELETE")


def downgrade() -> None:
    allow("record", "DELETE")
    allow("record", "UPDATE")
    allow("record_photo", "UPDATE")
    allow("record_photo", "DELETE")
    op.drop_index("ix_record_photo_hash", table_name="record_photo")
    op.drop_table("record_photo")
    op.drop_index(
        "ix_record_waiting",
        table_name="record",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index("ix_record_recorder", table_name="record")
    op.drop_index("ix_record_holder_day", table_name="record")
    op.drop_index("ix_record_community_day", table_name="record")
    op.drop_index("ix_record_cap", table_name="record")
    op.drop_table("record")
