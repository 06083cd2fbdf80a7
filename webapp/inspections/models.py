"""How often a rule is used in a community, so that the phone shows the usual ones first."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model


class RuleUse(Model):
    """Counted when an inspector records, never taken back: it only orders a list."""

    __tablename__ = "rule_use"
    __table_args__ = (CheckConstraint("uses > 0", name="uses"), {"sqlite_with_rowid": False})

    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"), primary_key=True, autoincrement=False)
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, autoincrement=False)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id"), primary_key=True, autoincrement=False)
    uses: Mapped[int]
