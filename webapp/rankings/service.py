"""The verbs of rankings: a month's places are frozen, and a community decides how it ranks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Invalid
from webapp.extensions import db
from webapp.ledger.queries import schemes_with_accounts
from webapp.places.models import Area
from webapp.rankings import queries
from webapp.rankings.models import SHOPS_BY, RankedPlace, Ranking, RankingTerms
from webapp.rankings.placing import Figure, Standing, placed
from webapp.rankings.queries import Frozen, Terms

MOST_HOUSEHOLDS = 500


def freeze(*, community_id: int, month: int, minus_names: bool, now: datetime) -> str | None:
    """Freeze a month's places, one scheme a call; whoever calls again goes on. The digest, when all is frozen: then no
    later correction changes it, and calling again changes nothing.

    The caller holds a lock on the community's month. ``minus_names``: as the community had decided when it published.
    """
    row = _begun(community_id, month, minus_names)
    if row.digest is not None:
        return row.digest
    scheme_id = _next_scheme(row)
    if scheme_id is not None:
        _freeze_scheme(row, scheme_id)
        return None
    names = {one.id: one.name for one in queries.schemes_ranked(row.id)}
    frozen = Frozen(row.id, month, row.minus_names)
    row.digest = queries.digest_of(db.session.connection(), frozen, community_id, names)
    row.frozen_at = now
    db.session.flush()
    return row.digest


def _begun(community_id: int, month: int, minus_names: bool) -> Ranking:
    found = db.session.scalars(
        select(Ranking).where(Ranking.community_id == community_id, Ranking.month == month)
    ).one_or_none()
    if found is None:
        found = Ranking(community_id=community_id, month=month, minus_names=minus_names)
        db.session.add(found)
        db.session.flush()
    return found


def _next_scheme(row: Ranking) -> int | None:
    done = set(db.session.scalars(select(RankedPlace.scheme_id).where(RankedPlace.ranking_id == row.id).distinct()))
    return next((one for one in schemes_with_accounts(row.community_id) if one not in done), None)


def _freeze_scheme(row: Ranking, scheme_id: int) -> None:
    found = queries.figures(row.community_id, scheme_id, row.month, queries.terms(row.community_id))
    rows = []
    for period, figures in found.items():
        standing = {one.holder_id: one for one in placed(figures)}
        key = {"ranking_id": row.id, "period": period, "scheme_id": scheme_id}
        rows += [key | _values(one, standing.get(one.holder_id)) for one in figures]
    db.session.execute(insert(RankedPlace), rows)


def _values(figure: Figure, standing: Standing | None) -> dict[str, Any]:
    return {
        "holder_id": figure.holder_id,
        "league": figure.league,
        "position": standing.position if standing else None,
        "place": standing.place if standing else None,
        "name": figure.name,
        "spot": figure.spot,
        "points": figure.points,
        "rolled": figure.rolled,
        "previous": figure.previous,
        "net": figure.net,
        "net_rolled": figure.net_rolled,
    }


def decide(*, actor: Actor, community: Area, terms: Terms, now: datetime) -> None:
    """What the community decided: names of minus points on public walls, and its leagues. It holds from the next
    publication on; what is frozen stays.

    :raises NotAllowed: outside the actor's communities.
    :raises Invalid: for leagues that cannot be.
    """
    actor.must("reviews.confirm", community.path)
    if not 1 <= terms.small_to < MOST_HOUSEHOLDS:
        raise Invalid("小院最多几户，请填 1 以上的整数。", field="small_to")
    if not terms.small_to + 1 < terms.large_from <= MOST_HOUSEHOLDS:
        raise Invalid("大院至少要比小院多两户，中间的是中院。请核对两个数。", field="large_from")
    if terms.shops_by not in SHOPS_BY:
        raise Invalid("请选商铺怎么分组。", field="shops_by")
    before = queries.terms(community.id)
    kept = db.session.get(RankingTerms, community.id) or RankingTerms(community_id=community.id)
    kept.minus_names, kept.small_to, kept.large_from, kept.shops_by = terms
    db.session.add(kept)
    db.session.flush()
    changed = {name: getattr(terms, name) for name in Terms._fields if getattr(before, name) != getattr(terms, name)}
    if changed:
        log(
            actor,
            "ranking:decided",
            now=now,
            object_kind="ranking",
            object_id=community.id,
            area_path=community.path,
            **changed,
        )
