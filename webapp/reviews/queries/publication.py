"""What is being published, and what is published."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Select, func, or_, select

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.rankings import queries as rankings
from webapp.records.models import STILL_COMING, Record
from webapp.reviews import sealing
from webapp.reviews.models import CommunityMonth, PublicationLine
from webapp.reviews.queries.months import month_row, of_month


def to_post(row: CommunityMonth, count: int) -> list[int]:
    """The next confirmed records of a month that have not been tried in this publishing."""
    statement = select(Record.id).where(
        of_month(row.community_id, row.month, row.ends_on),
        STILL_COMING,
        Record.state == "confirmed",
        Record.id > row.posted_to,
    )
    return list(db.session.scalars(statement.order_by(Record.id).limit(count)))


def still_confirmed(row: CommunityMonth) -> int:
    """How many confirmed records the book could not take: their accounts can't bear the deduction."""
    statement = select(func.count()).where(
        of_month(row.community_id, row.month, row.ends_on), STILL_COMING, Record.state == "confirmed"
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


def schemes_in(row: CommunityMonth) -> list[list[object]]:
    """``[number, name]`` of the schemes in a month's rankings, as the seal keeps their names."""
    frozen = rankings.of_month(row.community_id, row.month)
    return sorted([one.id, one.name] for one in rankings.schemes_ranked(frozen.id))


def sealed_rankings(row: CommunityMonth) -> list[list[object]]:
    """The rows of a month's rankings as they were sealed (docs/seal.md); none for publications that do not keep the
    names of the schemes."""
    names = dict(json.loads(row.content or "{}").get("schemes", []))
    if not names:
        return []
    frozen = rankings.of_month(row.community_id, row.month)
    return rankings.digested(db.session.connection(), frozen.id, names)


def seal_before(community_id: int) -> list[object] | None:
    """``[month, hash]`` of a community's last publication for the seal of the next (docs/seal.md): the one that none
    names yet, whatever the clock says; None before the first."""
    row = CommunityMonth
    statement = select(row.month, row.content, row.signature).where(
        row.community_id == community_id, row.published_at.is_not(None)
    )
    found = {month: (content or "{}", signature or "") for month, content, signature in db.session.execute(statement)}
    if not found:
        return None
    says = {month: json.loads(content) for month, (content, _) in found.items()}
    named = {one["before"][0] for one in says.values() if one.get("before")}
    last = max(found.keys() - named or found, key=lambda month: ("before" in says[month], month))
    return [last, sealing.of_seal(*found[last])]


def publishing_now() -> list[int]:
    """Months whose publishing was begun and not ended."""
    statement = select(CommunityMonth.id).where(CommunityMonth.state == "publishing")
    return list(db.session.scalars(statement.order_by(CommunityMonth.id)))
