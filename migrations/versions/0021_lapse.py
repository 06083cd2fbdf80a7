"""到期清零: what an account needs to know of the points of earlier years, and the days on which they lapse."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

#: The year in Asia/Shanghai, where no clock was changed since there is this software.
YEAR = {
    "sqlite": "CAST(strftime('%Y', {0}, '+8 hours') AS INTEGER)",
    "postgresql": "CAST(extract(year FROM {0} AT TIME ZONE 'Asia/Shanghai') AS INTEGER)",
}
#: What was taken back within the account's year of points earned before it.
TAKEN_BACK = """
UPDATE account SET taken_back = (
    SELECT coalesce(sum(-e.amount), 0) FROM entry e
    JOIN entry o ON o.account_id = e.account_id AND o.seq = e.reverses
    WHERE e.account_id = account.id AND o.amount >= 0 AND o.kind NOT IN ('spend', 'lapse')
    AND {year} = account.year AND {old_year} < account.year
)
WHERE id IN (SELECT account_id FROM entry WHERE reverses IS NOT NULL)
"""


def upgrade() -> None:
    op.add_column("account", sa.Column("taken_back", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    year = YEAR[op.get_bind().dialect.name]
    op.execute(sa.text(TAKEN_BACK.format(year=year.format("e.posted_at"), old_year=year.format("o.posted_at"))))
    op.create_table(
        "lapse",
        sa.Column("scheme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("due_on >= planned_on", name=op.f("ck_lapse_due_on")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_lapse_points")),
        sa.CheckConstraint("done_at IS NULL OR begun_at IS NOT NULL", name=op.f("ck_lapse_done")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_lapse_scheme_id")),
        sa.PrimaryKeyConstraint("scheme_id", "year", name=op.f("pk_lapse")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("lapse")
    op.drop_column("account", "taken_back")
