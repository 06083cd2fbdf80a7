"""What waits for the working group is found by its day as well: one month of it, not all that a community ever had."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_COMING = sa.text("state IN ('waiting', 'passed', 'confirmed')")


def upgrade() -> None:
    _index("community_id", "state", "happened_on")


def downgrade() -> None:
    _index("community_id", "state")


def _index(*columns: str) -> None:
    op.drop_index("ix_record_review", table_name="record")
    op.create_index("ix_record_review", "record", list(columns), sqlite_where=_COMING, postgresql_where=_COMING)
