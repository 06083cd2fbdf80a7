"""How often a rule is used in a community, so that the phone shows the usual ones first; and the monthly yard inspection:
its sheet, its rounds, and what was written down at each courtyard."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of, partial_index
from webapp.inspections.ranking import SheetText
from webapp.places.models import Area
from webapp.schemes.models import Scheme

ROUND_STATES = {"open": "正在检查", "closing": "正在入账", "closed": "已结束", "abandoned": "已作废"}
PLACE_STATES = {"waiting": "还没查", "scored": "已打分", "shut": "进不去"}


class RuleUse(Model):
    """Counted when an inspector records, never taken back: it only orders a list."""

    __tablename__ = "rule_use"
    __table_args__ = (CheckConstraint("uses > 0", name="uses"), {"sqlite_with_rowid": False})

    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"), primary_key=True, autoincrement=False)
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, autoincrement=False)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id"), primary_key=True, autoincrement=False)
    uses: Mapped[int]


class InspectionSheet(Model):
    """检查表: one version of the sheet of a scheme's monthly yard inspection. Never changed: a round keeps its version.
    ``content``: ``ranking.SheetText`` as JSON. The two rules are those under which ranks post."""

    __tablename__ = "inspection_sheet"
    __table_args__ = (UniqueConstraint("scheme_id", "version"), CheckConstraint("version > 0", name="version"))

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    version: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    plus_rule_id: Mapped[int | None] = mapped_column(ForeignKey("rule.id"))
    minus_rule_id: Mapped[int | None] = mapped_column(ForeignKey("rule.id"))
    created_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(80))

    scheme: Mapped[Scheme] = relationship()

    @property
    def text(self) -> SheetText:
        return SheetText.read(json.loads(self.content))


class Round(Model):
    """一轮检查: every courtyard of a community, once, in a month. ``closing``: ranks are fixed and the points go into the
    book step by step."""

    __tablename__ = "inspection_round"
    __table_args__ = (
        CheckConstraint(one_of("state", ROUND_STATES), name="state"),
        CheckConstraint("(closed_at IS NULL) = (state = 'open')", name="closed"),
        partial_index("uq_inspection_round_open", "community_id", where="state = 'open'", unique=True),
        partial_index("uq_inspection_round_month", "community_id", "month", where="state <> 'abandoned'", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    sheet_id: Mapped[int] = mapped_column(ForeignKey("inspection_sheet.id"))
    month: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(80))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")

    community: Mapped[Area] = relationship()
    sheet: Mapped[InspectionSheet] = relationship()


class RoundPlace(Model):
    """One courtyard of a round, as it was when the round began: ``position`` on the route, ``grid_id`` the part of the
    community it is divided by, households and league. ``version`` counts its sheets: the newest is what counts. After the
    closing ``rank``, ``prize`` (tenths) and the record, or why the points did not come into the book."""

    __tablename__ = "round_place"
    __table_args__ = (
        CheckConstraint(one_of("state", PLACE_STATES), name="state"),
        CheckConstraint("(score IS NOT NULL) = (state = 'scored')", name="score"),
        UniqueConstraint("round_id", "position"),
        Index("ix_round_place_courtyard_id", "courtyard_id"),
        {"sqlite_with_rowid": False},
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("inspection_round.id"), primary_key=True, autoincrement=False)
    courtyard_id: Mapped[int] = mapped_column(ForeignKey("courtyard.id"), primary_key=True, autoincrement=False)
    position: Mapped[int]
    grid_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    households: Mapped[int]
    league: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    version: Mapped[int] = mapped_column(default=0)
    score: Mapped[int | None]
    rank: Mapped[int | None]
    league_size: Mapped[int | None]
    tied: Mapped[int | None]
    prize: Mapped[int] = mapped_column(default=0)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    unposted: Mapped[str] = mapped_column(String(200), default="")


class RoundSheet(Model):
    """What somebody wrote down at a courtyard, once; a correction is a further one. ``marks`` as JSON, in the order of the
    items; empty for a place that could not be entered (``reason``). ``user_id``: who inspected; ``typed_by``: who typed
    it from paper."""

    __tablename__ = "round_sheet"
    __table_args__ = (
        ForeignKeyConstraint(
            ["round_id", "courtyard_id"],
            ["round_place.round_id", "round_place.courtyard_id"],
            name="fk_round_sheet_place",
        ),
        {"sqlite_with_rowid": False},
    )

    round_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    courtyard_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    marks: Mapped[str] = mapped_column(String(200))
    score: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    photos: Mapped[str] = mapped_column(String(220), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    label: Mapped[str] = mapped_column(String(80))
    typed_by: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime]

    @property
    def mark_list(self) -> list[int]:
        return [int(mark) for mark in json.loads(self.marks)]

    @property
    def photo_names(self) -> tuple[str, ...]:
        return tuple(name for name in self.photos.split(",") if name)


class RoundDuty(Model):
    """Who walks which part of a community in a round."""

    __tablename__ = "round_duty"
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(ForeignKey("inspection_round.id"), primary_key=True, autoincrement=False)
    grid_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
