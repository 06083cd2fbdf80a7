"""Reads of ratings: a shop's mean, and what staff should look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import Area, Shop
from webapp.places.queries import within
from webapp.ratings.models import Rating, RatingFlag, RatingTotal

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


def mean_of(shop_id: int) -> Mean:
    """Zero ratings if nobody has rated."""
    row = db.session.execute(select(RatingTotal.count, RatingTotal.stars).where(RatingTotal.shop_id == shop_id))
    found = row.one_or_none()
    if found is None or found[0] == 0:
        return Mean(0, 0)
    count, stars = found
    return Mean(count, (20 * stars + count) // (2 * count))


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
    """How many ratings of a flagged day do not count, and their stars."""
    row = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Rating.stars), 0)).where(
            Rating.shop_id == flag.shop_id, Rating.day == flag.day, Rating.counted.is_(False)
        )
    ).one()
    return int(row[0]), int(row[1])


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
