"""Rating a shop, and judging floods.

One rating per phone, shop and day; a form's ticket is good once and for half an hour. More than three ratings of a
shop on one day from one network are a flood: all of them are kept but set aside, the day is flagged, and they count
only if staff say so. A family or a market's shared address still counts; a bot's five hundred do not. A day with more
than ``USUAL_OF_A_DAY`` that would count is flagged too, and left out of what is shown until staff have looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.audit.service import log
from webapp.core import clock, signing
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Gone, Invalid, NotFound
from webapp.extensions import db, insert_into
from webapp.places.models import Area, Shop
from webapp.ratings.models import TAGS, USUAL_OF_A_DAY, Rating, RatingFlag, RatingTotal

TICKET_GOOD_FOR = timedelta(minutes=30)
COUNTED_PER_NETWORK = 3  # a shop's ratings of one day from one network; more are a flood
COMMENT_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Rater:
    """Where a rating comes from; kept only as keyed digests."""

    device: str
    network: str


def ticket_for(shop_id: int, *, key: str, now: datetime) -> str:
    """What the rating form carries: made by GET without writing anything, used up by the first POST."""
    stamp = f"{shop_id}.{int(now.timestamp()):x}.{signing.random_token()}"
    return f"{stamp}.{signing.keyed_code(key, 'rating-ticket', stamp, 20)}"


def rate(
    *, shop_id: int, stars: int, tags: list[str], comment: str, ticket: str, rater: Rater, key: str, now: datetime
) -> Rating:
    """Keep one rating and, unless it is part of a flood, count it.

    :raises Invalid: if stars, tags or comment cannot be.
    :raises Gone: if the form is too old or not of this shop.
    :raises AlreadyUsed: if this phone has rated this shop today, or the ticket was used.
    """
    _check_words(stars, tags, comment)
    _check_ticket(ticket, shop_id, key, now)
    shop = db.session.get(Shop, shop_id)
    if shop is None or not shop.active:
        raise NotFound("没有找到这家店，可能已经停业。")
    day = clock.local_date(now)
    network = _print(key, "rating-network", f"{rater.network}:{day}")
    earlier = _from_network(shop_id, day, network)
    rating = Rating(
        shop_id=shop_id,
        stars=stars,
        tags=",".join(tag for tag in TAGS if tag in tags),
        comment=comment,
        day=day,
        device_print=_print(key, "rating-device", rater.device),
        network_print=network,
        ticket_print=signing.fingerprint(ticket),
        counted=earlier < COUNTED_PER_NETWORK,
        created_at=now,
    )
    _keep(rating)
    if rating.counted:
        _add(shop_id, 1, stars)
        if _counted_on(shop_id, day) > USUAL_OF_A_DAY:
            _flag(shop_id, day, now, "一天里的评价特别多")
    else:
        _set_aside(shop_id, day, network)  # its earlier ones, counted while they looked like a family's, are part of it
        _flag(shop_id, day, now, "同一网络短时间内多次评价")
    return rating


def decide(*, actor: Actor, flag_id: int, keep: bool, now: datetime) -> RatingFlag:
    """Staff have looked at a flagged day: what was set aside counts, or stays out for good.

    :raises AlreadyUsed: if it was decided before.
    """
    flag = db.session.get(RatingFlag, flag_id)
    if flag is None:
        raise NotFound("没有这条提醒，可能已经处理。")
    area = db.session.get_one(Area, db.session.get_one(Shop, flag.shop_id).area_id)
    actor.must("ratings.judge", area.path)
    if flag.state != "open":
        raise AlreadyUsed("这条提醒已经处理过了。")
    flag.state = "kept" if keep else "dropped"
    flag.decided_by, flag.decided_at = actor.label, now
    if keep:
        _count_day(flag.shop_id, flag.day)
    elif _counted_on(flag.shop_id, flag.day) > USUAL_OF_A_DAY:
        _set_aside(flag.shop_id, flag.day)
    log(
        actor,
        "rating-flag:kept" if keep else "rating-flag:dropped",
        now=now,
        object_kind="shop",
        object_id=flag.shop_id,
        area_path=area.path,
        day=flag.day,
    )
    return flag


def _check_words(stars: int, tags: list[str], comment: str) -> None:
    if not 1 <= stars <= 5:
        raise Invalid("请先点星星，1 到 5 颗都可以。", field="stars")
    if any(tag not in TAGS for tag in tags):
        raise Invalid("有一个标签不认识，请重新选。", field="tags")
    if len(comment) > COMMENT_LENGTH:
        raise Invalid(f"最多写 {COMMENT_LENGTH} 个字。", field="comment")


def _check_ticket(ticket: str, shop_id: int, key: str, now: datetime) -> None:
    stamp, _, code = ticket.rpartition(".")
    parts = stamp.split(".")
    right = signing.keyed_code(key, "rating-ticket", stamp, 20)
    if len(parts) != 3 or not signing.same(code, right) or parts[0] != str(shop_id):
        raise Gone("这个页面不能用来评价了。请重新扫一次店门口的码。")
    age = int(now.timestamp()) - int(parts[1], 16)
    if not -60 <= age <= TICKET_GOOD_FOR.total_seconds():
        raise Gone("页面打开太久了。请重新扫一次店门口的码，再评价。")


def _print(key: str, purpose: str, text: str) -> str:
    return signing.keyed_digest(key, purpose, text).hex()


def _from_network(shop_id: int, day: date, network: str) -> int:
    statement = (
        select(func.count())
        .select_from(Rating)
        .where(Rating.shop_id == shop_id, Rating.day == day, Rating.network_print == network)
    )
    return int(db.session.scalar(statement) or 0)


def _keep(rating: Rating) -> None:
    db.session.add(rating)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise AlreadyUsed("今天已经评价过这家店了，谢谢！明天可以再评。") from error


def _add(shop_id: int, count: int, stars: int) -> None:
    """Change a shop's total by what may be negative."""
    start = insert_into(RatingTotal).values(shop_id=shop_id, count=0, stars=0)
    db.session.execute(start.on_conflict_do_nothing())
    change = update(RatingTotal).where(RatingTotal.shop_id == shop_id)
    db.session.execute(
        change.values(count=RatingTotal.count + count, stars=RatingTotal.stars + stars).execution_options(
            synchronize_session=False
        )
    )


