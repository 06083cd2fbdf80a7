"""到期清零: days are announced, and after their end what is left of earlier years lapses, each account once.

A day that could not be announced in time is put off, never hurried: nobody loses points without the notice. A clock that
jumps, or a server that was off, is noticed by a gap since the day was last seen; then nothing lapses for another day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.points import ZERO, Points
from webapp.extensions import db
from webapp.ledger.book import Cause, EntryLine
from webapp.ledger.lapsing import ANNOUNCED
from webapp.ledger.models import Account, Lapse
from webapp.ledger.queries import account_state, entry_of_cause, lapsing_now
from webapp.ledger.service.writing import Posting, write
from webapp.places.service.looks import reason_of
from webapp.schemes.lapsing import NOTICE, coming_day, day_words
from webapp.schemes.models import Scheme

ACCOUNTS_AT_ONCE = 20  # in one transaction: a kiosk that writes waits for one step at most
SEEN_EVERY, GAP, PATIENCE = timedelta(hours=1), timedelta(hours=26), timedelta(hours=24)


# Announcing -----------------------------------------------------------------------------------------------------------


def announce(*, now: datetime) -> int:
    """Keep the coming day of each scheme that has one in time for the notice, and follow what schemes say now.

    Returns how many days are new or changed.
    """
    waiting = {row.scheme_id: row for row in db.session.scalars(select(Lapse).where(Lapse.done_at.is_(None)))}
    schemes = db.session.scalars(select(Scheme).where(Scheme.lapse_month.is_not(None), Scheme.active)).all()
    changed = sum(_follow(scheme, waiting.pop(scheme.id, None), now) for scheme in schemes)
    for row in waiting.values():  # their schemes clear no points any more
        if row.begun_at is None:
            db.session.delete(row)
            changed += 1
    db.session.flush()
    return changed


def _follow(scheme: Scheme, row: Lapse | None, now: datetime) -> int:
    if row is None:
        return _announce_next(scheme, now)
    if row.begun_at is None and _stale(scheme, row, now):
        db.session.delete(row)
        db.session.flush()
        _announce_next(scheme, now)
        return 1
    return _see(row, now)


def _stale(scheme: Scheme, row: Lapse, now: datetime) -> bool:
    """The scheme has another day now, or the row was made by a clock that ran ahead."""
    day = (row.planned_on.month, row.planned_on.day)
    return day != (scheme.lapse_month, scheme.lapse_day) or row.announced_at > now


def _announce_next(scheme: Scheme, now: datetime) -> int:
    today = clock.local_date(now)
    day = coming_day(scheme.lapse_month or 1, scheme.lapse_day or 1, today)
    if (day - today).days > ANNOUNCED or db.session.get(Lapse, (scheme.id, day.year)) is not None:
        return 0
    due_on = max(day, today + timedelta(days=NOTICE)) if (day - today).days < NOTICE else day
    made = Lapse(
        scheme_id=scheme.id, year=day.year, planned_on=day, due_on=due_on, announced_at=now, seen_at=now, not_before=now
    )
    db.session.add(made)
    db.session.flush()
    _log("lapse:announced", made, scheme, now)
    return 1


def _see(row: Lapse, now: datetime) -> int:
    """Note now and then that the day was seen, and wait after a gap: the clock jumped, or the server was off."""
    if row.seen_at <= now < row.seen_at + SEEN_EVERY:
        return 0
    if now > row.seen_at + GAP:
        row.not_before = now + PATIENCE
    elif now < row.seen_at:
        row.not_before = min(row.not_before, now + PATIENCE)
    row.seen_at = now
    return 0


# Lapsing --------------------------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """What one step did: accounts looked at, and whether the day is done; None if no day is due."""

    looked_at: int
    done: bool


def lapse_some(*, now: datetime) -> Step | None:
    """One step of a day that is over, in a transaction of its own; whoever calls again goes on where the last stopped."""
    statement = (
        select(Lapse)
        .where(Lapse.done_at.is_(None), Lapse.due_on < clock.local_date(now), Lapse.not_before <= now)
        .order_by(Lapse.due_on, Lapse.scheme_id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = db.session.scalars(statement).one_or_none()
    if row is None:
        return None
    row.begun_at = row.begun_at or now
    scheme = db.session.get_one(Scheme, row.scheme_id)
    ids = _next_accounts(row)
    for account_id in ids:
        line = lapse_account(account_id=account_id, year=row.year, due_on=row.due_on, floor=scheme.floor, now=now)
        if line is not None:
            row.accounts, row.points = row.accounts + 1, row.points - line.amount.tenths
    row.upto = ids[-1] if ids else row.upto
    if not ids:
        row.done_at = now
        _log("lapse:done", row, scheme, now, accounts=row.accounts, points=str(Points(row.points)))
    db.session.flush()
    return Step(len(ids), done=not ids)


def _next_accounts(row: Lapse) -> list[int]:
    statement = (
        select(Account.id)
        .where(
            Account.scheme_id == row.scheme_id,
            Account.id > row.upto,
            Account.balance > Account.held,
            Account.locks == 0,
        )
        .order_by(Account.id)
        .limit(ACCOUNTS_AT_ONCE)
    )
    return list(db.session.scalars(statement))


def lapse_account(*, account_id: int, year: int, due_on: date, floor: int | None, now: datetime) -> EntryLine | None:
    """One account on its day: one entry, whose cause is the year, so that it can never be there twice. None if nothing
    lapses. Held points stay, those of a locked account, and what was rolled up to a courtyard."""
    db.session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    account, cause = account_state(account_id), Cause("lapse", year)
    points = lapsing_now(account, year, floor)
    if points <= ZERO or entry_of_cause(cause, account_id) is not None:
        return None
    posting = Posting(
        amount=-points,
        kind="lapse",
        cause=cause,
        title="到期清零",
        note=f"{year - 1} 年底以前得的分，到 {due_on.year} 年 {day_words(due_on)}还没有用",
        happened_on=due_on,
    )
    return write(account_id, posting, SYSTEM, now)


def _log(action: str, row: Lapse, scheme: Scheme, now: datetime, **detail: object) -> None:
    log(
        SYSTEM,
        action,
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        due_on=row.due_on,
        **detail,
    )


def note_lapse_export(*, actor: Actor, now: datetime, scheme: Scheme, rows: int, filtered: str, reason: str) -> str:
    """Write down that a list of who loses points leaves the software. Returns the reason as kept.

    :raises Invalid: without a reason.
    """
    kept = reason_of(reason)
    log(
        actor,
        "lapse:exported",
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        rows=rows,
        filtered=filtered,
        reason=kept,
    )
    return kept
