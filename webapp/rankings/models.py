"""What is frozen at a publication, and what a community decided about its rankings. Amounts are whole tenths."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model, one_of

PERIODS = {"month": "月", "quarter": "季度", "year": "年"}
#: How shops are put into leagues.
SHOPS_BY = {"trade": "按行业分组", "grid": "按网格分组", "none": "不分组"}
SMALL_TO, LARGE_FROM = 3, 9  # households of a courtyard


class RankingTerms(Model):
    """What a community decided: ``minus_names``: minus points stand with names on public walls. Courtyards of at most
    ``small_to`` households are small, of at least ``large_from`` large. Without a row the defaults hold."""

    __tablename__ = "ranking_terms"
    __table_args__ = (
        CheckConstraint("small_to >= 1 AND large_from > small_to + 1", name="sizes"),
        CheckConstraint(one_of("shops_by", SHOPS_BY), name="shops_by"),
    )

    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, autoincrement=False)
    minus_names: Mapped[bool] = mapped_column(default=False, server_default=false())
    small_to: Mapped[int] = mapped_column(default=SMALL_TO, server_default=text(str(SMALL_TO)))
    large_from: Mapped[int] = mapped_column(default=LARGE_FROM, server_default=text(str(LARGE_FROM)))
    shops_by: Mapped[str] = mapped_column(String(8), default="trade", server_default=text("'trade'"))


class Ranking(Model):
    """A month's rankings of one community. While it has no ``digest`` its schemes are still being frozen; then the
    database refuses every change. A digest of nothing marks where counting began (migration)."""

    __tablename__ = "ranking"
    __table_args__ = (
        UniqueConstraint("community_id", "month"),
        CheckConstraint("(frozen_at IS NULL) = (digest IS NULL)", name="frozen"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    month: Mapped[int]
    minus_names: Mapped[bool] = mapped_column(default=False)
    digest: Mapped[str | None] = mapped_column(String(64))
    frozen_at: Mapped[datetime | None]


class RankedPlace(Model):
    """A holder in a ranking, for the month, and for quarter and year as far as they have come. Never changed.

    ``position`` is the order in the league (ties by name), ``place`` the place that ties share; None: not ranked, since
    no longer here. ``rolled`` is the part of the points that rolled up from households. ``previous``: the points of the
    period before; None if the holder was not in it from its beginning. ``net`` and ``net_rolled`` are the account's
    figures when it was frozen: the next month begins from them.
    """

    __tablename__ = "ranked_place"
    __table_args__ = (
        Index("ix_ranked_place_position", "ranking_id", "period", "scheme_id", "league", "position"),
        CheckConstraint(one_of("period", PERIODS), name="period"),
        CheckConstraint("(place IS NULL) = (position IS NULL)", name="place"),
        {"sqlite_with_rowid": False},
    )

    ranking_id: Mapped[int] = mapped_column(ForeignKey("ranking.id"), primary_key=True, autoincrement=False)
    period: Mapped[str] = mapped_column(String(8), primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"), primary_key=True, autoincrement=False)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"), primary_key=True, autoincrement=False)
    league: Mapped[str] = mapped_column(String(60))
    position: Mapped[int | None]
    place: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(80))
    spot: Mapped[str] = mapped_column(String(80))
    points: Mapped[int] = mapped_column(BigInteger)
    rolled: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[int | None] = mapped_column(BigInteger)
    net: Mapped[int] = mapped_column(BigInteger)
    net_rolled: Mapped[int] = mapped_column(BigInteger)
