"""What was frozen at publications: all that residents see. Prepared, because the kiosk shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, select

from webapp.core.errors import NotFound
from webapp.ledger.chain import VERSION, digest
from webapp.prepared import Prepared
from webapp.rankings.models import RankedPlace, Ranking
from webapp.rankings.placing import Standing, again, improved, league_order
from webapp.schemes.models import Scheme

_r, _p, _s = Ranking.__table__.c, RankedPlace.__table__.c, Scheme.__table__.c
NOT_YET = "还没有公示过排行。每月公示以后，就能在这里看到。"
NAMED = ("courtyard", "shop")  # shown by name whatever their points


class Frozen(NamedTuple):
    """A month's frozen rankings. ``minus_names``: those below zero may be named in public."""

    id: int
    month: int
    minus_names: bool

    def hides(self, kind: str, points: int) -> bool:
        """Whether a line stands without a name on public walls."""
        return points < 0 and not self.minus_names and kind not in NAMED


class RankedScheme(NamedTuple):
    """A scheme that was ranked; ``kind`` of holder."""

    id: int
    name: str
    kind: str


class League(NamedTuple):
    name: str
    size: int


_frozen = select(_r.id, _r.month, _r.minus_names).where(_r.community_id == bindparam("community"), _r.digest != "")
_NEWEST = Prepared(_frozen.order_by(_r.month.desc()).limit(1))
_OF_MONTH = Prepared(_frozen.where(_r.month == bindparam("month")))
_MONTHS = Prepared(_frozen.order_by(_r.month.desc()))
_here = (_p.ranking_id == bindparam("ranking"), _p.period == bindparam("period"), _p.scheme_id == bindparam("scheme"))
_LEAGUES = Prepared(
    select(_p.league, func.count()).where(*_here, _p.position.is_not(None)).group_by(_p.league).order_by(_p.league)
)
_COLUMNS = (
    _p.holder_id,
    _p.league,
    _p.position,
    _p.place,
    _p.name,
    _p.spot,
    _p.points,
    _p.rolled,
    _p.previous,
)
_LINES = Prepared(
    select(*_COLUMNS)
    .where(*_here, _p.league == bindparam("league"), _p.position > bindparam("after"))
    .order_by(_p.position)
    .limit(bindparam("most"))
)
_BEST = Prepared(
    select(*_COLUMNS)
    .where(*_here, _p.position.is_not(None))
    .order_by(_p.points.desc(), _p.name)
    .limit(bindparam("most"))
)
_ALL = Prepared(select(*_COLUMNS).where(*_here, _p.position.is_not(None)).order_by(_p.league, _p.position))
_OWN = Prepared(select(*_COLUMNS).where(*_here, _p.holder_id == bindparam("holder"), _p.position.is_not(None)))
_SCHEMES = Prepared(
    select(_s.id, _s.name, _s.holder_kind).where(
        _s.id.in_(
            select(_p.scheme_id)
            .where(_p.ranking_id == bindparam("ranking"), _p.period == "month", _p.position.is_not(None))
            .distinct()
        )
    )
)
_DIGESTED = select(
    _p.scheme_id, _p.period, _p.league, _p.position, _p.place, _p.spot, _p.name, _p.points, _p.previous
).where(_p.ranking_id == bindparam("ranking"), _p.position.is_not(None))


def newest(community_id: int) -> Frozen | None:
    """The newest frozen month of a community; None before its first publication."""
    row = _NEWEST.first(community=community_id)
    return Frozen._make(row) if row else None


def frozen_months(community_id: int) -> list[Frozen]:
    """Newest first."""
    return [Frozen._make(row) for row in _MONTHS.all(community=community_id)]


def of_month(community_id: int, month: int) -> Frozen:
    """:raises NotFound: if the month is not frozen."""
    row = _OF_MONTH.first(community=community_id, month=month)
    if row is None:
        raise NotFound(NOT_YET)
    return Frozen._make(row)


def schemes_ranked(ranking_id: int) -> list[RankedScheme]:
    """Courtyards first, then households, shops and people."""
    found = [RankedScheme._make(row) for row in _SCHEMES.all(ranking=ranking_id)]
    kinds = ("courtyard", "household", "shop", "person")
    return sorted(found, key=lambda one: (kinds.index(one.kind), one.id))


def leagues(ranking_id: int, period: str, scheme_id: int) -> list[League]:
    rows = _LEAGUES.all(ranking=ranking_id, period=period, scheme=scheme_id)
    return sorted((League._make(row) for row in rows), key=lambda one: league_order(one.name))


def lines(ranking_id: int, period: str, scheme_id: int, league: str, *, after: int, most: int) -> list[Standing]:
    """Some of a league in its order: those that stand after position ``after``."""
    rows = _LINES.all(ranking=ranking_id, period=period, scheme=scheme_id, league=league, after=after, most=most)
    return [Standing._make(row) for row in rows]


def standings(ranking_id: int, period: str, scheme_id: int) -> list[Standing]:
    """Everybody, league by league."""
    found = [Standing._make(row) for row in _ALL.all(ranking=ranking_id, period=period, scheme=scheme_id)]
    return sorted(found, key=lambda one: (league_order(one.league), one.position))


def best(ranking_id: int, period: str, scheme_id: int, *, most: int) -> list[Standing]:
    """The first of all leagues together, placed among themselves."""
    rows = _BEST.all(ranking=ranking_id, period=period, scheme=scheme_id, most=most)
    return again([Standing._make(row)._replace(league="") for row in rows])


def improved_of(ranking_id: int, period: str, scheme_id: int) -> list[Standing]:
    """The most improved of all leagues."""
    return improved(standings(ranking_id, period, scheme_id))


def own_place(ranking_id: int, period: str, scheme_id: int, holder_id: int) -> Standing | None:
    """A holder's own line; None if it has none."""
    row = _OWN.first(ranking=ranking_id, period=period, scheme=scheme_id, holder=holder_id)
    return Standing._make(row) if row else None


def with_newest_place(
    statement: Select[Any], *, community: ColumnElement[int], scheme: ColumnElement[int], holder: ColumnElement[int]
) -> Select[Any]:
    """A statement about one holder, given by columns of one table, with two more columns: the newest frozen month of its
    community, and the place that it has there; both None if it has none. All by keys: nothing is counted."""
    one = Ranking.__table__.alias()
    newest = (
        select(one.c.id)
        .where(one.c.community_id == community, one.c.digest != "")
        .order_by(one.c.month.desc())
        .limit(1)
        .correlate_except(one)
        .scalar_subquery()
    )
    own = (_p.ranking_id == newest, _p.period == "month", _p.scheme_id == scheme, _p.holder_id == holder)
    return (
        statement.add_columns(_r.month.label("ranked_month"), _p.place)
        .outerjoin(RankedPlace.__table__, and_(*own, _p.place.is_not(None)))
        .outerjoin(Ranking.__table__, _r.id == _p.ranking_id)
    )


def digested(connection: Connection, ranking_id: int, names: Mapping[int, str]) -> list[list[Any]]:
    """What the digest is over, in its order (docs/seal.md); ``names`` are the schemes', which may change later."""
    rows = connection.execute(_DIGESTED, {"ranking": ranking_id}).all()
    return [[names.get(row[0], ""), *row[1:]] for row in sorted(rows, key=lambda row: tuple(row[:4]))]


def digest_of(connection: Connection, ranking: Frozen, community_id: int, names: Mapping[int, str]) -> str:
    """The digest of a month's rankings, worked out from their rows."""
    rows = digested(connection, ranking.id, names)
    return digest([VERSION, "ranking", community_id, ranking.month, rows])
