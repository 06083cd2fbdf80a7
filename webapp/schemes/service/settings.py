"""A scheme itself: added, and its settings changed. What stands in the book stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.core.points import ZERO, Points
from webapp.extensions import db
from webapp.places.models import HOLDER_KINDS, Area
from webapp.schemes.lapsing import NOTICE, anybody_loses, coming_day, day_words, notice_begins
from webapp.schemes.models import AUDIENCES, FIRST_REVIEWERS, MAY_REVIEW, POSTING, Scheme

_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be changed of a scheme. ``floor`` is the lowest available balance, None for none; ``base`` is given
    once to each new account; points lapse each year at the end of ``lapse_month``/``lapse_day``, None for never;
    ``first_reviewers``: posts that review claims first, none for the usual ones."""

    name: str
    inspections_post: str
    claims_post: str
    spendable: bool
    purpose: str = ""
    audience: str = "all"
    floor: Points | None = None
    base: Points = ZERO
    lapse_month: int | None = None
    lapse_day: int | None = None
    month_end_day: int = 25
    objection_days: int = 7
    reviews: int = 2
    first_reviewers: tuple[str, ...] = ()
    rolls_up_to: Scheme | None = None


def scheme_of_area(area: Area, code: str) -> Scheme | None:
    return db.session.scalars(select(Scheme).where(Scheme.area_id == area.id, Scheme.code == code)).one_or_none()


def add_scheme(*, area: Area, actor: Actor, now: datetime, code: str, holder_kind: str, settings: Settings) -> Scheme:
    """A new set of books for one kind of holder. An empty ``code`` gets the next free one.

    :raises Invalid: for settings that cannot be.
    :raises Conflict: if the area has a scheme of this code already.
    """
    actor.must("schemes.edit", area.path)
    code = code or _free_code(area)
    if not _CODE.fullmatch(code):
        raise Invalid("代号只用小写字母、数字和短横线，例如 building-7。", field="code")
    if scheme_of_area(area, code) is not None:
        raise Conflict("这个区域已经有这个积分办法了。", field="code")
    made = Scheme(area_id=area.id, code=code, holder_kind=_known(holder_kind, HOLDER_KINDS, "holder_kind"))
    _apply(made, settings, area)
    db.session.add(made)
    db.session.flush()
    log(actor, "scheme:added", now=now, object_kind="scheme", object_id=made.id, area_path=area.path, name=made.name)
    return made


def lock(scheme: Scheme) -> None:
    """Writers of one scheme's rules follow one another, so that codes and versions are given out once."""
    db.session.execute(select(Scheme.id).where(Scheme.id == scheme.id).with_for_update())


def _free_code(area: Area) -> str:
    """``own-1``, ``own-2``, …"""
    taken = set(db.session.scalars(select(Scheme.code).where(Scheme.area_id == area.id)))
    return next(code for code in (f"own-{number}" for number in range(1, len(taken) + 2)) if code not in taken)


def change_scheme(*, scheme: Scheme, actor: Actor, now: datetime, settings: Settings, active: bool) -> Scheme:
    """Change a scheme's settings; code, area and kind of holder stay, and so does every entry.

    :raises Invalid: for settings that cannot be.
    """
    actor.must("schemes.edit", scheme.area.path)
    before = (scheme.name, scheme.active)
    _check_notice(scheme, settings, now)
    _apply(scheme, settings, scheme.area)
    scheme.active = active
    db.session.flush()
    log(
        actor,
        "scheme:changed",
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        name=scheme.name,
        name_before=before[0],
        active=active,
        active_before=before[1],
    )
    return scheme


