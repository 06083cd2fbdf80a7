"""What hangs out, as everybody reads it: by the link, at a kiosk, on a phone. Prepared, because a whole community looks at
it on the day of the publication. Lines are numbered without gaps, so a page is a range of the key and nothing is counted.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.places.models import Area
from webapp.prepared import Prepared
from webapp.records.models import Record
from webapp.reviews.models import KINDS, OBJECTION_STATES, SETTLED, CommunityMonth, Objection, PublicationLine, nameless
from webapp.reviews.queries.order import natural

_m, _l, _a = CommunityMonth.__table__.c, PublicationLine.__table__.c, Area.__table__.c
_o, _r = Objection.__table__.c, Record.__table__.c
NO_LINK = "没有这份公示。请核对链接，或到服务中心看公示栏。"


class Community(NamedTuple):
    name: str
    phone: str


class Hung(NamedTuple):
    """A publication, without the meeting that led to it."""

    id: int
    community_id: int
    month: int
    state: str
    lines: int
    token: str
    minus_names: bool
    published_at: datetime
    objections_until: date
    content: str
    signature: str
    public_key: str
    community: Community


class HungLine(NamedTuple):
    """One line of it."""

    month_id: int
    number: int
    record_id: int
    happened_on: date
    place: str
    holder_kind: str
    name: str
    title: str
    points: int

    @property
    def nameless(self) -> bool:
        """As ``PublicationLine.nameless``."""
        return nameless(self.points, self.holder_kind)


class Registered(NamedTuple):
    """One line of the register for everybody: no name, no text."""

    number: int
    line: int
    title: str
    kind: str
    state: str
    opened_at: datetime
    decided_at: datetime | None

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    @property
    def kind_words(self) -> str:
        return KINDS[self.kind]

    @property
    def state_words(self) -> str:
        return OBJECTION_STATES[self.state]

    @property
    def days(self) -> int:
        """How long an answer took."""
        return (clock.local_date(self.decided_at or self.opened_at) - clock.local_date(self.opened_at)).days


_hung = (
    select(
        *(_m[name] for name in Hung._fields[:-1]),
        _a.name.label("called"),
        _a.phone,
    )
    .join_from(CommunityMonth.__table__, Area.__table__, _a.id == _m.community_id)
    .where(_m.published_at.is_not(None))
)
_BY_TOKEN = Prepared(_hung.where(_m.token == bindparam("token")))
_NEWEST = Prepared(_hung.where(_m.community_id == bindparam("community")).order_by(_m.month.desc()).limit(1))
_lines = select(*(_l[name] for name in HungLine._fields)).where(_l.month_id == bindparam("month")).order_by(_l.number)
_RANGE = Prepared(_lines.where(_l.number > bindparam("after")).limit(bindparam("most")))
_AT = Prepared(_lines.where(_l.place == bindparam("place")))
_PLACES = Prepared(select(_l.place).where(_l.month_id == bindparam("month")).distinct())
_OF_HOLDER = Prepared(_lines.join(Record.__table__, _r.id == _l.record_id).where(_r.holder_id == bindparam("holder")))
_REGISTER = Prepared(
    select(_o.number, _o.line, _l.title, _o.kind, _o.state, _o.opened_at, _o.decided_at)
    .join_from(Objection.__table__, PublicationLine.__table__, (_l.month_id == _o.month_id) & (_l.number == _o.line))
    .where(_o.month_id == bindparam("month"))
    .order_by(_o.number)
)


def _as_hung(row: Any) -> Hung:
    return Hung._make((*row[:-2], Community(*row[-2:])))


def hung_by_token(token: str) -> Hung:
    """:raises NotFound: for a token that no publication has."""
    row = _BY_TOKEN.first(token=token)
    if row is None:
        raise NotFound(NO_LINK)
    return _as_hung(row)


def newest_hung(community_id: int) -> Hung | None:
    """The newest publication of a community; None before its first."""
    row = _NEWEST.first(community=community_id)
    return _as_hung(row) if row else None


def hung_lines(row: Hung, *, after: int, most: int) -> list[HungLine]:
    """Some lines in their order: those that stand after number ``after``."""
    return [HungLine._make(line) for line in _RANGE.all(month=row.id, after=after, most=most)]


def hung_lines_at(row: Hung, place: str) -> list[HungLine]:
    """The lines of one place."""
    return [HungLine._make(line) for line in _AT.all(month=row.id, place=place)]


def places_in(row: Hung) -> tuple[str, ...]:
    """The places of a publication's lines, courtyards in the order of their numbers."""
    return _places(row.id, row.signature)


@lru_cache(maxsize=64)  # lines never change
def _places(month_id: int, _signature: str) -> tuple[str, ...]:
    return tuple(sorted((row.place for row in _PLACES.all(month=month_id)), key=natural))


def hung_lines_of(row: Hung, holder_id: int) -> list[HungLine]:
    """One holder's lines."""
    return [HungLine._make(line) for line in _OF_HOLDER.all(month=row.id, holder=holder_id)]


def hung_register(row: Hung) -> list[Registered]:
    """异议登记簿 of a publication, by number."""
    return [Registered._make(one) for one in _REGISTER.all(month=row.id)]
