"""What is being published, and what is published."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.records.models import Record
from webapp.reviews.models import CommunityMonth, PublicationLine
from webapp.reviews.queries.months import month_row, of_month


def to_post(row: CommunityMonth, count: int) -> list[int]:
    """The next confirmed records of a month that have not been tried in this publishing."""
    statement = select(Record.id).where(
        of_month(row.community_id, row.month, row.ends_on), Record.state == "confirmed", Record.id > row.posted_to
    )
    return list(db.session.scalars(statement.order_by(Record.id).limit(count)))


def to_list(row: CommunityMonth, count: int) -> list[Record]:
    """The next records in the book that no publication has listed."""
    listed = exists().where(PublicationLine.record_id == Record.id)
    statement = select(Record).where(
        of_month(row.community_id, row.month, row.ends_on), Record.state == "posted", ~listed
    )
    return list(db.session.scalars(statement.order_by(Record.id).limit(count)))


def still_confirmed(row: CommunityMonth) -> int:
    """How many confirmed records the book could not take: their accounts can't bear the deduction."""
    statement = select(func.count()).where(
        of_month(row.community_id, row.month, row.ends_on), Record.state == "confirmed"
    )
    return int(db.session.scalar(statement) or 0)


def publication(community_id: int, month: int) -> CommunityMonth:
    """:raises NotFound: if the month is not published."""
    row = month_row(community_id, month)
    if row is None or row.published_at is None:
        raise NotFound("这个月还没有公示。")
    return row


def publication_by_token(token: str) -> CommunityMonth:
    """:raises NotFound: for a token that no publication has."""
    statement = select(CommunityMonth).where(CommunityMonth.token == token, CommunityMonth.published_at.is_not(None))
    row = db.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFound("没有这份公示。请核对链接，或到服务中心看公示栏。")
    return row


def lines_statement(row: CommunityMonth, *, text: str = "", holder_id: int | None = None) -> Select[Any]:
    """The lines of a publication in their order; ``text`` looks in place, name and rule; ``holder_id``: one holder's."""
    statement = select(PublicationLine).where(PublicationLine.month_id == row.id).order_by(PublicationLine.number)
    if holder_id is not None:
        statement = statement.join(Record, Record.id == PublicationLine.record_id).where(Record.holder_id == holder_id)
    if text:
        columns = (PublicationLine.place, PublicationLine.name, PublicationLine.title)
        statement = statement.where(or_(*(column.contains(text, autoescape=True) for column in columns)))
    return statement


def all_lines(row: CommunityMonth) -> list[PublicationLine]:
    return list(db.session.scalars(lines_statement(row)))


def publishing_now() -> list[int]:
    """Months whose publishing was begun and not ended."""
    statement = select(CommunityMonth.id).where(CommunityMonth.state == "publishing")
    return list(db.session.scalars(statement.order_by(CommunityMonth.id)))
