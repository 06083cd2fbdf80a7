"""一级指标: added, renamed, reordered. They are never removed, month totals are kept by them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.extensions import db
from webapp.schemes.models import Category, Scheme
from webapp.schemes.service.settings import lock


def add_category(
    *, scheme: Scheme, code: str, name: str, actor: Actor, now: datetime, position: int | None = None
) -> Category:
    """A new category; without a position it comes last.

    :raises Invalid: without code or name.
    :raises Conflict: if the scheme has a category of this code.
    """
    actor.must("schemes.edit", scheme.area.path)
    if not code:
        raise Invalid("请填写编号。", field="code")
    lock(scheme)
    taken = select(Category.id).where(Category.scheme_id == scheme.id, Category.code == code)
    if db.session.scalar(taken) is not None:
        raise Conflict("这个编号已经有一级指标在用。", field="code")
    place = _last_position(scheme) + 1 if position is None else position
    category = Category(scheme_id=scheme.id, code=code, name=_named(name), position=place)
    db.session.add(category)
    db.session.flush()
    _log("category:added", category, scheme, actor, now)
    return category


def change_category(*, category: Category, name: str, position: int, actor: Actor, now: datetime) -> None:
    """Rename or reorder a category; its code stays, entries point at it.

    :raises Invalid: without a name.
    """
    actor.must("schemes.edit", category.scheme.area.path)
    category.name, category.position = _named(name), position
    db.session.flush()
    _log("category:changed", category, category.scheme, actor, now)


def _named(name: str) -> str:
    if not name:
        raise Invalid("请填写一级指标的名称。", field="name")
    return name


def _last_position(scheme: Scheme) -> int:
    last = select(func.max(Category.position)).where(Category.scheme_id == scheme.id)
    return db.session.scalar(last) or 0


def _log(action: str, category: Category, scheme: Scheme, actor: Actor, now: datetime) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        code=category.code,
        name=category.name,
        position=category.position,
    )
