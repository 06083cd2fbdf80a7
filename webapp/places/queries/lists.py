"""Searched and filtered lists, as selects that pages cut (``web.paging``) and exports run through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from webapp.core.text import initials_pattern, matches_initials, normalise
from webapp.places.models import Area, Courtyard, Holder, Household, Person, Shop, Station, number_of
from webapp.places.queries.areas import within


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list was narrowed to. ``area`` is the path of a chosen area; ``state`` is active, closed or all;
    ``role`` is party_member, volunteer or staff."""

    text: str = ""
    area: str = ""
    state: str = "active"
    tenure: str = ""
    role: str = ""


def matching(
    kind: type[Holder], typed: str, *, phones: Sequence[InstrumentedAttribute[str]] = ()
) -> ColumnElement[bool]:
    """The condition that a holder is meant by what was typed: part of the name, start of the number, pinyin
    initials from the start, or, with ``phones``, the last four digits of a phone."""
    text = normalise(typed)
    ways = [kind.name.contains(text, autoescape=True), kind.number.startswith(number_of(text), autoescape=True)]
    if matches_initials(f"|{text.lower()}", text):  # there is a letter or digit in it
        ways.append(kind.initials.like(initials_pattern(text)))
    if len(text) == 4 and text.isdigit():
        ways += [phone.endswith(text) for phone in phones]
    return or_(*ways)


def _narrow(statement: Select[Any], kind: Any, scope: Sequence[str], wanted: Filter) -> Select[Any]:
    """By scope, chosen area and state; ``kind`` has ``area_id`` and ``active``."""
    statement = statement.join(Area, Area.id == kind.area_id).where(within(scope))
    if wanted.area:
        statement = statement.where(within((wanted.area,)))
    if wanted.state in ("active", "closed"):
        statement = statement.where(kind.active if wanted.state == "active" else ~kind.active)
    return statement.options(joinedload(kind.area).joinedload(Area.parent))


def courtyards(scope: Sequence[str], wanted: Filter) -> Select[tuple[Courtyard]]:
    """Courtyards in the order along their lanes."""
    statement: Select[Any] = _narrow(select(Courtyard), Courtyard, scope, wanted)
    if normalise(wanted.text):
        places = [
            column.contains(normalise(wanted.text), autoescape=True) for column in (Courtyard.lane, Courtyard.address)
        ]
        statement = statement.where(or_(matching(Courtyard, wanted.text), *places))
    return statement.order_by(Courtyard.community_id, Courtyard.lane, Courtyard.position, Courtyard.number)


def households(scope: Sequence[str], wanted: Filter) -> Select[tuple[Household]]:
    """Households by number."""
    statement: Select[Any] = _narrow(select(Household), Household, scope, wanted)
    if normalise(wanted.text):
        statement = statement.where(matching(Household, wanted.text, phones=[Household.phone]))
    if wanted.tenure:
        statement = statement.where(Household.tenure == wanted.tenure)
    statement = statement.options(joinedload(Household.courtyard))
    return statement.order_by(Household.community_id, Household.number)


def people(scope: Sequence[str], wanted: Filter) -> Select[tuple[Person]]:
    """People by their number, which is the order of registration."""
    statement: Select[Any] = _narrow(select(Person), Person, scope, wanted)
    if normalise(wanted.text):
        statement = statement.where(matching(Person, wanted.text, phones=[Person.phone]))
    if wanted.role:
        roles = {"party_member": Person.party_member, "volunteer": Person.volunteer, "staff": Person.staff}
        statement = statement.where(roles.get(wanted.role, false()))
    statement = statement.options(joinedload(Person.household))
    return statement.order_by(Person.id)


def shops(scope: Sequence[str], wanted: Filter) -> Select[tuple[Shop]]:
    """Shops in the order along their street; found by keeper, trade and address too."""
    statement: Select[Any] = _narrow(select(Shop), Shop, scope, wanted)
    text = normalise(wanted.text)
    if text:
        others = [column.contains(text, autoescape=True) for column in (Shop.keeper, Shop.trade, Shop.address)]
        statement = statement.where(or_(matching(Shop, text, phones=[Shop.phone]), *others))
    return statement.order_by(Shop.community_id, Shop.position, Shop.number)


def stations(scope: Sequence[str], wanted: Filter) -> Select[tuple[Station]]:
    """Stations by name."""
    statement: Select[Any] = _narrow(select(Station), Station, scope, wanted)
    text = normalise(wanted.text)
    if text:
        statement = statement.where(
            or_(Station.name.contains(text, autoescape=True), Station.address.contains(text, autoescape=True))
        )
    return statement.order_by(Station.name)
