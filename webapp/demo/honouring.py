"""Honours of the demonstration: after the newest publication the working group chose three courtyards and two shops."""

from __future__ import annotations

from datetime import datetime

from webapp.core.points import Points
from webapp.demo.building import Built
from webapp.honours import queries, service
from webapp.honours.service import KindRule
from webapp.schemes.models import Scheme

#: (name, kind of holder, proposed places, chosen)
GIVEN = (("最美庭院", "courtyard", 5, 3), ("美德商铺", "shop", 3, 2))
NOTE = "支委会和居民代表共 9 人到会，对照名单逐个评议，举手表决，全票同意。"


def honour(built: Built, month: int, now: datetime) -> None:
    """Set up the kinds and write down what the meeting decided about ``month``."""
    for name, kind, places, chosen in GIVEN:
        scheme = built.courtyard_scheme if kind == "courtyard" else built.shop_scheme
        _choose(built, scheme, _rule(name, places), month, chosen, now)


def _rule(name: str, places: int) -> KindRule:
    return KindRule(
        name=name, period="month", by_league=False, places=places, minimum=Points.whole(5), no_veto=True, months=12
    )


def _choose(built: Built, scheme: Scheme, rule: KindRule, month: int, chosen: int, now: datetime) -> None:
    secretary = built.recorders[0]
    kind = service.add_kind(actor=secretary, community=built.community, scheme=scheme, rule=rule, now=now)
    lines = queries.candidates(kind, queries.month_of_kind(kind, month), secretary)
    best = [one.holder_id for one in lines if one.open][:chosen]
    service.decide(actor=secretary, kind=kind, month=month, holder_ids=best, note=NOTE, now=now)
