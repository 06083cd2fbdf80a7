"""What stands on a slip, row by row: the page and the printer's picture are drawn from the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from webapp.core import clock
from webapp.core.points import show
from webapp.core.text import group_code, mask_name
from webapp.kiosk.queries import Visit
from webapp.kiosk.service.slips import ShownSlip
from webapp.qrcodes.drawing import QrPath, qr_path
from webapp.redemption.models import Voucher

RowKind = Literal["title", "middle", "text", "line", "big", "code", "rule", "qr"]
#: Heights of paper in millimetres that print.css knows, by its width; the longest must hold everything.
HEIGHTS = {"80": (120, 150, 200, 260), "58": (140, 180, 220, 300)}
#: Characters of full width that fit into a line, by the paper's width.
FULL_WIDTH = {"80": 20, "58": 13}
_HIGH = {"title": 8, "middle": 6, "text": 6, "line": 6, "big": 12, "code": 10, "rule": 4, "qr": 29}  # mm a row


@dataclass(frozen=True, slots=True)
class PaperRow:
    """``left`` alone, or with ``right`` at the other edge. Of a ``qr`` ``left`` is what it carries."""

    kind: RowKind
    left: str = ""
    right: str = ""

    @property
    def qr(self) -> QrPath:
        return qr_path(self.left, "M")


@dataclass(frozen=True, slots=True)
class Paper:
    rows: tuple[PaperRow, ...]

    def height(self, size: str) -> int:
        """Millimetres of the shortest paper that holds everything, by the number of rows; 0 for A4."""
        if size not in HEIGHTS:
            return 0
        needed = sum(_HIGH[row.kind] * _lines(row, FULL_WIDTH[size]) for row in self.rows) + 8
        return next((height for height in HEIGHTS[size] if height >= needed), HEIGHTS[size][-1])


def _lines(row: PaperRow, fit: int) -> int:
    """How many lines a row breaks into; digits and letters are half as wide."""
    if row.kind in ("rule", "qr") or (row.kind == "big" and row.right):
        return 1
    width = sum(1 if ord(char) > 255 else 0.55 for char in f"{row.left} {row.right}")
    return max(1, -(-int(width * {"title": 1.3, "big": 1.5}.get(row.kind, 1)) // fit))


RULE = PaperRow("rule")


def copy_words(copies: int) -> str:
    """Nothing on the first paper; every later one says that it is a copy."""
    return f"（副本 {copies - 1}）" if copies > 1 else ""


def balance_paper(slip: ShownSlip, *, base_url: str, phone: str) -> Paper:
    """余额小票, as in the mock-up. What is not known (a phone) is left out."""
    content = slip.content
    lines = [PaperRow("line", f"{line.day} {line.title}", line.amount) for line in content.lines]
    return Paper(
        (
            PaperRow("title", f"善治积分 余额小票{copy_words(slip.copies)}"),
            PaperRow("middle", content.station),
            RULE,
            PaperRow("text", f"户号 {content.household}　{content.name}家"),
            PaperRow("text", content.at),
            PaperRow("big", "可用积分", content.available),
            PaperRow("text", f"占用 {content.held}　待审核 {content.waiting}　本月 {content.month}"),
            *([PaperRow("text", content.lapse)] if content.lapse else []),
            RULE,
            *(lines or [PaperRow("text", "还没有积分记录")]),
            RULE,
            *_objections(content.objections),
            PaperRow("text", f"凭条号 {slip.number}　校验 {group_code(slip.code)}"),
            PaperRow("qr", slip_address(base_url, slip.reference)),
            PaperRow("middle", f"扫码核对本条，或打开 {base_url.rstrip('/').partition('://')[2]}/verify"),
            PaperRow("middle", f"凭此条可查询，电话 {phone}" if phone else "凭此条可到服务台查询"),
        )
    )


def _objections(said: tuple[str, ...]) -> list[PaperRow]:
    """What is open, and answers given since the last slip."""
    return [*(PaperRow("text", words) for words in said), RULE] if said else []


def slip_address(base_url: str, reference: str) -> str:
    """In capitals throughout: the smallest code (conventions.md, section 5)."""
    return f"{base_url.rstrip('/')}/slip/{reference}".upper()


def voucher_paper(voucher: Voucher, *, code: str, copies: int, station: str, household: Visit, phone: str) -> Paper:
    """积分券: what, where and until when, and the code that the clerk scans or types."""
    place = voucher.station
    where = [place.name, place.address, place.hours] if place else [station]
    return Paper(
        (
            PaperRow("title", f"善治积分 积分券{copy_words(copies)}"),
            PaperRow("middle", f"券号 {group_code(voucher.number)}"),
            RULE,
            PaperRow("big", voucher.title),
            PaperRow("line", "占用积分", f"{show(voucher.points)} 分"),
            PaperRow("text", f"户号 {household.number}　{mask_name(household.name)}家"),
            PaperRow("text", f"最晚 {last_day_words(voucher)} 领取"),
            PaperRow("text", "领取地点 " + "　".join(part for part in where if part)),
            RULE,
            PaperRow("middle", "请把这个码给工作人员扫"),
            PaperRow("qr", code),
            PaperRow("code", group_code(code)),
            PaperRow("middle", "只能用一次，请保管好"),
            PaperRow("middle", f"电话 {phone}" if phone else "有问题请到服务台"),
        )
    )


def last_day_words(voucher: Voucher) -> str:
    """A voucher ends at midnight; people are told the day before."""
    return clock.local_date(voucher.expires_at - timedelta(seconds=1)).strftime("%Y-%m-%d")
