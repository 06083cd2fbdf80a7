"""The month of a community, and the frozen lines of its publication."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.places.models import Area

#: A month's way; the words are those over the list on the desk.
STATES = {"reviewing": "审核认定", "publishing": "正在入账", "on_notice": "公示中", "closed": "已关账"}


class CommunityMonth(Model):
    """One month of one community. It takes up what happened until ``ends_on`` and was in no earlier month.

    ``posted_to`` and ``lines`` say how far the publishing has come, so that it goes on after a crash. The seal is
    ``content`` (JSON, exactly as signed), ``signature`` and ``public_key`` in hexadecimal (docs/seal.md).
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
