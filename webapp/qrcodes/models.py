"""Codes of plates and cards. A code says nothing by itself; who holds it is looked up here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of, partial_index
from webapp.places.models import Holder

KINDS = {"plate": "门牌码", "card": "积分卡"}
STATES = {"active": "使用中", "replaced": "已更换", "revoked": "已作废"}


class Code(Model):
    """One printed code. ``token`` (60 random bits) is in the QR, ``digits`` (seven random ones and a check digit) are
    typed when a camera fails. A holder has at most one active code of a kind; old ones stay, so that an old plate can
    say what it is."""

    __tablename__ = "code"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended"),
        Index("ix_code_holder_id", "holder_id", "kind", "version", unique=True),
        partial_index(
            "ix_code_active",
            "holder_id",
            "kind",
            where="state = 'active'",
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    token: Mapped[str] = mapped_column(String(16), unique=True)
    digits: Mapped[str] = mapped_column(String(8), unique=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="active")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_note: Mapped[str] = mapped_column(String(100), default="")

    holder: Mapped[Holder] = relationship()
