"""The slip (余额小票): what the paper says, its check code, and comparing it with the book years later.

Printing changes no points: a slip only keeps the words that were printed, and the book's head at that moment.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from webapp.audit.queries import times_logged
from webapp.audit.service import log
from webapp.core import clock, signing
from webapp.core.actor import Actor
from webapp.core.errors import NotFound
from webapp.core.points import show, show_signed
from webapp.core.text import mask_name, normalise_code
from webapp.extensions import db
from webapp.kiosk.models import Slip
from webapp.kiosk.queries import Balance, Terminal, Visit
from webapp.ledger.queries import entry
from webapp.reviews.queries import Listed, unread_of_household

CODE_LENGTH = 8  # base32 characters: 40 bits, enough for look-ups that are limited (conventions.md, section 9)
LINES = 5
MOST_OBJECTIONS, LONGEST_ANSWER = 2, 60  # what fits on the paper
_REFERENCE = re.compile(r"S?([0-9]{6,9})([0-9A-HJKMNP-TV-Z]{8})")


@dataclass(frozen=True, slots=True)
class SlipLine:
    day: str
    title: str
    amount: str


@dataclass(frozen=True, slots=True)
class SlipContent:
    """The words on the paper, as text: nothing is worked out anew when it is shown again."""

    community: str
    station: str
    household: str
    name: str
    at: str
    available: str
    balance: str
    held: str
    waiting: str
    month: str
    lines: tuple[SlipLine, ...]
    entries: int
    head: str
    lapse: str = ""  # slips of before had no such line
    objections: tuple[str, ...] = ()  # nor these


@dataclass(frozen=True, slots=True)
class ShownSlip:
    """A slip to print or check: ``code`` is shown in two groups of four, ``same_book`` says that the account's book
    up to that moment is still what it was, ``book_balance`` what it says of the balance then (empty: it has no such line)."""

    id: int
    number: str
    code: str
    copies: int
    content: SlipContent
    same_book: bool
    book_balance: str

    @property
    def reference(self) -> str:
        """What the QR and the address carry: digits and code, in capitals."""
        return f"{self.id:06d}-{self.code}"


def issue(*, terminal: Terminal, visit: Visit, balance: Balance, key: str, now: datetime) -> ShownSlip:
    """Keep what is about to be printed, and number it."""
    content = _content(terminal, visit, balance, now)
    row = Slip(
        household_id=visit.household_id,
        account_id=visit.account_id,
        device_id=terminal.device_id,
        visit_id=visit.id,
        content=json.dumps(asdict(content), ensure_ascii=False, separators=(",", ":")),
        copies=1,
        printed_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return _shown(row, key)


def print_again(*, actor: Actor, slip_id: int, terminal: Terminal, visit: Visit, key: str, now: datetime) -> ShownSlip:
    """One more copy of a slip of this visit; the copy says that it is one, and the audit log that it was made.

    :raises NotFound: if it is not this visit's.
    """
    row = db.session.get(Slip, slip_id)
    if row is None or row.visit_id != visit.id:
        raise NotFound("没有这张小票，请重新打印一张。")
    db.session.execute(update(Slip).where(Slip.id == slip_id).values(copies=Slip.copies + 1))
    db.session.refresh(row)
    log(
        actor,
        "slip:reprinted",
        now=now,
        object_kind="slip",
        object_id=row.id,
        area_path=terminal.area_path,
        number=row.number,
        copies=row.copies,
    )
    return _shown(row, key)


def voucher_printed(*, actor: Actor, voucher_id: int, area_path: str, now: datetime) -> int:
    """Remember that a voucher was printed. Returns which paper it is: 1 the first, 2 its first copy."""
    before = times_logged("voucher:printed", "voucher", voucher_id)
    log(actor, "voucher:printed", now=now, object_kind="voucher", object_id=voucher_id, area_path=area_path)
    return before + 1


def of_visit(*, slip_id: int, visit_id: int, key: str) -> ShownSlip:
    """:raises NotFound: if it is not this visit's."""
    row = db.session.get(Slip, slip_id)
    if row is None or row.visit_id != visit_id:
        raise NotFound("没有这张小票，请重新打印一张。")
    return _shown(row, key)


