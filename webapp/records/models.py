"""What happened: when, where, who, for whom, by which rule version, why, and the proof."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of, partial_index
from webapp.places.models import Holder
from webapp.schemes.models import RuleVersion, Scheme

#: Where a record comes from; how it posts follows from it (``Scheme.inspections_post``, ``claims_post``).
SOURCES = {
    "inspection": "巡查",
    "claim": "申报",
    "attendance": "签到",
    "order": "办结单",
    "suggestion": "建议被采纳",
    "lesson": "学习",
    "rating": "顾客评价",
}
STATES = {"waiting": "等审核", "posted": "已入账", "withdrawn": "已撤回", "reversed": "已冲正"}


class Record(Model):
    """记实. ``points`` are tenths with their sign. ``client_key`` is the 128-bit key made where it was written, so that
    the same record sent twice is one record. ``happened_at`` is the server's time of receipt unless a person stated
    another; ``device_time`` is only a claim."""

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("client_key"),
        CheckConstraint(one_of("source", SOURCES), name="source"),
        CheckConstraint(one_of("state", STATES), name="state"),
        Index("ix_record_cap", "holder_id", "rule_id", "happened_on"),
        Index("ix_record_holder_day", "holder_id", "happened_on"),
        Index("ix_record_community_day", "community_id", "happened_on"),
        Index("ix_record_recorder", "recorder_id", "created_at"),
        partial_index(
            "ix_record_waiting",
            "holder_id",
            where="state = 'waiting'",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_key: Mapped[str] = mapped_column(String(64))
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id"))
    rule_version_id: Mapped[int] = mapped_column(ForeignKey("rule_version.id"))
    points: Mapped[int]
    source: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    happened_on: Mapped[date]
    happened_at: Mapped[datetime]
    device_time: Mapped[datetime | None]
    place: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    recorder_id: Mapped[int | None]
    recorder_person_id: Mapped[int | None]
    recorder_label: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_note: Mapped[str] = mapped_column(String(300), default="")

    holder: Mapped[Holder] = relationship()
    scheme: Mapped[Scheme] = relationship()
    rule_version: Mapped[RuleVersion] = relationship()


class RecordPhoto(Model):
    """One photo of a record, by its content; ``hash`` names the file in the photo store."""

    __tablename__ = "record_photo"
    __table_args__ = (Index("ix_record_photo_hash", "hash"),)

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
