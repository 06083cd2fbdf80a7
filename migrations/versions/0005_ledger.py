"""The points book, append-only by triggers."""

import sqlalchemy as sa
from alembic import op
from append_only import accept, allow, allow_truncate, forbid, forbid_truncate, refuse_when

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("entry", "account", "hold", "month_total")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.Column("deducted", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("merit", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("entries >= 0", name=op.f("ck_account_entries")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_account_held")),
        sa.CheckConstraint("holds >= 0", name=op.f("ck_account_holds")),
        sa.CheckConstraint("locks >= 0", name=op.f("ck_account_locks")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_account_community_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_account_holder_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_account_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("holder_id", "scheme_id", name=op.f("uq_account_holder_id_scheme_id")),
    )
    op.create_index("ix_account_ranking", "account", ["scheme_id", "community_id"], unique=False)
    op.create_table(
        "month_total",
        sa.Column("community_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scheme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("category_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.Column("deducted", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_month_total_community_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_month_total_scheme_id")),
        sa.PrimaryKeyConstraint("community_id", "month", "scheme_id", "category_id", name=op.f("pk_month_total")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("cause_kind", sa.String(length=20), nullable=False),
        sa.Column("cause_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("actor_label", sa.String(length=80), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reverses", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name=op.f("ck_entry_reverses")),
        sa.CheckConstraint(
            "kind IN ('base', 'record', 'roll_up', 'spend', 'lapse', 'reversal')", name=op.f("ck_entry_kind")
        ),
        sa.CheckConstraint("seq > 0", name=op.f("ck_entry_seq")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_entry_account_id")),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_entry")),
        sa.UniqueConstraint("cause_kind", "cause_id", "account_id", name="uq_entry_cause"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "uq_entry_reverses",
        "entry",
        ["account_id", "reverses"],
        unique=True,
        sqlite_where=sa.text("reverses IS NOT NULL"),
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )
    op.create_table(
        "hold",
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
        sa.CheckConstraint("kind IN ('redemption', 'lock')", name=op.f("ck_hold_kind")),
        sa.CheckConstraint("state IN ('active', 'spent', 'released')", name=op.f("ck_hold_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hold_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("cause_kind", "cause_id", name="uq_hold_cause"),
    )
    op.create_index("ix_hold_account_id", "hold", ["account_id", "state"], unique=False)
    forbid("entry", "UPDATE")
    forbid("entry", "DELETE")
    forbid("account", "UPDATE", columns=("id", "holder_id", "scheme_id", "community_id", "opened_at"))
    forbid("account", "DELETE")
    forbid(
        "hold",
        "UPDATE",
        columns=("id", "account_id", "kind", "amount", "cause_kind", "cause_id", "reason", "created_at", "hash"),
    )
    refuse_when("hold", "UPDATE", "OLD.state <> 'active'")
    forbid("hold", "DELETE")
    forbid("month_total", "UPDATE", columns=("community_id", "month", "scheme_id", "category_id"))
    forbid("month_total", "DELETE")
    for table in TABLES:
        forbid_truncate(table)


def downgrade() -> None:
    allow("entry", "UPDATE")
    allow("entry", "DELETE")
    allow("account", "UPDATE")
    allow("account", "DELETE")
    allow("hold", "UPDATE")
    accept("hold", "UPDATE")
    allow("hold", "DELETE")
    allow("month_total", "UPDATE")
    allow("month_total", "DELETE")
    for table in TABLES:
        allow_truncate(table)
    op.drop_index("ix_hold_account_id", table_name="hold")
    op.drop_table("hold")
    op.drop_index("uq_entry_reverses", table_name="entry")
    op.drop_table("entry")
    op.drop_table("month_total")
    op.drop_index("ix_account_ranking", table_name="account")
    op.drop_table("account")