def _set_aside(shop_id: int, day: date, network: str = "") -> None:
    """A day's ratings count no longer: all of them, or those of one network."""
    of_day = (Rating.shop_id == shop_id, Rating.day == day, Rating.counted)
    uncounted = (
        update(Rating)
        .where(*of_day, *([Rating.network_print == network] if network else []))
        .values(counted=False)
        .returning(Rating.stars)
        .execution_options(synchronize_session=False)
    )
    stars = db.session.scalars(uncounted).all()
    if stars:
        _add(shop_id, -len(stars), -sum(stars))


def _counted_on(shop_id: int, day: date) -> int:
    counted = (Rating.shop_id == shop_id, Rating.day == day, Rating.counted)
    return int(db.session.scalar(select(func.count()).select_from(Rating).where(*counted)) or 0)


def _flag(shop_id: int, day: date, now: datetime, reason: str) -> None:
    """Flag the day once. If staff counted it and the flood goes on, it is open again; what was dropped stays dropped."""
    statement = insert_into(RatingFlag).values(shop_id=shop_id, day=day, state="open", reason=reason, created_at=now)
    reopened = case((RatingFlag.state == "dropped", "dropped"), else_="open")
    db.session.execute(statement.on_conflict_do_update(index_elements=["shop_id", "day"], set_={"state": reopened}))


def _count_day(shop_id: int, day: date) -> None:
    set_aside = (Rating.shop_id == shop_id, Rating.day == day, Rating.counted.is_(False))
    count, stars = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Rating.stars), 0)).where(*set_aside)
    ).one()
    if not count and _counted_on(shop_id, day) <= USUAL_OF_A_DAY:
        raise Conflict("没有要计入的评价。")
    db.session.execute(update(Rating).where(*set_aside).values(counted=True))
    _add(shop_id, count, int(stars))
