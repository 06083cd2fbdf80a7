"""Reads of ratings: a shop's mean, and what staff should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, func, or_, select

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import Area, Shop
from webapp.places.queries import within
from webapp.ratings.models import USUAL_OF_A_DAY, Rating, RatingFlag, RatingTotal

SHOWN_FROM = 5  # ratings; a mean of fewer says more about one customer than about the shop


@dataclass(frozen=True, slots=True)
class Mean:
    """A shop's counted ratings. ``tenths`` is the mean in tenths of a star, rounded half up."""

    count: int
    tenths: int

    @property
    def shown(self) -> bool:
        return self.count >= SHOWN_FROM

    def __str__(self) -> str:
        return f"{self.tenths // 10}.{self.tenths % 10}"


def mean_of(shop_id: int, today: date) -> Mean:
    """What is shown on a day: ratings up to the day before, so that a flood is known before it could show. A day with
    more than ``USUAL_OF_A_DAY`` is left out until staff have looked at it. Zero ratings if nobody has rated."""
    row = db.session.execute(select(RatingTotal.count, RatingTotal.stars).where(RatingTotal.shop_id == shop_id))
    found = row.one_or_none()
    if found is None:
        return Mean(0, 0)
    count, stars = found
    for day, of_day, its_stars in _not_yet(shop_id, today):
        if day >= today or of_day > USUAL_OF_A_DAY:
            count, stars = count - of_day, stars - its_stars
    return Mean(count, (20 * stars + count) // (2 * count)) if count else Mean(0, 0)


def _not_yet(shop_id: int, today: date) -> Sequence[Row[tuple[date, int, int]]]:
    """Counted ratings of today, and of days that wait for staff."""
    waiting = select(RatingFlag.day).where(RatingFlag.shop_id == shop_id, RatingFlag.state == "open")
    return db.session.execute(
        select(Rating.day, func.count(), func.sum(Rating.stars))
        .where(Rating.shop_id == shop_id, Rating.counted, or_(Rating.day >= today, Rating.day.in_(waiting)))
        .group_by(Rating.day)
    ).all()


def ratings_statement(scope: tuple[str, ...], *, shop_id: int | None = None, words_only: bool = False) -> Select[Any]:
    """Ratings of shops within areas, newest first; ``words_only``: those with a line of text."""
    statement = (
        select(Rating)
        .join(Shop, Shop.id == Rating.shop_id)
        .join(Area, Area.id == Shop.area_id)
        .where(within(scope))
        .order_by(Rating.id.desc())
    )
    if shop_id is not None:
        statement = statement.where(Rating.shop_id == shop_id)
    return statement.where(Rating.comment != "") if words_only else statement


@dataclass(frozen=True, slots=True)
class Flood:
    """A flagged day with its figures: how many ratings were set aside, and what they would add up to."""

    flag: RatingFlag
    count: int
    stars: int


def floods(scope: tuple[str, ...], *, state: str = "open", limit: int = 50) -> list[Flood]:
    """Flagged days within areas, newest first."""
    statement = (
        select(RatingFlag)
        .join(Shop, Shop.id == RatingFlag.shop_id)
        .join(Area, Area.id == Shop.area_id)
        .where(within(scope), RatingFlag.state == state)
        .order_by(RatingFlag.id.desc())
        .limit(limit)
    )
    return [Flood(flag, *_set_aside(flag)) for flag in db.session.scalars(statement)]


def _set_aside(flag: RatingFlag) -> tuple[int, int]:
    """How many ratings of a flagged day do not show, and their stars."""
    rows = db.session.execute(
        select(Rating.counted, func.count(), func.sum(Rating.stars))
        .where(Rating.shop_id == flag.shop_id, Rating.day == flag.day)
        .group_by(Rating.counted)
    ).all()
    out = [(count, stars) for counted, count, stars in rows if not counted or count > USUAL_OF_A_DAY]
    return sum(count for count, _ in out), sum(stars for _, stars in out)


def open_floods(scope: tuple[str, ...]) -> int:
    """How many flagged days wait for a decision within areas."""
    statement = (
        select(func.count())
        .select_from(RatingFlag)
        .join(Shop, Shop.id == RatingFlag.shop_id)
        .join(Area, Area.id == Shop.area_id)
        .where(within(scope), RatingFlag.state == "open")
    )
    return int(db.session.scalar(statement) or 0)


def flag_in_scope(flag_id: int, scope: tuple[str, ...]) -> RatingFlag:
    """:raises NotFound: outside the areas of the one who looks."""
    statement = (
        select(RatingFlag)
        .join(Shop, Shop.id == RatingFlag.shop_id)
        .join(Area, Area.id == Shop.area_id)
        .where(RatingFlag.id == flag_id, within(scope))
    )
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("没有这条提醒，可能已经处理。")
    return found
