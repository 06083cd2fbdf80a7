"""What a code stands for, and whether the paper that carries it agrees with the book."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from webapp.core.errors import NotFound
from webapp.core.points import show, show_signed
from webapp.core.text import normalise, normalise_code
from webapp.extensions import db
from webapp.kiosk.service import slips
from webapp.kiosk.service.slips import ShownSlip
from webapp.ledger.queries import hashes_of_causes
from webapp.ledger.verify import Fault, WrongRowError
from webapp.records.models import Record
from webapp.reviews import proof, sealing
from webapp.reviews.models import CommunityMonth, PublicationLine
from webapp.reviews.queries import publication_by_token

UNKNOWN = "没有这个号。请照纸上的码再输一次；还是没有，请带上纸到服务中心核对。不是本系统印的纸，这里查不到。"
SEAL_CODE = 16  # hexadecimal characters of the signature, as printed
_ADDRESS = re.compile(r"/(SLIP|VERIFY|P)/([^/?#\s]+)(?:/([0-9]{1,6}))?", re.I)
_NUMBER = re.compile(r"第?\s*([0-9]{1,6})\s*条$")
_SEALED = re.compile(r"([0-9A-F]{16})([0-9]{0,6})")


class Asked(NamedTuple):
    """A code in its one form: ``kind`` is slip, seal or link; ``number`` of a line, 0 for the whole sheet."""

    kind: str
    code: str
    number: int = 0


def asked(typed: str) -> Asked:
    """What was scanned or typed: an address, a slip's number and code, a sheet's code with or without a line's number.

    Full-width characters, blanks, dashes and lower case do not matter.
    """
    text = normalise(typed)[:200]
    address = _ADDRESS.search(text)
    if address:
        code, number = address[2], int(address[3] or 0)
        return Asked("link", code) if address[1].upper() == "P" else _code(code, number)
    line = _NUMBER.search(text)
    return _code(text[: line.start()], int(line[1])) if line else _code(text, 0)


def _code(text: str, number: int) -> Asked:
    code = normalise_code(text)
    sealed = _SEALED.fullmatch(code)
    if sealed and _sealed(sealed[1]) is not None:
        return Asked("seal", sealed[1], number or int(sealed[2] or 0))
    return Asked("slip", code)


def _sealed(code: str) -> CommunityMonth | None:
    statement = select(CommunityMonth).where(CommunityMonth.signature.startswith(code.lower(), autoescape=True))
    return db.session.scalars(statement.limit(1)).first()


# Answers --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """``rows``: what it is about, what the paper says, what the book says now. ``month`` is there for publications,
    ``slip`` for slips; ``public_key`` is the seal's, ``own_key`` whether it is this installation's."""

    what: str
    right: bool
    text: str
    rows: tuple[tuple[str, str, str], ...]
    month: CommunityMonth | None = None
    number: int = 0
    slip: ShownSlip | None = None

    @property
    def words(self) -> str:
        book = "公示账" if self.month else "账本"
        return f"真的，与{book}一致" if self.right else f"与{book}不一致"

    @property
    def seal(self) -> str:
        return sealing.code_of(self.month.signature or "") if self.month else ""


def answer(found: Asked, key: str) -> Answer:
    """:raises NotFound: for a code that belongs to nothing; it does not say what is wrong with it."""
    if found.kind == "slip":
        return of_slip(found.code, key)
    if found.kind == "link":
        try:
            return of_publication(publication_by_token(found.code), 0)
        except NotFound as error:
            raise NotFound(UNKNOWN) from error
    row = _sealed(found.code)
    if row is None:
        raise NotFound(UNKNOWN)
    return of_publication(row, found.number)


def of_slip(reference: str, key: str) -> Answer:
    """:raises NotFound: if number and check code do not belong together."""
    try:
        slip = slips.check(reference, key=key)
    except NotFound as error:
        raise NotFound(UNKNOWN) from error
    said = slip.content
    right = "这张小票是真的，打印那时的账本到今天没有改动过。"
    wrong = "这张小票是真的，但账本和打印那时不同。请保管好小票，带到社区核对。"
    rows = (
        ("余额", f"{said.balance} 分", f"{slip.book_balance} 分" if slip.book_balance else "没有这一条了"),
        ("账本", f"到第 {said.entries} 条", "没有改动" if slip.same_book else "改动过"),
    )
    return Answer(f"小票 {slip.number}", slip.same_book, right if slip.same_book else wrong, rows, slip=slip)


def of_publication(row: CommunityMonth, number: int) -> Answer:
    """A whole publication, or one line of it. Chain, seal and book are worked out anew.

    :raises NotFound: for the number of a line that there is not.
    """
    line = db.session.get(PublicationLine, (row.id, number)) if number else None
    if number and line is None:
        raise NotFound(f"这份公示没有第 {number} 条，一共 {row.lines} 条。请看清纸上的序号再输一次。")
    fault = fault_of(row)
    name = f"{row.community.name} {row.month // 100} 年 {row.month % 100} 月积分公示"
    rows = _line_rows(line, named=row.minus_names) if line else _sheet_rows(row)
    return Answer(
        f"{name} 第 {number} 条" if line else name,
        fault is None,
        _said(fault, line is not None),
        rows,
        month=row,
        number=number,
    )


def fault_of(row: CommunityMonth) -> Fault | None:
    """What is wrong with a publication now; None if all is as it was sealed."""
    try:
        proof.check_month(db.session.connection(), row.id)
    except WrongRowError as error:
        return error.fault
    return None


def _said(fault: Fault | None, one_line: bool) -> str:
    if fault is None:
        return f"{'这一条' if one_line else '这份公示'}从公示那天到现在没有改过。请看这里写的和纸上是不是一样。"
    where = re.search(r"number=(\d+)", fault.key)
    place = f"第 {where[1]} 条" if where else "封账"
    return f"账里的{place}和公示那天不同，这份公示被改动过。请保管好手里的纸，带到社区或上级部门核对。"


def _sheet_rows(row: CommunityMonth) -> tuple[tuple[str, str, str], ...]:
    """The paper's figures are those that were sealed; beside them what the lines add up to now."""
    sealed = json.loads(row.content or "{}")
    points = list(db.session.scalars(select(PublicationLine.points).where(PublicationLine.month_id == row.id)))
    earned, deducted = sum(one for one in points if one > 0), -sum(one for one in points if one < 0)
    return (
        ("条数", f"{sealed.get('lines', '—')} 条", f"{len(points)} 条"),
        ("加分", f"{show(sealed.get('earned', 0))} 分", f"{show(earned)} 分"),
        ("扣分", f"{show(sealed.get('deducted', 0))} 分", f"{show(deducted)} 分"),
    )


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _line_rows(line: PublicationLine, *, named: bool) -> tuple[tuple[str, str, str], ...]:
    """What was published, masked (deductions without a name unless the community decided so: ``named``), beside the record and the entry as they stand in the book now."""
    record = db.session.get(Record, line.record_id)
    back = record is not None and record.state == "reversed"
    points = show_signed(record.points) if record else "没有了"
    entry = hashes_of_causes("record", [line.record_id]).get(line.record_id, "")
    hidden = line.nameless and not named
    name = "" if hidden else line.name
    return (
        ("事由", line.title, line.title if record else "没有了"),
        ("日期", _day(line.happened_on), _day(record.happened_on) if record else "没有了"),
        ("地点", f"{line.place} {name}".strip(), "扣分不写名字" if hidden else "同左"),
        ("分值", show_signed(line.points) if line.points else "停评", f"{points}，后来冲正了" if back else points),
        ("流水", "有" if line.entry else "没有", "一致" if entry == line.entry else "不一致"),
    )
