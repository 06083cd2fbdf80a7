"""How it stands now: what the accounts say, less what they said when the last month was frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select

from webapp.core import clock
from webapp.extensions import db
from webapp.ledger.queries import nets, schemes_with_accounts
from webapp.places.models import Area, Holder, Household, Shop
from webapp.rankings.models import PERIODS, RankedPlace, Ranking
from webapp.rankings.placing import Figure, order_of, trade_leagues
from webapp.rankings.queries.terms import Terms
from webapp.records.queries import shown_name, spots
from webapp.schemes.queries import terms as scheme_terms

ONE_LEAGUE = {"household": "全部住户", "person": "全部个人", "shop": "全部商铺", "courtyard": "全部院落"}


def schemes_of(community_id: int) -> list[tuple[int, str, str]]:
    """(id, name, kind of holder) of the schemes in which somebody of a community has an account; courtyards first."""
    found = [scheme_terms(scheme_id) for scheme_id in schemes_with_accounts(community_id)]
    kinds = ("courtyard", "household", "shop", "person")
    return sorted(((one.id, one.name, one.holder_kind) for one in found), key=lambda one: (kinds.index(one[2]), one[0]))


def running_month(community_id: int, month_now: int) -> int:
    """The month that is not frozen yet: the one after the newest frozen one; without any, the calendar's."""
    newest = db.session.scalar(
        select(func.max(Ranking.month)).where(Ranking.community_id == community_id, Ranking.digest.is_not(None))
    )
    return following(newest) if newest else month_now


def following(month: int) -> int:
    """202612 -> 202701."""
    return month + 1 if month % 100 < 12 else month + 89


