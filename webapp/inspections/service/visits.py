"""What is written down at a courtyard of a round: marks, or that nobody could get in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed, NotFound
from webapp.core.points import Points, show
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.inspections.models import Round, RoundPlace, RoundSheet
from webapp.inspections.ranking import Item, SheetText
from webapp.records.queries import Target, target
from webapp.records.service import MOST_PHOTOS, why_recused

#: Why a courtyard could not be inspected.
SHUT_REASONS = ("院里没有人", "院门锁着", "正在施工", "主人不让进", "其他")
MOST_NOTE = 200


class Inspector(NamedTuple):
    """Who walked and marked a sheet of paper that somebody else types in."""

    user_id: int
    person_id: int
    label: str


class Taken(Conflict):
    """Somebody else wrote this courtyard down since the page was opened."""


def score(
    *,
    actor: Actor,
    round_id: int,
    courtyard_id: int,
    marks: Sequence[Points | None],
    note: str,
    photos: Sequence[str],
    seen: int,
    now: datetime,
    by: Inspector | None = None,
) -> RoundPlace:
    """Mark a courtyard, or mark it anew until the round ends; each sheet is kept. ``seen``: the version of the courtyard's
    sheet that the page showed (0: none). ``by``: who inspected on paper; then photos are not asked for.

    :raises NotFound: for a courtyard that is not in the round, or outside the actor's areas.
    :raises AlreadyUsed: once the round has ended.
    :raises NotAllowed: for recusal.
    :raises Invalid: for marks or proof that cannot be.
    :raises Taken: if a newer sheet is there than the page showed.
    """
    place, found, whom = _place(actor, round_id, courtyard_id, by)
    text = found.sheet.text
    given = checked_marks(text, marks)
    total, note = sum(given), _note(note)
    if by is None:
        _check_proof(text, total, photos)
    _check_seen(place, seen)
    place.state, place.score = "scored", total
    _write(place, RoundSheet(marks=json.dumps(given), score=total, note=note, photos=",".join(photos)), actor, by, now)
    _log(actor, "round:scored", place, whom, now, score=show(total))
    return place


def shut(
    *,
    actor: Actor,
    round_id: int,
    courtyard_id: int,
    reason: str,
    note: str = "",
    seen: int,
    now: datetime,
    by: Inspector | None = None,
) -> RoundPlace:
    """进不去: the courtyard counts as not visited, unless somebody comes again and marks it.

    :raises Invalid: without one of the reasons. Other refusals as ``score``.
    """
    place, _, whom = _place(actor, round_id, courtyard_id, by)
    if reason not in SHUT_REASONS:
        raise Invalid("请选为什么进不去。", field="reason")
    _check_seen(place, seen)
    place.state, place.score = "shut", None
    _write(place, RoundSheet(marks="[]", score=None, reason=reason, note=_note(note)), actor, by, now)
    _log(actor, "round:shut", place, whom, now, reason=reason)
    return place


def checked_marks(text: SheetText, marks: Sequence[Points | None]) -> list[int]:
    """The marks in tenths. :raises Invalid: naming the item whose mark is missing or cannot be."""
    if len(marks) != len(text.items):
        raise Invalid("评分表换过了，请返回重新打开再打分。", field="marks")
    return [_mark(item, mark, number) for number, (item, mark) in enumerate(zip(text.items, marks, strict=True))]


def _mark(item: Item, mark: Points | None, number: int) -> int:
    if mark is None:
        raise Invalid(f"「{item.name}」还没有打分。", field=f"mark_{number}")
    if mark.tenths > item.full:
        raise Invalid(f"「{item.name}」满分 {show(item.full)} 分，不能打 {mark} 分。", field=f"mark_{number}")
    if mark.tenths < 0 or mark.tenths not in item.steps:
        raise Invalid(f"「{item.name}」每 {show(item.step)} 分一档，不能打 {mark} 分。", field=f"mark_{number}")
    return mark.tenths


def _check_proof(text: SheetText, total: int, photos: Sequence[str]) -> None:
    if len(photos) > MOST_PHOTOS:
        raise Invalid(f"照片最多 {MOST_PHOTOS} 张，请去掉几张。", field="photos")
    if text.proof == "photo" and not photos:
        raise Invalid("这张评分表要求每个院都拍照片，请拍一张再保存。", field="photos")
    if text.proof == "loss" and not photos and total < text.full:
        raise Invalid("扣了分的要拍照片为证，请拍一张再保存。", field="photos")


def _note(note: str) -> str:
    note = normalise_prose(note)
    if len(note) > MOST_NOTE:
        raise Invalid(f"说明最多 {MOST_NOTE} 个字。", field="note")
    return note


def _check_seen(place: RoundPlace, seen: int) -> None:
    if place.version != seen:
        raise Taken(
            "您打开这一页以后，别人已经记了这个院，您的还没有保存。请看下面别人记的；确实要改，核对后再保存一次。"
        )


def _place(actor: Actor, round_id: int, courtyard_id: int, by: Inspector | None) -> tuple[RoundPlace, Round, Target]:
    """The courtyard's row, locked: two who save at once follow one another."""
    statement = select(Round).where(Round.id == round_id).with_for_update(of=Round, read=True)
    found = db.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    rows = select(RoundPlace).where(RoundPlace.round_id == round_id, RoundPlace.courtyard_id == courtyard_id)
    place = db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None or place is None:
        raise NotFound("这个院不在这一轮检查里。新登记的院落下一轮再查。")
    whom = target(courtyard_id)
    if not actor.may("records.make" if by is None else "rounds.enter", whom.path):
        raise NotFound("没有这个院落，或它不在您负责的范围内。")
    if found.state != "open":
        raise AlreadyUsed("这一轮检查已经结束，不能再打分。有问题请告诉社区。")
    why = why_recused(whom, by.person_id if by else actor.person_id)
    if why:
        raise NotAllowed(f"{why}，按规定要回避，请同事来查。" if by is None else f"{by.label}：{why}，按规定要回避。")
    return place, found, whom


def _write(place: RoundPlace, sheet: RoundSheet, actor: Actor, by: Inspector | None, now: datetime) -> None:
    place.version += 1
    sheet.round_id, sheet.courtyard_id, sheet.version = place.round_id, place.courtyard_id, place.version
    sheet.user_id, sheet.label = (by.user_id, by.label) if by else (actor.user_id, actor.label)
    sheet.typed_by, sheet.at = actor.label if by else "", now
    db.session.add(sheet)
    db.session.flush()


def _log(actor: Actor, action: str, place: RoundPlace, whom: Target, now: datetime, **more: str) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="round",
        object_id=place.round_id,
        area_path=whom.path,
        holder=place.courtyard_id,
        version=place.version,
        **more,
    )
