"""Records are reviewed: states on the way into the book, the steps that led there, who claimed and who brought it."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, allow_truncate, forbid, forbid_truncate

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FORMER_STATES = "state IN ('waiting', 'posted', 'withdrawn', 'reversed')"
STATES = "state IN ('waiting', 'passed', 'confirmed', 'posted', 'returned', 'withdrawn', 'reversed')"
FORMERLY_WAITING = "state = 'waiting'"
COMING = "state IN ('waiting', 'passed', 'confirmed')"
FIXED = (
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
)
ADDED = ("recorder_household_id", "brought_by", "mends_id")


def upgrade() -> None:
    op.drop_index("ix_record_waiting", table_name="record")
    allow("record", "UPDATE")
    allow("record", "DELETE")
    with op.batch_alter_table("record", copy_from=_table(FORMER_STATES), naming_convention=NAMES) as batch:
        batch.add_column(sa.Column("recorder_household_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("brought_by", sa.String(length=60), nullable=False, server_default=""))
        batch.add_column(sa.Column("mends_id", sa.Integer(), nullable=True))
        batch.drop_constraint(op.f("ck_record_state"), type_="check")
        batch.create_check_constraint(op.f("ck_record_state"), STATES)
        batch.create_foreign_key(
            op.f("fk_record_recorder_household_id"), "household", ["recorder_household_id"], ["id"]
        )
        batch.create_foreign_key(op.f("fk_record_mends_id"), "record", ["mends_id"], ["id"])
    op.execute("UPDATE record SET state = 'passed' WHERE state = 'waiting' AND source <> 'claim'")
    _index(COMING)
    op.create_index("ix_record_review", "record", ["community_id", "state"], **_where(COMING))
    op.create_index("ix_record_household", "record", ["recorder_household_id", "created_at"])
    forbid("record", "DELETE")
    forbid("record", "UPDATE", columns=(*FIXED, *ADDED))
    op.create_table(
        "record_step",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('passed', 'returned', 'confirmed', 'posted', 'withdrawn')", name=op.f("ck_record_step_kind")
        ),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_step_record_id")),
        sa.PrimaryKeyConstraint("record_id", "seq", name=op.f("pk_record_step")),
    )
    forbid("record_step", "UPDATE")
    forbid("record_step", "DELETE")
    forbid_truncate("record_step")


def downgrade() -> None:
    allow_truncate("record_step")
    allow("record_step", "DELETE")
    allow("record_step", "UPDATE")
    op.drop_table("record_step")
    op.drop_index("ix_record_household", table_name="record")
    op.drop_index("ix_record_review", table_name="record")
    op.drop_index("ix_record_waiting", table_name="record")
    allow("record", "UPDATE")
    allow("record", "DELETE")
    op.execute("UPDATE record SET state = 'waiting' WHERE state IN ('passed', 'confirmed')")
    op.execute("UPDATE record SET state = 'withdrawn' WHERE state = 'returned'")
    with op.batch_alter_table("record", copy_from=_table(STATES, *_added()), naming_convention=NAMES) as batch:
        batch.drop_constraint(op.f("ck_record_state"), type_="check")
        batch.create_check_constraint(op.f("ck_record_state"), FORMER_STATES)
        batch.drop_constraint(op.f("fk_record_recorder_household_id"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_record_mends_id"), type_="foreignkey")
        for name in ADDED:
            batch.drop_column(name)
    _index(FORMERLY_WAITING)
    forbid("record", "DELETE")
    forbid("record", "UPDATE", columns=FIXED)


NAMES = {"pk": "pk_%(table_name)s"}


def _where(condition: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _index(condition: str) -> None:
    op.create_index("ix_record_waiting", "record", ["holder_id"], **_where(condition))


def _added() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("recorder_household_id", sa.Integer(), nullable=True),
        sa.Column("brought_by", sa.String(length=60), nullable=False),
        sa.Column("mends_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recorder_household_id"], ["household.id"], name=op.f("fk_record_recorder_household_id")
        ),
        sa.ForeignKeyConstraint(["mends_id"], ["record.id"], name=op.f("fk_record_mends_id")),
    )


def _table(states: str, *more: sa.schema.SchemaItem) -> sa.Table:
    """The table as it stands: SQLite makes it anew to change a CHECK, and can't tell its CHECKs itself."""
    return sa.Table(
        "record",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("holder_id", "community_id", "scheme_id")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("rule_id", "rule_version_id", "points")),
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
        sa.CheckConstraint(states, name=op.f("ck_record_state")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_record_community_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_record_holder_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_record_rule_id")),
        sa.ForeignKeyConstraint(["rule_version_id"], ["rule_version.id"], name=op.f("fk_record_rule_version_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_record_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("client_key", name=op.f("uq_record_client_key")),
        sa.Index("ix_record_cap", "holder_id", "rule_id", "happened_on"),
        sa.Index("ix_record_community_day", "community_id", "happened_on"),
        sa.Index("ix_record_holder_day", "holder_id", "happened_on"),
        sa.Index("ix_record_recorder", "recorder_id", "created_at"),
        *more,
    )
