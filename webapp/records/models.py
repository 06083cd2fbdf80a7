"""What happened: when, where, who, for whom, by which rule version, why, and the proof."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
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
STATES = {
    "waiting": "等初审",
    "passed": "等认定",
    "confirmed": "等公示",
    "posted": "已入账",
    "returned": "已退回",
    "withdrawn": "已撤回",
    "reversed": "已冲正",
}
#: On the way into the book.
COMING = ("waiting", "passed", "confirmed")
#: The same in a query, in the words of the partial indexes: SQLite takes them for no others, and reads whole years instead.
STILL_COMING = text(one_of("record.state", COMING))
#: In which a record counts: towards caps, visits and figures.
LIVE = (*COMING, "posted")
#: What happens to a record on its way.
STEPS = {
    "passed": "初审通过",
    "returned": "退回",
    "confirmed": "审核认定",
    "posted": "入账",
    "withdrawn": "撤回",
}


class Record(Model):
    """记实. ``points`` are tenths with their sign. ``client_key`` is the 128-bit key made where it was written, so that
    the same record sent twice is one record. ``happened_at`` is the server's time of receipt unless a person stated
    another; ``device_time`` is only a claim. ``recorder_household_id``: who claimed on their own phone or at a kiosk.
    ``brought_by``: who brought the paper, when somebody claimed for people without a phone. ``mends_id``: the record
    that was given back and that this one replaces. ``rectify_until``: the last day on which a deduction that its rule
    makes provisional can be put right; NULL is final."""

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
            where=one_of("state", COMING),
        ),
        partial_index("ix_record_review", "community_id", "state", "happened_on", where=one_of("state", COMING)),
        Index("ix_record_household", "recorder_household_id", "created_at"),
        partial_index("ix_record_rectify", "holder_id", "rectify_until", where="rectify_until IS NOT NULL"),
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
    recorder_household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"))
    brought_by: Mapped[str] = mapped_column(String(60), default="", server_default="")
    mends_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    rectify_until: Mapped[date | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_note: Mapped[str] = mapped_column(String(300), default="")

    holder: Mapped[Holder] = relationship(foreign_keys=[holder_id])
    scheme: Mapped[Scheme] = relationship()
    rule_version: Mapped[RuleVersion] = relationship()


class RecordPhoto(Model):
    """One photo of a record, by its content; ``hash`` names the file in the photo store."""

    __tablename__ = "record_photo"
    __table_args__ = (Index("ix_record_photo_hash", "hash"),)

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))


class RecordStep(Model):
    """One step of a record's way, never changed: who did it (a member of staff, or a household on its phone) and why."""

    __tablename__ = "record_step"
    __table_args__ = (CheckConstraint(one_of("kind", STEPS), name="kind"),)

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int | None]
    person_id: Mapped[int | None]
    household_id: Mapped[int | None]
    label: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]


class Closing(Model):
    """关账: nothing is recorded any more of a day up to ``until`` in this community. It only moves forward."""

    __tablename__ = "closing"

    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, autoincrement=False)
    until: Mapped[date]


#: What becomes of an "after" photo.
RECTIFICATIONS = {"reported": "等复查", "returned": "没有通过", "confirmed": "整改合格"}


class Rectification(Model):
    """整改返还: an "after" photo of a provisional deduction. Reported by whom it concerns (``household_id``), or taken by an
    inspector at a re-scan; confirmed by an inspector, who takes the deduction back or halves it, or returned with a
    reason. ``new_record_id``: the half that stays."""

    __tablename__ = "rectification"
    __table_args__ = (
        UniqueConstraint("client_key"),
        CheckConstraint(one_of("state", RECTIFICATIONS), name="state"),
        CheckConstraint("(state = 'reported') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("state <> 'returned' OR reason <> ''", name="reason"),
        partial_index("uq_rectification_once", "record_id", where="state <> 'returned'", unique=True),
        Index("ix_rectification_record_id", "record_id"),
        Index("ix_rectification_new_record_id", "new_record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    client_key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"))
    label: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    decided_label: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    new_record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))


class RectificationPhoto(Model):
    """One "after" photo, by its content: it proves one thing only."""

    __tablename__ = "rectification_photo"
    __table_args__ = (UniqueConstraint("hash"),)

    rectification_id: Mapped[int] = mapped_column(ForeignKey("rectification.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
