"""What a community honours, and who was chosen. An honour is never changed: it ends by its date or is withdrawn once."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.places.models import Area, Holder
from webapp.rankings.models import PERIODS
from webapp.schemes.models import Scheme

MOST_PLACES, MOST_MONTHS = 500, 60
#: What towns give: (name, kind of holder, the first so many).
PRESETS = (
    ("最美庭院", "courtyard", 3),
    ("文明家庭", "household", 10),
    ("美德商铺", "shop", 5),
    ("明星党员", "person", 5),
    ("服务之星", "person", 3),
)


class HonourKind(Model):
    """评优项目: who comes into question: the first ``places`` of a scheme's ranking over ``period``, in each league or in all
    together, from ``minimum`` tenths on, and without a veto where ``no_veto`` says so. An honour lasts ``months``."""

    __tablename__ = "honour_kind"
    __table_args__ = (
        UniqueConstraint("community_id", "name"),
        CheckConstraint(one_of("period", PERIODS), name="period"),
        CheckConstraint(f"places BETWEEN 1 AND {MOST_PLACES}", name="places"),
        CheckConstraint("minimum >= 0", name="minimum"),
        CheckConstraint(f"months BETWEEN 1 AND {MOST_MONTHS}", name="months"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    name: Mapped[str] = mapped_column(String(20))
    period: Mapped[str] = mapped_column(String(8))
    by_league: Mapped[bool]
    places: Mapped[int]
    minimum: Mapped[int] = mapped_column(BigInteger)
    no_veto: Mapped[bool]
    months: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime]

    community: Mapped[Area] = relationship()
    scheme: Mapped[Scheme] = relationship()


class Choice(Model):
    """评选: what the meeting decided about a kind for the period that ends with ``month``. Once; never changed."""

    __tablename__ = "choice"
    __table_args__ = (
        UniqueConstraint("kind_id", "month"),
        CheckConstraint("note <> ''", name="note"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("honour_kind.id"))
    month: Mapped[int]
    period: Mapped[str] = mapped_column(String(8))
    candidates: Mapped[int]
    note: Mapped[str] = mapped_column(String(500))
    decided_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_label: Mapped[str] = mapped_column(String(80))

    kind: Mapped[HonourKind] = relationship()


class Honour(Model):
    """荣誉. ``ends_on`` is its last day; ``number`` is unique in its community, ``code`` is the end of the address at which
    anybody checks it. ``shown_name``: masked as in the ranking. Only the three fields of a withdrawal are ever written
    later, once (migration)."""

    __tablename__ = "honour"
    __table_args__ = (
        UniqueConstraint("choice_id", "holder_id"),
        UniqueConstraint("community_id", "number"),
        Index("ix_honour_holder_id", "holder_id", "ends_on"),
        CheckConstraint("ends_on >= starts_on", name="term"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason = '')", name="withdrawn"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    choice_id: Mapped[int] = mapped_column(ForeignKey("choice.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    title: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(12))
    code: Mapped[str] = mapped_column(String(10), unique=True)
    shown_name: Mapped[str] = mapped_column(String(80))
    spot: Mapped[str] = mapped_column(String(80))
    place: Mapped[int]
    points: Mapped[int] = mapped_column(BigInteger)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_label: Mapped[str] = mapped_column(String(80), default="")
    withdrawn_reason: Mapped[str] = mapped_column(String(200), default="")

    choice: Mapped[Choice] = relationship()
    community: Mapped[Area] = relationship()
    holder: Mapped[Holder] = relationship()

    def state(self, today: date) -> str:
        """``withdrawn``, ``ended`` or ``current``."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        return "current" if today <= self.ends_on else "ended"


STATES = {"current": "有效", "ended": "已到期", "withdrawn": "已撤销"}
