"""Rankings frozen at the publication; what an account has earned since it was opened."""

import sqlalchemy as sa
from alembic import op
from append_only import accept, allow, allow_truncate, forbid, forbid_truncate, refuse_when

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

#: What the entries of an account come to: base points, what was spent and what lapsed left out. ``{only}`` narrows.
_SUM = """
SELECT coalesce(sum(e.amount), 0) FROM entry e LEFT JOIN entry o ON o.account_id = e.account_id AND o.seq = e.reverses
WHERE e.account_id = account.id AND coalesce(o.kind, e.kind) IN ({kinds}) {only}
"""
_NET, _ROLLED = "'record', 'roll_up'", "'roll_up'"


def upgrade() -> None:
    for column in ("net", "rolled"):
        op.add_column("account", sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    net, rolled = _SUM.format(kinds=_NET, only=""), _SUM.format(kinds=_ROLLED, only="")
    op.execute(f"UPDATE account SET net = ({net}), rolled = ({rolled})")
    op.add_column("community_month", sa.Column("minus_names", sa.Boolean(), server_default=sa.false(), nullable=False))
    _tables()
    _begin_after_the_last_publication()
    forbid("ranked_place", "UPDATE")
    forbid("ranked_place", "DELETE")
    forbid_truncate("ranked_place")
    forbid("ranking", "DELETE")
    refuse_when("ranking", "UPDATE", "OLD.digest IS NOT NULL")
    forbid_truncate("ranking")


def _tables() -> None:
    op.create_table(
        "ranking_terms",
        sa.Column("community_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minus_names", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("small_to", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("large_from", sa.Integer(), server_default=sa.text("9"), nullable=False),
        sa.Column("shops_by", sa.String(length=8), server_default=sa.text("'trade'"), nullable=False),
        sa.CheckConstraint("small_to >= 1 AND large_from > small_to + 1", name=op.f("ck_ranking_terms_sizes")),
        sa.CheckConstraint("shops_by IN ('trade', 'grid', 'none')", name=op.f("ck_ranking_terms_shops_by")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_ranking_terms_community_id")),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_ranking_terms")),
    )
    op.create_table(
        "ranking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("minus_names", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(frozen_at IS NULL) = (digest IS NULL)", name=op.f("ck_ranking_frozen")),
        sa.ForeignKeyConstraint(["community_id"], ["area.id"], name=op.f("fk_ranking_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking")),
        sa.UniqueConstraint("community_id", "month", name=op.f("uq_ranking_community_id_month")),
    )
    op.create_table(
        "ranked_place",
        sa.Column("ranking_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("scheme_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("league", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("spot", sa.String(length=80), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("rolled", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.BigInteger(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("net_rolled", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("period IN ('month', 'quarter', 'year')", name=op.f("ck_ranked_place_period")),
        sa.CheckConstraint("(place IS NULL) = (position IS NULL)", name=op.f("ck_ranked_place_place")),
        sa.ForeignKeyConstraint(["ranking_id"], ["ranking.id"], name=op.f("fk_ranked_place_ranking_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["scheme.id"], name=op.f("fk_ranked_place_scheme_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_ranked_place_holder_id")),
        sa.PrimaryKeyConstraint("ranking_id", "period", "scheme_id", "holder_id", name=op.f("pk_ranked_place")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_ranked_place_position", "ranked_place", ["ranking_id", "period", "scheme_id", "league", "position"]
    )


def _begin_after_the_last_publication() -> None:
    """Communities that have published already: the next month's rankings begin where their last publication ended. The
    mark has an empty digest and nobody has a place in it."""
    last = "SELECT max(l.month) FROM community_month l WHERE l.community_id = m.community_id AND l.published_at IS NOT NULL"
    op.execute(
        "INSERT INTO ranking (community_id, month, minus_names, digest, frozen_at)"
        f" SELECT m.community_id, m.month, m.minus_names, '', m.published_at FROM community_month m"
        f" WHERE m.published_at IS NOT NULL AND m.month = ({last})"
    )
    only = "AND e.posted_at <= ranking.frozen_at"
    net, rolled = _SUM.format(kinds=_NET, only=only), _SUM.format(kinds=_ROLLED, only=only)
    op.execute(
        "INSERT INTO ranked_place (ranking_id, period, scheme_id, holder_id, league, name, spot, points, rolled, net,"
        f" net_rolled) SELECT ranking.id, 'month', account.scheme_id, account.holder_id, '', '', '', 0, 0, ({net}),"
        f" ({rolled}) FROM ranking JOIN account ON account.community_id = ranking.community_id"
    )


def downgrade() -> None:
    accept("ranking", "UPDATE")
    allow("ranking", "DELETE")
    allow_truncate("ranking")
    allow("ranked_place", "UPDATE")
    allow("ranked_place", "DELETE")
    allow_truncate("ranked_place")
    op.drop_index("ix_ranked_place_position", table_name="ranked_place")
    op.drop_table("ranked_place")
    op.drop_table("ranking")
    op.drop_table("ranking_terms")
    op.drop_column("community_month", "minus_names")
    op.drop_column("account", "rolled")
    op.drop_column("account", "net")
