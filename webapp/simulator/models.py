"""A draft of a scheme's rules, and the rules that it says otherwise. Amounts are whole tenths."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.schemes.models import Rule, RuleVersion, Scheme

STATES = {"open": "起草中", "adopted": "已采用", "dropped": "已放弃"}


class RuleDraft(Model):
    """细则草稿. ``revision`` counts what was done to it: whoever adopts says which they saw. ``valid_from`` and ``decision``
    (who decided, where) are said when it is adopted."""

    __tablename__ = "rule_draft"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'adopted') = (valid_from IS NOT NULL)", name="adopted"),
        Index("ix_rule_draft_scheme_id", "scheme_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    name: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(8), default="open")
    revision: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(80), default="")
    valid_from: Mapped[date | None]
    decision: Mapped[str] = mapped_column(String(200), default="")

    scheme: Mapped[Scheme] = relationship()

    @property
    def state_words(self) -> str:
        return STATES[self.state]


class RuleDraftLine(Model):
    """One rule as the draft wants it. ``version_id``: the version that it shall follow, the newest when the line was
    written. ``ends``: nobody records by it any more; the other columns are then as before."""

    __tablename__ = "rule_draft_line"
    __table_args__ = (
        CheckConstraint("lowest <= highest", name="range"),
        CheckConstraint("lowest >= 0 OR highest <= 0", name="sign"),
        Index("ix_rule_draft_line_rule_id", "rule_id"),
        Index("ix_rule_draft_line_version_id", "version_id"),
    )

    draft_id: Mapped[int] = mapped_column(ForeignKey("rule_draft.id"), primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("rule_version.id"))
    ends: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(Text, default="")
    lowest: Mapped[int]
    highest: Mapped[int]
    cap_day: Mapped[int | None]
    cap_month: Mapped[int | None]
    cap_year: Mapped[int | None]

    rule: Mapped[Rule] = relationship()
    version: Mapped[RuleVersion] = relationship()
