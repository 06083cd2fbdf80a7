"""Wall screens."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("seconds IN (10, 15, 20, 30, 60)", name=op.f("ck_board_seconds")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_board_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board")),
        sa.UniqueConstraint("code", name=op.f("uq_board_code")),
    )
    op.create_index("ix_board_station_id", "board", ["station_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_board_station_id", table_name="board")
    op.drop_table("board")