def _apply(scheme: Scheme, given: Settings, area: Area) -> None:
    _check(scheme, given)
    _check_upper(scheme, given.rolls_up_to, area)
    for name in ("name", "purpose", "audience", "inspections_post", "claims_post", "spendable", "lapse_month"):
        setattr(scheme, name, getattr(given, name))
    for name in ("lapse_day", "month_end_day", "objection_days", "reviews"):
        setattr(scheme, name, getattr(given, name))
    scheme.first_reviewers = ",".join(given.first_reviewers) or FIRST_REVIEWERS
    scheme.floor = None if given.floor is None else given.floor.tenths
    scheme.base = given.base.tenths
    scheme.rolls_up_to_id = given.rolls_up_to.id if given.rolls_up_to else None


def _check(scheme: Scheme, given: Settings) -> None:
    """:raises Invalid: naming the first setting that cannot be."""
    if not given.name:
        raise Invalid("请填写积分办法的名称。", field="name")
    _known(given.audience, AUDIENCES, "audience")
    _known(given.inspections_post, POSTING, "inspections_post")
    _known(given.claims_post, POSTING, "claims_post")
    if not set(given.first_reviewers) <= set(MAY_REVIEW):
        raise Invalid("请从列表里选谁来初审。", field="first_reviewers")
    if given.audience != "all" and scheme.holder_kind != "person":
        raise Invalid("只有记给个人的积分办法能限定哪些人参加。", field="audience")
    if given.base < ZERO:
        raise Invalid("基础分不能是负数。", field="base")
    if given.floor is not None and given.floor > given.base:
        raise Invalid("最低余额不能高于基础分，不然一开户就扣不了分。", field="floor")
    _check_days(given)


def _check_days(given: Settings) -> None:
    ranges = {
        "month_end_day": (given.month_end_day, 1, 28),
        "objection_days": (given.objection_days, 0, 60),
        "reviews": (given.reviews, 0, 2),
    }
    for field, (value, least, most) in ranges.items():
        if not least <= value <= most:
            raise Invalid(f"请填 {least} 到 {most} 的整数。", field=field)
    if (given.lapse_month is None) != (given.lapse_day is None):
        raise Invalid("清零的月和日要一起填，不清零就都留空。", field="lapse_day")
    if given.lapse_month is not None and given.lapse_day is not None:
        _check_date(given.lapse_month, given.lapse_day)


def _check_date(month: int, day: int) -> None:
    """The date must exist in every year, so 29 February is none."""
    try:
        date(2025, month, day)
    except ValueError:
        raise Invalid("没有这个日期，请核对月和日。", field="lapse_day") from None


def _check_notice(scheme: Scheme, given: Settings, now: datetime) -> None:
    """Nobody loses points without the notice.

    :raises Invalid: if points would lapse on a new day that is nearer.
    """
    month, day = given.lapse_month, given.lapse_day
    if month is None or day is None or (month, day) == (scheme.lapse_month, scheme.lapse_day):
        return
    _check_days(given)
    today = clock.local_date(now)
    last = coming_day(month, day, today)
    if today > notice_begins(last) and anybody_loses(scheme.id, last.year):
        first = day_words(today + timedelta(days=NOTICE))
        raise Invalid(
            f"离 {day_words(last)} 只有 {(last - today).days} 天，清零要至少提前 {NOTICE} 天告诉居民。"
            f"请改成 {first} 或更晚的日子，或者过了 {day_words(last)} 再来设。",
            field="lapse_day",
        )


def _check_upper(scheme: Scheme, upper: Scheme | None, area: Area) -> None:
    """Dual points: a household's points reach its courtyard too, in the books of the same area or one above."""
    if upper is None:
        return
    if (scheme.holder_kind, upper.holder_kind) != ("household", "courtyard"):
        raise Invalid("只有住户的积分能汇总到院落的积分办法。", field="rolls_up_to")
    if not area.path.startswith(upper.area.path):
        raise Invalid("只能汇总到本区域或上级区域的院落积分办法。", field="rolls_up_to")


def _known(value: str, words: dict[str, str], field: str) -> str:
    if value not in words:
        raise Invalid("请从列表里选一项。", field=field)
    return value
