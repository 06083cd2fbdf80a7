"""Reads of honours: the kinds, who comes into question, who was chosen. What is public is prepared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.honours.models import Choice, Honour, HonourKind
from webapp.honours.proposing import Candidate, Terms, proposed
from webapp.ledger.queries import vetoes_between
from webapp.places.models import Area, Holder
from webapp.places.queries import within
from webapp.prepared import Prepared
from webapp.rankings.queries import Frozen, frozen_months, months_of, standings
from webapp.records.queries import in_error, targets
from webapp.records.service import Interests
from webapp.reviews.queries import last_day, terms_of

AT_A_TIME = 500  # holders in one query: a sheet may have thousands of plates

_h = Honour.__table__.c
_HELD = (
    _h.starts_on <= bindparam("today"),
    _h.ends_on >= bindparam("today"),
    _h.withdrawn_at.is_(None),
)


class Held(NamedTuple):
    """An honour that holds today, as everybody may see it."""

    id: int
    holder_id: int
    title: str
    name: str
    spot: str
    ends_on: date
    code: str


_SHOWN = (_h.id, _h.holder_id, _h.title, _h.shown_name, _h.spot, _h.ends_on, _h.code)
_OF = (
    select(*_SHOWN)
    .where(_h.holder_id.in_(bindparam("holders", expanding=True)), *_HELD)
    .order_by(_h.ends_on.desc(), _h.id)
)
_IN_COMMUNITY = Prepared(
    select(*_SHOWN)
    .where(_h.community_id == bindparam("community"), *_HELD)
    .order_by(_h.title, _h.ends_on.desc(), _h.id)
)


def held_by(holder_ids: Sequence[int], today: date) -> dict[int, list[Held]]:
    """What each of some holders holds today; the same honour twice stands once, with its later end."""
    found: dict[int, list[Held]] = {}
    for start in range(0, len(holder_ids), AT_A_TIME):
        values = {"holders": list(holder_ids[start : start + AT_A_TIME]), "today": today}
        for row in db.session.connection().execute(_OF, values):
            held = Held._make(row)
            mine = found.setdefault(held.holder_id, [])
            if all(one.title != held.title for one in mine):
                mine.append(held)
    return found


def held_in(community_id: int, today: date) -> list[tuple[str, list[Held]]]:
    """Who holds what in a community today, title by title; a holder once."""
    found: dict[str, dict[int, Held]] = {}
    for row in _IN_COMMUNITY.all(community=community_id, today=today):
        held = Held._make(row)
        found.setdefault(held.title, {}).setdefault(held.holder_id, held)
    return [(title, list(holders.values())) for title, holders in found.items()]


def by_code(code: str) -> Honour:
    """:raises NotFound: for a code that no certificate has."""
    found = db.session.scalars(select(Honour).where(Honour.code == code)).one_or_none()
    if found is None:
        raise NotFound("没有这张荣誉证书。请再扫一次证书上的码；还不行，请打社区电话问一问。")
    return found


# The desk -------------------------------------------------------------------------------------------------------------


def kinds_of(community_id: int) -> Sequence[HonourKind]:
    """Those in use first."""
    statement = select(HonourKind).where(HonourKind.community_id == community_id)
    return db.session.scalars(statement.order_by(HonourKind.active.desc(), HonourKind.id)).all()


def kind_in_scope(kind_id: int, scope: tuple[str, ...]) -> HonourKind:
    """:raises NotFound: outside the areas of the one who looks."""
    statement = select(HonourKind).join(Area, Area.id == HonourKind.community_id)
    found = db.session.scalars(statement.where(HonourKind.id == kind_id, within(scope))).one_or_none()
    if found is None:
        raise NotFound("没有找到这个评优项目。")
    return found


def honour_in_scope(honour_id: int, scope: tuple[str, ...]) -> Honour:
    """:raises NotFound: outside the areas of the one who looks."""
    statement = select(Honour).join(Area, Area.id == Honour.community_id)
    found = db.session.scalars(statement.where(Honour.id == honour_id, within(scope))).one_or_none()
    if found is None:
        raise NotFound("没有找到这项荣誉。")
    return found


def honours_statement(community_id: int, state: str, today: date) -> Select[tuple[Honour]]:
    """The honours of a community in a state, the newest first."""
    return (
        select(Honour)
        .where(Honour.community_id == community_id, _is(state, today))
        .order_by(Honour.starts_on.desc(), Honour.id.desc())
    )


def _is(state: str, today: date) -> ColumnElement[bool]:
    if state == "withdrawn":
        return Honour.withdrawn_at.is_not(None)
    over = Honour.ends_on < today if state == "ended" else Honour.ends_on >= today
    return Honour.withdrawn_at.is_(None) & over


def choice_of(kind_id: int, month: int) -> Choice | None:
    return db.session.scalars(select(Choice).where(Choice.kind_id == kind_id, Choice.month == month)).one_or_none()


def decided_choice(kind_id: int, month: int) -> Choice:
    """:raises NotFound: if nothing was decided."""
    found = choice_of(kind_id, month)
    if found is None:
        raise NotFound("这一段还没有评选。")
    return found


def choices_of(community_id: int) -> dict[tuple[int, int], int]:
    """How many were chosen, by kind and month, of all that was decided in a community."""
    statement = (
        select(Choice.kind_id, Choice.month, func.count(Honour.id))
        .join(HonourKind, HonourKind.id == Choice.kind_id)
        .outerjoin(Honour, Honour.choice_id == Choice.id)
        .where(HonourKind.community_id == community_id)
        .group_by(Choice.kind_id, Choice.month)
    )
    return {(kind_id, month): count for kind_id, month, count in db.session.execute(statement)}


def chosen_in(choice_id: int) -> Sequence[Honour]:
    return db.session.scalars(select(Honour).where(Honour.choice_id == choice_id).order_by(Honour.id)).all()


def months_to_choose(kind: HonourKind) -> list[Frozen]:
    """Published months that end a period of the kind: a quarter is chosen from when its third month is published. Newest
    first."""
    return [one for one in frozen_months(kind.community_id) if _ends_period(kind.period, one.month)]


def _ends_period(period: str, month: int) -> bool:
    return month % 100 % {"month": 1, "quarter": 3, "year": 12}[period] == 0


def month_of_kind(kind: HonourKind, month: int) -> Frozen:
    """:raises NotFound: if the period does not end with this month, or it is not published."""
    found = next((one for one in months_to_choose(kind) if one.month == month), None)
    if found is None:
        raise NotFound("这一段还没有公示完，公示以后才能评选。")
    return found


def terms_of_kind(kind: HonourKind) -> Terms:
    return Terms(kind.places, kind.minimum, kind.no_veto, kind.by_league)


def candidates(kind: HonourKind, frozen: Frozen, actor: Actor) -> list[Candidate]:
    """Who comes into question by the published ranking, with why not; own ones of ``actor`` are marked."""
    ranked = standings(frozen.id, kind.period, kind.scheme_id)
    start, end = _bounds(kind, frozen.month)
    ids = {one.holder_id for one in ranked}
    here = set(
        db.session.scalars(
            select(Holder.id).where(
                Holder.community_id == kind.community_id, Holder.active, Holder.kind == kind.scheme.holder_kind
            )
        )
    )
    vetoed = _vetoed(kind.community_id, start, end)
    return _marked(proposed(ranked, terms_of_kind(kind), vetoed=vetoed, here=here & ids), actor)


def _vetoed(community_id: int, start: datetime, end: datetime) -> set[int]:
    """Who had a veto in a period; not one that an objection or a reversal showed to be an error."""
    found = vetoes_between(community_id, start, end)
    errors = in_error([one.cause.id for one in found if one.cause.kind == "record"])
    return {one.holder_id for one in found if one.cause.kind != "record" or one.cause.id not in errors}


def _bounds(kind: HonourKind, month: int) -> tuple[datetime, datetime]:
    """From the end of the publication before the period to the end of its last."""
    terms, months = terms_of(kind.community), months_of(kind.period, month)
    before = last_day(clock.previous_month(months[0]), terms) + timedelta(days=1)
    return clock.day_bounds(before)[0], clock.day_bounds(last_day(month, terms))[1]


def _marked(found: Iterable[Candidate], actor: Actor) -> list[Candidate]:
    lines = list(found)
    if actor.person_id is None:
        return lines
    interests, known = Interests(actor.person_id), targets([one.holder_id for one in lines])
    return [
        replace(one, recused=interests.why_recused(known[one.holder_id])) if one.holder_id in known else one
        for one in lines
    ]


def names_of_kinds(keys: Sequence[int]) -> dict[int, str]:
    return {key: name for key, name in _pairs(HonourKind.id, HonourKind.name, keys)}


def names_of_honours(keys: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Honour.id, Honour.title, Honour.shown_name).where(Honour.id.in_(keys)))
    return {key: f"{title} {name}" for key, title, name in rows}


def _pairs(key: Any, name: Any, keys: Sequence[int]) -> Iterable[Any]:
    return db.session.execute(select(key, name).where(key.in_(keys)))