def months_of(period: str, month: int) -> list[int]:
    """The months of the period in which a month lies, up to that month."""
    year, number = divmod(month, 100)
    first = {"month": number, "quarter": (number - 1) // 3 * 3 + 1, "year": 1}[period]
    return [year * 100 + one for one in range(first, number + 1)]


def previous_months(period: str, month: int) -> list[int]:
    """All months of the period before."""
    last = clock.previous_month(months_of(period, month)[0])
    year, number = divmod(last, 100)
    length = {"month": 1, "quarter": 3, "year": 12}[period]
    return [year * 100 + one for one in range(number - length + 1, number + 1)]


def figures(community_id: int, scheme_id: int, month: int, terms: Terms, period: str = "") -> dict[str, list[Figure]]:
    """What everybody with an account in a scheme comes to, for the month that is not frozen yet, its quarter and its
    year (only ``period``, if one is named)."""
    since = _last(community_id, scheme_id)
    now = {one.holder_id: one for one in nets(community_id, scheme_id)}
    facts = _facts(community_id, scheme_terms(scheme_id).holder_kind, terms)
    found = {}
    for name in (period,) if period else PERIODS:
        before = _sums(community_id, scheme_id, months_of(name, month)[:-1])
        earlier = _sums(community_id, scheme_id, wanted := previous_months(name, month))
        there = _frozen(community_id, wanted)
        found[name] = [
            _figure(holder, facts[holder], one.net, one.rolled, since, before, earlier, there)
            for holder, one in now.items()
            if holder in facts
        ]
    return found


class _Sum(NamedTuple):
    points: int
    rolled: int
    months: int


def _figure(
    holder_id: int,
    fact: _Fact,
    net: int,
    rolled: int,
    since: dict[int, tuple[int, int]],
    before: dict[int, _Sum],
    earlier: dict[int, _Sum],
    there: int,
) -> Figure:
    then, then_rolled = since.get(holder_id, (0, 0))
    added = before.get(holder_id, _Sum(0, 0, 0))
    old = earlier.get(holder_id)
    return Figure(
        holder_id=holder_id,
        league=fact.league,
        name=fact.name,
        spot=fact.spot,
        order=fact.order,
        path=fact.path,
        active=fact.active,
        points=net - then + added.points,
        rolled=rolled - then_rolled + added.rolled,
        previous=old.points if old is not None and there and old.months == there else None,
        net=net,
        net_rolled=rolled,
    )


def _last(community_id: int, scheme_id: int) -> dict[int, tuple[int, int]]:
    """(net, rolled) of each holder when something of this scheme was frozen last."""
    newest = select(func.max(Ranking.id)).where(Ranking.community_id == community_id, Ranking.digest.is_not(None))
    place = RankedPlace
    statement = select(place.holder_id, place.net, place.net_rolled).where(
        place.ranking_id == newest.scalar_subquery(), place.period == "month", place.scheme_id == scheme_id
    )
    return {holder_id: (net, rolled) for holder_id, net, rolled in db.session.execute(statement)}


def _sums(community_id: int, scheme_id: int, months: Sequence[int]) -> dict[int, _Sum]:
    """What frozen months add up to."""
    if not months:
        return {}
    place = RankedPlace
    statement = (
        select(place.holder_id, func.sum(place.points), func.sum(place.rolled), func.count())
        .join(Ranking, Ranking.id == place.ranking_id)
        .where(
            Ranking.community_id == community_id,
            Ranking.month.in_(months),
            Ranking.digest != "",
            place.period == "month",
            place.scheme_id == scheme_id,
        )
        .group_by(place.holder_id)
    )
    return {row[0]: _Sum(int(row[1]), int(row[2]), row[3]) for row in db.session.execute(statement)}


def _frozen(community_id: int, months: Sequence[int]) -> int:
    statement = select(func.count()).where(
        Ranking.community_id == community_id, Ranking.month.in_(months), Ranking.digest != ""
    )
    return int(db.session.scalar(statement.select_from(Ranking)) or 0)


class _Fact(NamedTuple):
    """What a ranking says of a holder beside its points."""

    league: str
    name: str
    spot: str
    order: str
    path: str
    active: bool


def _facts(community_id: int, kind: str, terms: Terms) -> dict[int, _Fact]:
    yard = Holder.__table__.alias()
    statement = (
        select(
            Holder.id,
            Holder.name,
            Holder.initials,
            Holder.active,
            Area.path,
            func.coalesce(yard.c.name, ""),
            func.coalesce(Shop.__table__.c.trade, ""),
        )
        .join(Area, Area.id == Holder.area_id)
        .outerjoin(Household.__table__, Household.__table__.c.id == Holder.id)
        .outerjoin(yard, yard.c.id == Household.__table__.c.courtyard_id)
        .outerjoin(Shop.__table__, Shop.__table__.c.id == Holder.id)
        .where(Holder.community_id == community_id, Holder.kind == kind)
    )
    rows = db.session.execute(statement).all()
    known = spots({row[4] for row in rows}) if rows else {}
    league = _leagues(community_id, kind, terms, rows, {path: spot.label for path, spot in known.items()})
    return {
        row[0]: _Fact(
            league=league[row[0]],
            name=shown_name(kind, row[1])[:80],
            spot=(row[5] or known[row[4]].label)[:80],
            order=order_of(row[2], row[1]),
            path=row[4],
            active=row[3],
        )
        for row in rows
    }


def _leagues(community_id: int, kind: str, terms: Terms, rows: Sequence[Any], labels: dict[str, str]) -> dict[int, str]:
    """Which league each holder belongs to: like is compared with like."""
    if kind == "courtyard":
        living = _households(community_id)
        return {row[0]: terms.sizes.league(living.get(row[0], 0)) for row in rows}
    if kind == "shop" and terms.shops_by == "trade":
        leagues = trade_leagues(row[6] for row in rows if row[3])
        return {row[0]: leagues.get(row[6], row[6])[:60] for row in rows}
    if kind == "shop" and terms.shops_by == "grid":
        return {row[0]: labels[row[4]].split(" · ")[0][:60] for row in rows}
    return {row[0]: ONE_LEAGUE[kind] for row in rows}


def _households(community_id: int) -> dict[int, int]:
    """How many households live in each courtyard."""
    home, holder = Household.__table__.c, Holder.__table__.c
    statement = (
        select(home.courtyard_id, func.count())
        .select_from(Household.__table__)
        .join(Holder.__table__, holder.id == home.id)
        .where(holder.community_id == community_id, holder.active, home.courtyard_id.is_not(None))
        .group_by(home.courtyard_id)
    )
    return {yard_id: count for yard_id, count in db.session.execute(statement)}


def holders_in(path: str, kind: str) -> set[int]:
    """The holders of a kind below an area."""
    statement = select(Holder.id).join(Area, Area.id == Holder.area_id)
    return set(db.session.scalars(statement.where(Holder.kind == kind, Area.path.startswith(path, autoescape=True))))
