"""Sending a claim for one or several households, and keeping what is not sent yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete

from webapp.claims.models import ClaimDraft
from webapp.core import clock, signing
from webapp.core.actor import Actor
from webapp.core.errors import DomainError, Invalid, NotFound
from webapp.core.points import Points
from webapp.extensions import db, insert_into
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.queries import target

LATEST = 31  # days after which something is not claimed any more
MOST_HOUSEHOLDS = 200  # in one claim
DRAFTS_KEPT = timedelta(days=62)
LONGEST_DRAFT = 8000  # characters
_NOON = 12


def claim(
    *,
    actor: Actor,
    holder_ids: Sequence[int],
    rule_version_id: int,
    points: Points | None,
    happened_on: date,
    note: str,
    photos: Sequence[str],
    form_key: str,
    now: datetime,
    brought_by: str = "",
    mends_id: int | None = None,
) -> list[Record]:
    """申报: one record for each holder, all or none. ``form_key``: the form's own, so that a form sent twice claims once.
    What was kept as a draft is removed, but not by a claim at a kiosk, which has none.

    :raises Invalid: without a holder, or for a day to come or too long ago.
    :raises DomainError: what ``records.service.make`` refuses; of several holders the one is named.
    """
    holders = sorted(set(holder_ids))  # locked in one order, so that two claims never wait for each other crosswise
    if not holders or len(holders) > MOST_HOUSEHOLDS:
        raise Invalid("请至少勾选一户。" if not holders else f"一次最多 {MOST_HOUSEHOLDS} 户。", field="households")
    happened_at = _moment(happened_on, now)
    made = []
    for holder_id in holders:
        try:
            one = records.make(
                actor=actor,
                holder_id=holder_id,
                rule_version_id=rule_version_id,
                points=points,
                source="claim",
                note=note,
                photos=photos,
                client_key=_key(form_key, actor, holder_id),
                now=now,
                happened_at=happened_at,
                brought_by=brought_by,
                mends_id=mends_id,
            )
        except DomainError as error:
            _name(error, holder_id, several=len(holders) > 1)
            raise
        made.append(one.record)
    if actor.kind != "kiosk":
        drop_draft(actor)
    return made


def _moment(day: date, now: datetime) -> datetime:
    """:raises Invalid: for a day to come, or too long ago."""
    today = clock.local_date(now)
    if day > today:
        raise Invalid("日期不能晚于今天，请核对。", field="happened_on")
    if day < today - timedelta(days=LATEST):
        raise Invalid(f"只能申报最近 {LATEST} 天内的事，再早的请联系网格员。", field="happened_on")
    return now if day == today else clock.day_bounds(day)[0] + timedelta(hours=_NOON)


def _key(form_key: str, actor: Actor, holder_id: int) -> str:
    author = f"household {actor.household_id}" if actor.household_id else f"user {actor.user_id}"
    return signing.fingerprint(f"claim\0{author}\0{form_key}-{holder_id}")


def _name(error: DomainError, holder_id: int, *, several: bool) -> None:
    """Say whose claim was refused. What the author may not see is not named."""
    error.field = {"happened_at": "happened_on", None: "rule"}.get(error.field, error.field)
    if several and not isinstance(error, NotFound):
        error.message = f"{target(holder_id).shown_name}：{error.message}"


# Drafts ---------------------------------------------------------------------------------------------------------------


def save_draft(*, actor: Actor, payload: str, now: datetime) -> None:
    """Keep what is typed, in place of what was kept before.

    :raises Invalid: for more than a form can hold.
    """
    if len(payload) > LONGEST_DRAFT:
        raise Invalid("内容太多，草稿存不下。请先提交，或分几次申报。")
    values = {"payload": payload, "saved_at": now}
    own = "household_id" if actor.household_id is not None else "user_id"
    statement = insert_into(ClaimDraft).values(household_id=actor.household_id, user_id=actor.user_id, **values)
    db.session.execute(statement.on_conflict_do_update(index_elements=[own], set_=values))


def drop_draft(actor: Actor) -> None:
    db.session.execute(delete(ClaimDraft).where(_of(actor)))


def _of(actor: Actor) -> ColumnElement[bool]:
    if actor.household_id is not None:
        return ClaimDraft.household_id == actor.household_id
    return ClaimDraft.user_id == actor.user_id


def forget_old_drafts(now: datetime) -> int:
    """Drafts that nobody came back to. Returns how many."""
    result = db.session.execute(delete(ClaimDraft).where(ClaimDraft.saved_at < now - DRAFTS_KEPT))
    return int(getattr(result, "rowcount", 0))
