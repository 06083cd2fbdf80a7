"""Earned and deducted points, their roll-up to the courtyard, and reversals."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, NotFound
from webapp.ledger.book import ROLL_UP, Cause, EntryLine
from webapp.ledger.queries import rolled_up
from webapp.ledger.replay import bucket_of
from webapp.ledger.service.accounts import open_account
from webapp.ledger.service.writing import LONGEST_NOTE, LONGEST_TITLE, NO_FLOOR, Posting, write, write_if_open
from webapp.places.models import Household
from webapp.prepared import Prepared
from webapp.schemes.models import Scheme

#: What ``post`` writes; the other kinds have verbs of their own.
POSTED = ("base", "record", "lapse")
_scheme, _household = Scheme.__table__.c, Household.__table__.c
_TERMS = Prepared(
    select(_scheme.floor, _scheme.rolls_up_to_id, _household.courtyard_id)
    .select_from(Scheme.__table__)
    .outerjoin(Household.__table__, _household.id == bindparam("holder"))
    .where(_scheme.id == bindparam("scheme"))
)


def post(
    *, holder_id: int, scheme_id: int, posting: Posting, actor: Actor, now: datetime, rolls_up: bool = True
) -> EntryLine:
    """Write one entry, and in the same transaction the roll-up to the courtyard if the scheme has one.

    Rule: the same cause can never post twice; a guarded deduction never goes below the scheme's floor
    (domain.md, section 4). What is not guarded counts in full, even below zero.

    :raises AlreadyUsed: if this cause has posted to this account before.
    :raises InsufficientPoints: if a guarded amount would go below the floor.
    :raises NotFound: if there is no such holder or scheme.
    :raises Conflict: if the scheme is not for this kind of holder.
    """
    if posting.kind not in POSTED:
        raise ValueError(f"{posting.kind} is not posted but has a verb of its own")
    terms = _TERMS.first(holder=holder_id, scheme=scheme_id)
    if terms is None:
        raise NotFound("没有这个积分办法。")
    floor, upper_id, courtyard_id = terms
    least = floor if posting.guarded and posting.amount.tenths < 0 and floor is not None else NO_FLOOR
    line = _write(holder_id, scheme_id, posting, actor, now, least)
    if rolls_up and posting.kind == "record" and upper_id is not None and courtyard_id is not None:
        _write(courtyard_id, upper_id, _roll_up(posting), actor, now, NO_FLOOR)
    return line


def _write(holder_id: int, scheme_id: int, posting: Posting, actor: Actor, now: datetime, least: int) -> EntryLine:
    """To the account of the holder, which is opened if it is not there yet."""
    line = write_if_open(holder_id, scheme_id, posting, actor, now, least)
    if line is not None:
        return line
    account = open_account(holder_id=holder_id, scheme_id=scheme_id, now=now)
    return write(account.id, posting, actor, now, least)


def _roll_up(posting: Posting) -> Posting:
    """The courtyard gets what its household earned or lost; what is spent stays the household's own affair."""
    return Posting(
        amount=posting.amount,
        kind="roll_up",
        cause=Cause(ROLL_UP + posting.cause.kind, posting.cause.id),
        title=posting.title,
        note="住户积分汇总到院落",
        happened_on=posting.happened_on,
    )


def reverse(*, entry: EntryLine, cause: Cause, reason: str, actor: Actor, now: datetime) -> EntryLine:
    """冲正: a new entry that takes an entry back; the old one stays as it was. Its roll-up is taken back as well, from
    the courtyard that got it, wherever the household lives now.

    A reversal is never refused for lack of points: it restores the truth, even below zero.

    :raises AlreadyUsed: if the entry was reversed before.
    :raises Conflict: if the entry is itself a reversal, or came by a roll-up.
    """
    if entry.kind == "reversal":
        raise Conflict("冲正不能再冲正。如果冲错了，请重新记一笔。")
    if entry.kind == "roll_up":
        raise Conflict("这一笔是住户积分汇总来的，请冲正住户的那一笔。")
    line = write(entry.account_id, _reversal(entry, cause, reason, now), actor, now, NO_FLOOR)
    rolled = rolled_up(entry) if entry.kind == "record" else None
    if rolled is not None:
        up = Cause(ROLL_UP + cause.kind, cause.id)
        write(rolled.account_id, _reversal(rolled, up, reason, now), actor, now, NO_FLOOR)
    return line


def _reversal(entry: EntryLine, cause: Cause, reason: str, now: datetime) -> Posting:
    return Posting(
        amount=-entry.amount,
        kind="reversal",
        cause=cause,
        title=f"冲正：{entry.title}"[:LONGEST_TITLE],
        note=reason[:LONGEST_NOTE],
        category_id=entry.category_id,
        happened_on=clock.local_date(now),
        reverses=entry.seq,
        bucket=bucket_of(entry.kind, entry.amount.tenths),
    )