def check(reference: str, *, key: str) -> ShownSlip:
    """The slip with this number and check code, as scanned or typed (``004211-8KQ2XM4T``, ``S-004211 8KQ2-XM4T``).

    :raises NotFound: if number and code do not belong together; it does not say which is wrong.
    """
    refusal = NotFound("编号和校验码对不上。请照小票再输一次；还是不对，请带上小票到服务台核对。")
    match = _REFERENCE.fullmatch(normalise_code(reference))
    row = db.session.get(Slip, int(match.group(1))) if match else None
    if match is None or row is None or not signing.same(_code(row, key), match.group(2)):
        raise refusal
    return _shown(row, key)


def _content(terminal: Terminal, visit: Visit, balance: Balance, now: datetime) -> SlipContent:
    account = balance.account
    lines = tuple(
        SlipLine(
            line.day.strftime("%m-%d"),
            f"{line.title}{'（待审）' if line.waiting else ''}{f'（{line.rectify}）' if line.rectify else ''}",
            show_signed(line.amount.tenths),
        )
        for line in balance.lines[:LINES]
    )
    return SlipContent(
        community=terminal.community,
        station=f"{terminal.station} {terminal.name}",
        household=visit.number,
        name=mask_name(visit.name),
        at=clock.local(now).strftime("%Y-%m-%d %H:%M:%S"),
        available=show(account.available.tenths),
        balance=show(account.balance.tenths),
        held=show(account.held.tenths),
        waiting=show_signed(balance.waiting.tenths),
        month=show_signed(account.this_month(clock.month_of(now)).tenths),
        lines=lines,
        entries=account.entries,
        head=account.head,
        lapse=balance.lapse.words if balance.lapse else "",
        objections=_objections(visit.household_id, now),
    )


def _objections(household_id: int, now: datetime) -> tuple[str, ...]:
    """What is open, and what was answered since the last slip."""
    last = db.session.scalar(select(func.max(Slip.printed_at)).where(Slip.household_id == household_id))
    unread = unread_of_household(household_id, last, clock.local_date(now))
    shown = tuple(_objection_words(one) for one in unread[:MOST_OBJECTIONS])
    left = len(unread) - len(shown)
    return (*shown, f"还有 {left} 条异议，请看自助终端") if left else shown


def _objection_words(one: Listed) -> str:
    objection, what = one.objection, f"{one.label}异议「{one.line.title}」"
    if not objection.settled:
        return f"{what}{one.state}，{one.due_on.month}月{one.due_on.day}日前答复"
    answer = objection.answer
    return f"{what}{one.state}：{answer if len(answer) <= LONGEST_ANSWER else answer[:LONGEST_ANSWER] + '…'}"


def _code(row: Slip, key: str) -> str:
    """Over number and words: a changed row has another code than the paper."""
    words = hashlib.sha256(row.content.encode()).hexdigest()
    return signing.keyed_code(key, "slip", f"{row.number}:{row.account_id}:{words}", CODE_LENGTH)


def _shown(row: Slip, key: str) -> ShownSlip:
    data = json.loads(row.content)
    lines = tuple(SlipLine(**line) for line in data.pop("lines"))
    objections = tuple(data.pop("objections", ()))
    content = SlipContent(lines=lines, objections=objections, **data)
    return ShownSlip(row.id, row.number, _code(row, key), row.copies, content, *_book(row.account_id, content))


def _book(account_id: int, content: SlipContent) -> tuple[bool, str]:
    """Whether the book up to the slip's last line is what it was, and the balance that it gives there."""
    if content.entries == 0:
        return True, content.balance
    try:
        last = entry(account_id, content.entries)
    except NotFound:
        return False, ""
    balance = show(last.balance_after.tenths)
    return last.hash == content.head and balance == content.balance, balance
