"""Earned and deducted points, their roll-up to the courtyard, and reversals."""

from __future__ import annotations

from datetime import datetime

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, InsufficientPoints
from webapp.core.points import ZERO, Points
from webapp.ledger.book import ROLL_UP, Cause, EntryLine
from webapp.ledger.queries import rolled_up
from webapp.ledger.replay import bucket_of
from webapp.ledger.service.accounts import open_account
from webapp.ledger.service.writing import LONGEST_NOTE, LONGEST_TITLE, Posting, Written, write, write_if_open
from webapp.schemes.queries import scheme

#: What ``post`` writes; the other kinds have verbs of their own.
POSTED = ("base", "record", "lapse")


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
    written = _write(holder_id, scheme_id, posting, actor, now)
    upper_id, courtyard_id = written.upper_id, written.courtyard_id
    if rolls_up and posting.kind == "record" and upper_id is not None and courtyard_id is not None:
        _write(courtyard_id, upper_id, roll_up(posting), actor, now)
    return written.line


def _write(holder_id: int, scheme_id: int, posting: Posting, actor: Actor, now: datetime) -> Written:
    """To the account of the holder, which is opened if it is not there yet."""
    written = write_if_open(holder_id, scheme_id, posting, actor, now)
    if written is None:
        account = open_account(holder_id=holder_id, scheme_id=scheme_id, now=now)
        written = write_if_open(holder_id, scheme_id, posting, actor, now)
    if written is None:
        raise too_little(account.balance - account.held, scheme(scheme_id).floor or 0)
    return written


def too_little(available: Points, floor: int) -> InsufficientPoints:
    return InsufficientPoints(f"积分不够：最多还能减 {max(available - Points(floor), ZERO)} 分。")


def roll_up(posting: Posting) -> Posting:
    """The courtyard gets what its household earned or lost; what is spent stays the household's own affair."""
    return Posting(
        amount=posting.amount,
        kind="roll_up",
        cause=Cause(ROLL_UP + posting.cause.kind, posting.cause.id),
        title=posting.title,
        note="住户积分汇总到院落",
        happened_on=posting.happened_on,
        guarded=False,
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
    line = write(entry.account_id, _reversal(entry, cause, reason, now), actor, now)
    rolled = rolled_up(entry) if entry.kind == "record" else None
    if rolled is not None:
        up = Cause(ROLL_UP + cause.kind, cause.id)
        write(rolled.account_id, _reversal(rolled, up, reason, now), actor, now)
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
        older=clock.local_date(entry.posted_at).year < clock.local_date(now).year,
        undoes=entry.kind,
    )
