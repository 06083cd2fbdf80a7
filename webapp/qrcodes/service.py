"""Making, replacing and revoking codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from webapp.audit.service import log, only_area
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Invalid, NotFound
from webapp.core.text import random_code
from webapp.extensions import db
from webapp.places.models import Area, Holder
from webapp.qrcodes.digits import random_digits
from webapp.qrcodes.models import Code

TOKEN_LENGTH = 12  # base32 characters: 60 random bits
#: Which holders have which kind of code.
KIND_OF = {"courtyard": "plate", "shop": "plate", "household": "card"}
BATCH = 1000


def make_missing(*, holder_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Give a first (or, after a revocation, a new) code to each of these holders that has none. Returns how many."""
    made = 0
    for start in range(0, len(holder_ids), BATCH):
        made += _make_batch(holder_ids[start : start + BATCH], actor, now)
    if made:
        path = only_area(actor.scope("codes.print"))
        log(actor, "code:made", now=now, object_kind="code", area_path=path, count=made)
    return made


def _make_batch(holder_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    has = select(Code.holder_id).where(Code.state == "active")
    lacking = db.session.execute(
        select(Holder.id, Holder.kind, Area.path)
        .join(Area, Area.id == Holder.area_id)
        .where(Holder.id.in_(holder_ids), Holder.active, Holder.kind.in_(KIND_OF), Holder.id.not_in(has))
        .order_by(Holder.id)
    ).all()
    for _, _, path in lacking:
        actor.must("codes.print", path)
    versions = _last_versions([row.id for row in lacking])
    rows = [
        _values(row.id, KIND_OF[row.kind], versions.get(row.id, 0) + 1, digits, now)
        for row, digits in zip(lacking, _free_digits(len(lacking)), strict=True)
    ]
    if rows:
        db.session.execute(insert(Code), rows)
    return len(rows)


def _last_versions(holder_ids: Sequence[int]) -> dict[int, int]:
    found = select(Code.holder_id, Code.version).where(Code.holder_id.in_(holder_ids)).order_by(Code.version)
    return {holder_id: version for holder_id, version in db.session.execute(found)}


def _values(holder_id: int, kind: str, version: int, digits: str, now: datetime) -> dict[str, object]:
    return {
        "kind": kind,
        "holder_id": holder_id,
        "token": random_code(TOKEN_LENGTH),
        "digits": digits,
        "version": version,
        "state": "active",
        "created_at": now,
    }


def _free_digits(count: int) -> list[str]:
    """So many different numbers that no code has. Nine million for a county's few tens of thousands of plates: a second
    draw is common in a batch, a tenth never needed."""
    free: set[str] = set()
    for _ in range(10):
        drawn = {random_digits() for _ in range(count - len(free))} - free
        free |= drawn - set(db.session.scalars(select(Code.digits).where(Code.digits.in_(drawn))))
        if len(free) == count:
            return list(free)
    raise Invalid("编号快用完了，请联系系统管理员。")


def replace(*, code: Code, reason: str, actor: Actor, now: datetime) -> Code:
    """更换: a new code, one version up; the old one says so when it is scanned.

    :raises AlreadyUsed: if it is not in use any more.
    """
    _end(code, "replaced", reason, actor, now)
    new = Code(**_values(code.holder_id, code.kind, code.version + 1, _free_digits(1)[0], now))
    db.session.add(new)
    db.session.flush()
    return new


def revoke(*, code: Code, reason: str, actor: Actor, now: datetime) -> None:
    """作废: it opens nothing any more, and no new one takes its place until one is printed.

    :raises AlreadyUsed: if it is not in use any more.
    """
    _end(code, "revoked", reason, actor, now)


def _end(code: Code, state: str, reason: str, actor: Actor, now: datetime) -> None:
    path = db.session.get_one(Area, code.holder.area_id).path
    actor.must("codes.manage", path)
    if not reason:
        raise Invalid("请写明原因。", field="reason")
    ended = (
        update(Code)
        .where(Code.id == code.id, Code.state == "active")
        .values(state=state, ended_at=now, end_note=reason)
        .execution_options(synchronize_session=False)
    )
    if getattr(db.session.execute(ended), "rowcount", 0) != 1:
        raise AlreadyUsed("这个码已经更换或作废过了。")
    db.session.refresh(code)
    log(
        actor,
        f"{code.kind}:{state}",
        now=now,
        object_kind="code",
        object_id=code.id,
        area_path=path,
        number=code.holder.number,
        version=code.version,
        reason=reason,
    )


def code_of(code_id: int) -> Code:
    """:raises NotFound: if there is none."""
    found = db.session.get(Code, code_id)
    if found is None:
        raise NotFound("没有这个码。")
    return found
