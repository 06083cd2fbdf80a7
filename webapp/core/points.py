"""Points (积分) as whole tenths. There are halves (0.5), so never floats and never bare numbers of points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from webapp.core.errors import Invalid

_TYPED = re.compile(r"([+-]?)(\d{1,7})(?:\.(\d))?")


@total_ordering
@dataclass(frozen=True, slots=True)
class Points:
    """An amount of points; ``tenths`` is what the database stores."""

    tenths: int

    @classmethod
    def whole(cls, points: int) -> Points:
        return cls(points * 10)

    @classmethod
    def parse(cls, typed: str, *, field: str | None = None) -> Points:
        """Read what a person typed: ``5``, ``+5``, ``-0.5``, ``−2``.

        :raises Invalid: if it is no number, or has more than one decimal.
        """
        match = _TYPED.fullmatch(typed.strip().replace("−", "-").replace("－", "-").replace("＋", "+"))
        if match is None:
            raise Invalid("分值请填数字，最多一位小数，例如 5 或 0.5。", field=field)
        sign, whole, tenth = match.groups()
        size = int(whole) * 10 + int(tenth or 0)
        return cls(-size if sign == "-" else size)

    def __add__(self, other: Points) -> Points:
        return Points(self.tenths + other.tenths)

    def __sub__(self, other: Points) -> Points:
        return Points(self.tenths - other.tenths)

    def __neg__(self) -> Points:
        return Points(-self.tenths)

    def __mul__(self, times: int) -> Points:
        return Points(self.tenths * times)

    def __lt__(self, other: Points) -> bool:
        return self.tenths < other.tenths

    def __bool__(self) -> bool:
        return self.tenths != 0

    def __str__(self) -> str:
        return show(self.tenths)


ZERO = Points(0)


def show(tenths: int) -> str:
    """``125`` -> ``12.5``, ``120`` -> ``12``, ``-5`` -> ``−0.5`` (a real minus sign, as printed)."""
    whole, tenth = divmod(abs(tenths), 10)
    text = f"{whole}.{tenth}" if tenth else str(whole)
    return f"−{text}" if tenths < 0 else text


def show_signed(tenths: int) -> str:
    """With its sign: ``+5``, ``−2``, ``0``."""
    return f"+{show(tenths)}" if tenths > 0 else show(tenths)
