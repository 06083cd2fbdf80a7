"""What each year left over of somebody's points, by hand."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Lots:
    """Whatever uses points takes the oldest; a debt is paid by what comes next."""

    left: dict[int, int] = field(default_factory=dict)
    debt: int = 0

    def earn(self, year: int, tenths: int) -> None:
        paid = min(self.debt, tenths)
        self.debt -= paid
        self.left[year] = self.left.get(year, 0) + tenths - paid

    def use(self, tenths: int) -> None:
        for year in sorted(self.left):
            taken = min(self.left[year], tenths)
            self.left[year] -= taken
            tenths -= taken
        self.debt += tenths

    def before(self, year: int) -> int:
        return sum(left for earned, left in self.left.items() if earned < year)
