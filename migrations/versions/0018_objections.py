"""Objections on published lines, the points they hold, and the days for which a community's book is closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from append_only import accept, allow, allow_truncate, forbid, forbid_truncate, refuse_when

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS, FORMER_KINDS = "kind IN ('redemption', 'lock', 'objection')", "kind IN ('redemption', 'lock')"
FIXED_OF_HOLD = ("id", "account_id", "kind", "amount", "cause_kind", "cause_id", "reason", "created_at", "hash")
FIXED = ("id", "month_id", "line", "number", "record_id", "household_id", "channel", "brought_by", "kind", "reason")
SETTLED = ("state", "held", "decided_at", "decided_by", "answer", "new_record_id", "acknowledged_at")


def upgrade() -> None:
    _change_kinds_of_holds(FORMER_KINDS, KINDS)
    op.create_table(
        "closing",
        sa.Column("community_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_closing_community_id")),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_closing")),
    )
    forbid("closing", "DELETE")
    refuse_when("closing", "UPDATE", "NEW.until < OLD.until OR NEW.community_id <> OLD.community_id")
    _objection()
    op.create_table(
        "objection_step",
        sa.Column("objection_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opened', 'acknowledged', 'upheld', 'dismissed')", name=op.f("ck_objection_step_kind")
        ),
        sa.ForeignKeyConstraint(["objection_id"], ["objection.id"], name=op.f("fk_objection_step_objection_id")),
        sa.PrimaryKeyConstraint("objection_id", "seq", name=op.f("pk_objection_step")),
    )
    forbid("objection_step", "UPDATE")
    forbid("objection_step", "DELETE")
    forbid_truncate("objection_step")


def _objection() -> None:
    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=6), nullable=False),
        sa.Column("brought_by", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=300), nullable=False),
        sa.Column("new_record_id", sa.Integer(), nullable=True),
        sa.Column("sealed_in_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('points', 'not_me', 'not_happened', 'other')", name=op.f("ck_objection_kind")),
        sa.CheckConstraint("channel IN ('kiosk', 'phone', 'desk')", name=op.f("ck_objection_channel")),
        sa.CheckConstraint("state IN ('open', 'looking', 'upheld', 'dismissed')", name=op.f("ck_objection_state")),
        sa.CheckConstraint(
            "(state IN ('upheld', 'dismissed')) = (decided_at IS NOT NULL)", name=op.f("ck_objection_decided")
        ),
        sa.CheckConstraint("household_id IS NOT NULL OR brought_by <> ''", name=op.f("ck_objection_author")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_objection_held")),
        sa.ForeignKeyConstraint(
            ["month_id", "line"],
            ["publication_line.month_id", "publication_line.number"],
            name=op.f("fk_objection_month_id_line"),
        ),
        sa.ForeignKeyConstraint(["month_id"], ["community_month.id"], name=op.f("fk_objection_month_id")),
        sa.ForeignKeyConstraint(["sealed_in_id"], ["community_month.id"], name=op.f("fk_objection_sealed_in_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_objection_record_id")),
        sa.ForeignKeyConstraint(["new_record_id"], ["record.id"], name=op.f("fk_objection_new_record_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_objection_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("month_id", "number", name=op.f("uq_objection_month_id_number")),
        sa.UniqueConstraint("month_id", "line", "household_id", name=op.f("uq_objection_month_id_line_household_id")),
    )
    op.create_index("ix_objection_household_id", "objection", ["household_id", "id"])
    op.create_index("ix_objection_record_id", "objection", ["record_id"])
    condition = sa.text("state IN ('open', 'looking')")
    op.create_index("ix_objection_open", "objection", ["month_id"], sqlite_where=condition, postgresql_where=condition)
    forbid("objection", "UPDATE", columns=(*FIXED, "opened_at"))
    forbid("objection", "DELETE")
    forbid_truncate("objection")
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in SETTLED)
    refuse_when("objection", "UPDATE", f"OLD.decided_at IS NOT NULL AND ({changed})")


def downgrade() -> None:
    allow_truncate("objection_step")
    allow("objection_step", "DELETE")
    allow("objection_step", "UPDATE")
    op.drop_table("objection_step")
    accept("objection", "UPDATE")
    allow_truncate("objection")
    allow("objection", "DELETE")
    allow("objection", "UPDATE")
    for index in ("open", "record_id", "household_id"):
        op.drop_index(f"ix_objection_{index}", table_name="objection")
    op.drop_table("objection")
    accept("closing", "UPDATE")
    allow("closing", "DELETE")
    op.drop_table("closing")
    _change_kinds_of_holds(KINDS, FORMER_KINDS)


def _change_kinds_of_holds(former: str, kinds: str) -> None:
    """SQLite makes the table anew to change a CHECK, and loses its triggers by that; PostgreSQL keeps them."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_hold_kind"), "hold", type_="check")
        op.create_check_constraint(op.f("ck_hold_kind"), "hold", kinds)
        return
    accept("hold", "UPDATE")
    allow("hold", "UPDATE")
    allow("hold", "DELETE")
    with op.batch_alter_table("hold", copy_from=_hold(former), naming_convention={"pk": "pk_%(table_name)s"}) as batch:
        batch.drop_constraint(op.f("ck_hold_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_hold_kind"), kinds)
    forbid("hold", "UPDATE", columns=FIXED_OF_HOLD)
    refuse_when("hold", "UPDATE", "OLD.state <> 'active'")
    forbid("hold", "DELETE")


def _hold(kinds: str) -> sa.Table:
    return sa.Table(
        "hold",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cause_kind", sa.String(length=20), nullable=False),
        sa.Column("cause_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("end_hash", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (end_hash IS NULL)", name=op.f("ck_hold_end_hash")),
        sa.CheckConstraint("(kind = 'lock' AND amount = 0) OR amount > 0", name=op.f("ck_hold_amount")),
        sa.CheckConstraint("(state = 'active') = (ended_at IS NULL)", name=op.f("ck_hold_ended")),
        sa.CheckConstraint(kinds, name=op.f("ck_hold_kind")),
        sa.CheckConstraint("state IN ('active', 'spent', 'released')", name=op.f("ck_hold_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hold_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("cause_kind", "cause_id", name="uq_hold_cause"),
        sa.Index("ix_hold_account_id", "account_id", "state"),
    )
