"""The monthly yard inspection: sheets, rounds, places, duties."""

import sqlalchemy as sa
from alembic import op
from append_only import allow, forbid

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UNCHANGED = ("inspection_sheet", "round_sheet")


def upgrade() -> None:
    _sheets()
    _rounds()
    _places()
    for table in UNCHANGED:
        forbid(table, "UPDATE")
        forbid(table, "DELETE")


def _sheets() -> None:
    op.create_table(
        "inspection_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("plus_rule_id", sa.Integer(), nullable=True),
        sa.Column("minus_rule_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_inspection_sheet_version")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_inspection_sheet_scheme_id")),
        sa.ForeignKeyConstraint(["plus_rule_id"], ["rule.id"], name=op.f("fk_inspection_sheet_plus_rule_id")),
        sa.ForeignKeyConstraint(["minus_rule_id"], ["rule.id"], name=op.f("fk_inspection_sheet_minus_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_sheet")),
        sa.UniqueConstraint("scheme_id", "version", name=op.f("uq_inspection_sheet_scheme_id_version")),
    )


def _rounds() -> None:
    op.create_table(
        "inspection_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'closing', 'closed', 'abandoned')", name=op.f("ck_inspection_round_state")
        ),
        sa.CheckConstraint("(closed_at IS NULL) = (state = 'open')", name=op.f("ck_inspection_round_closed")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_inspection_round_community_id")),
        sa.ForeignKeyConstraint(["sheet_id"], ["inspection_sheet.id"], name=op.f("fk_inspection_round_sheet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_round")),
    )
    for name, columns, where in (
        ("uq_inspection_round_open", ["community_id"], "state = 'open'"),
        ("uq_inspection_round_month", ["community_id", "month"], "state <> 'abandoned'"),
    ):
        op.create_index(
            name,
            "inspection_round",
            columns,
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def _places() -> None:
    op.create_table(
        "round_place",
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("courtyard_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("league", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("league_size", sa.Integer(), nullable=True),
        sa.Column("tied", sa.Integer(), nullable=True),
        sa.Column("prize", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("unposted", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'scored', 'shut')", name=op.f("ck_round_place_state")),
        sa.CheckConstraint("(score IS NOT NULL) = (state = 'scored')", name=op.f("ck_round_place_score")),
        sa.ForeignKeyConstraint(["round_id"], ["inspection_round.id"], name=op.f("fk_round_place_round_id")),
        sa.ForeignKeyConstraint(["courtyard_id"], ["courtyard.id"], name=op.f("fk_round_place_courtyard_id")),
        sa.ForeignKeyConstraint(["grid_id"], ["area.id"], name=op.f("fk_round_place_grid_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_round_place_record_id")),
        sa.PrimaryKeyConstraint("round_id", "courtyard_id", name=op.f("pk_round_place")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_round_place_round_id_position")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_round_place_courtyard_id", "round_place", ["courtyard_id"])
    op.create_table(
        "round_sheet",
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("courtyard_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("marks", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("photos", sa.String(length=220), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("typed_by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id", "courtyard_id"],
            ["round_place.round_id", "round_place.courtyard_id"],
            name=op.f("fk_round_sheet_place"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_round_sheet_user_id")),
        sa.PrimaryKeyConstraint("round_id", "courtyard_id", "version", name=op.f("pk_round_sheet")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "round_duty",
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grid_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["inspection_round.id"], name=op.f("fk_round_duty_round_id")),
        sa.ForeignKeyConstraint(["grid_id"], ["area.id"], name=op.f("fk_round_duty_grid_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_round_duty_user_id")),
        sa.PrimaryKeyConstraint("round_id", "grid_id", name=op.f("pk_round_duty")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in UNCHANGED:
        allow(table, "DELETE")
        allow(table, "UPDATE")
    for table in ("round_duty", "round_sheet"):
        op.drop_table(table)
    op.drop_index("ix_round_place_courtyard_id", table_name="round_place")
    op.drop_table("round_place")
    for name in ("uq_inspection_round_month", "uq_inspection_round_open"):
        op.drop_index(name, table_name="inspection_round")
    op.drop_table("inspection_round")
    op.drop_table("inspection_sheet")
