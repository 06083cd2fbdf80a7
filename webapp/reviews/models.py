"""The month of a community, and the frozen lines of its publication."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of, partial_index
from webapp.places.models import Area
from webapp.records.models import Record

#: A month's way; the words are those over the list on the desk.
STATES = {"reviewing": "审核认定", "publishing": "正在入账", "on_notice": "公示中", "closed": "已关账"}
#: Why somebody objects.
KINDS = {"points": "分值不对", "not_me": "不是我家的", "not_happened": "没有这回事", "other": "其他原因"}
CHANNELS = {"kiosk": "自助终端", "phone": "手机", "desk": "服务台"}
#: An objection's way, and what each step is called.
OBJECTION_STATES = {"open": "等受理", "looking": "调查中", "upheld": "成立", "dismissed": "不成立"}
OBJECTION_STEPS = {"opened": "提出", "acknowledged": "受理", "upheld": "成立", "dismissed": "不成立"}
UNSETTLED = ("open", "looking")
#: The same in a query, in the words of its index (``records.models.STILL_COMING``).
STILL_OPEN = text(one_of("objection.state", UNSETTLED))
SETTLED = ("upheld", "dismissed")


class CommunityMonth(Model):
    """One month of one community. It takes up what happened until ``ends_on`` and was in no earlier month.

    ``posted_to`` and ``lines`` say how far the publishing has come, so that it goes on after a crash. The seal is
    ``content`` (JSON, exactly as signed), ``signature`` and ``public_key`` in hexadecimal (docs/seal.md).
    ``minus_names``: this month's minus points stand with names on public walls.
    """

    __tablename__ = "community_month"
    __table_args__ = (
        UniqueConstraint("community_id", "month"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(published_at IS NULL) = (signature IS NULL)", name="sealed"),
        CheckConstraint("(state IN ('on_notice', 'closed')) = (published_at IS NOT NULL)", name="published"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    month: Mapped[int]
    ends_on: Mapped[date]
    objection_days: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="reviewing")
    attendees: Mapped[str] = mapped_column(String(300), default="")
    minutes: Mapped[str] = mapped_column(Text, default="")
    minus_names: Mapped[bool] = mapped_column(default=False, server_default=false())
    posted_to: Mapped[int] = mapped_column(default=0)
    lines: Mapped[int] = mapped_column(default=0)
    last_hash: Mapped[str] = mapped_column(String(64), default="")
    token: Mapped[str] = mapped_column(String(30), unique=True)
    publisher: Mapped[str] = mapped_column(String(80), default="")
    published_at: Mapped[datetime | None]
    objections_until: Mapped[date | None]
    content: Mapped[str | None] = mapped_column(Text)
    signature: Mapped[str | None] = mapped_column(String(128))
    public_key: Mapped[str | None] = mapped_column(String(64))

    community: Mapped[Area] = relationship()


class PublicationLine(Model):
    """One line as it was published: masked name, what the rule said, the entry in the book. Never changed.

    ``hash`` is chained to the line before (docs/seal.md). A record is published once.
    """

    __tablename__ = "publication_line"
    __table_args__ = (
        UniqueConstraint("record_id"),
        Index("ix_publication_line_place", "month_id", "place", "number"),
        {"sqlite_with_rowid": False},
    )

    month_id: Mapped[int] = mapped_column(ForeignKey("community_month.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    happened_on: Mapped[date]
    place: Mapped[str] = mapped_column(String(80))
    holder_kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    scheme: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(30))
    rule: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(80))
    points: Mapped[int]
    recorder: Mapped[str] = mapped_column(String(80))
    entry: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def nameless(self) -> bool:
        """Whether it hangs in public without a name: a deduction or veto of a household or person."""
        return nameless(self.points, self.holder_kind)


def nameless(points: int, holder_kind: str) -> bool:
    """The rule behind ``PublicationLine.nameless``, for rows that are no objects."""
    return points <= 0 and holder_kind in ("household", "person")


class Objection(Model):
    """异议 on one published line. ``number`` is the one to speak of, counted within the month.

    Who objects: a household (on its phone, at a kiosk, or through staff), or somebody of whom only ``brought_by`` says
    who it is. ``held``: tenths that were set aside for it in the book (cause ``objection``). ``new_record_id``: what was
    recorded in place of the upheld one. ``sealed_in_id``: the publication whose seal covers how it ended.
    """

    __tablename__ = "objection"
    __table_args__ = (
        UniqueConstraint("month_id", "number"),
        UniqueConstraint("month_id", "line", "household_id"),
        ForeignKeyConstraint(["month_id", "line"], ["publication_line.month_id", "publication_line.number"]),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("channel", CHANNELS), name="channel"),
        CheckConstraint(one_of("state", OBJECTION_STATES), name="state"),
        CheckConstraint("(state IN ('upheld', 'dismissed')) = (decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("household_id IS NOT NULL OR brought_by <> ''", name="author"),
        CheckConstraint("held >= 0", name="held"),
        Index("ix_objection_household_id", "household_id", "id"),
        Index("ix_objection_record_id", "record_id"),
        partial_index("ix_objection_open", "month_id", where=one_of("state", UNSETTLED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    month_id: Mapped[int] = mapped_column(ForeignKey("community_month.id"))
    line: Mapped[int]
    number: Mapped[int]
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"))
    channel: Mapped[str] = mapped_column(String(6))
    brought_by: Mapped[str] = mapped_column(String(60), default="")
    kind: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(12), default="open")
    held: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    answer: Mapped[str] = mapped_column(String(300), default="")
    new_record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    sealed_in_id: Mapped[int | None] = mapped_column(ForeignKey("community_month.id"))

    month: Mapped[CommunityMonth] = relationship(foreign_keys=[month_id])
    record: Mapped[Record] = relationship(foreign_keys=[record_id])

    @property
    def settled(self) -> bool:
        return self.state in SETTLED


class ObjectionStep(Model):
    """One step of an objection's way, never changed: who did it and what was said."""

    __tablename__ = "objection_step"
    __table_args__ = (CheckConstraint(one_of("kind", OBJECTION_STEPS), name="kind"),)

    objection_id: Mapped[int] = mapped_column(ForeignKey("objection.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int | None]
    household_id: Mapped[int | None]
    label: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
