"""The machine: what may be done next, and how often."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.faults.model.month import MonthRules
from tests.faults.model.points import PointsRules
from tests.faults.model.town import MOST

#: What is done, and how many times in a hundred steps or so. As rules of their own, hypothesis would switch half of
#: them off in each run, and what needs four of them (an objection) would hardly ever happen.
HOW_OFTEN = {
    "time": {"wait": 4, "expire": 3, "close": 2, "announce": 1, "lapse": 2},
    "inspect": {"earn": 12, "deduct": 6, "undo": 6, "veto": 3},
    "review": {"claim": 6, "pass": 6, "confirm": 6, "give back": 3, "withdraw": 2, "withdraw another's": 1},
    "shop": {"redeem": 14, "hand over": 5, "cancel": 4, "receive": 2, "write_off": 1, "count": 1},
    "public": {"publish": 4, "object": 10, "uphold": 3, "dismiss": 4},
    "settle": {"move": 5, "roster": 3, "roster with a new one": 1},
}
PART_OF = {act: part for part, acts in HOW_OFTEN.items() for act in acts}
ACTS = [act for acts in HOW_OFTEN.values() for act, often in acts.items() for _ in range(often)]
#: Of several things one, mostly a new one: ``Acting.pick`` takes it.
WHICH = st.sampled_from((0, 0, 0, 1, 1, 2, 3, 5, 8))


class TownMachine(PointsRules, MonthRules):
    @rule(act=st.sampled_from(ACTS), which=WHICH, who=WHICH, tenths=st.integers(1, MOST), few=st.integers(0, 3))
    def step(self, act: str, which: int, who: int, tenths: int, few: int) -> None:
        part = PART_OF[act]
        if part == "time":
            self.time_passes(act, (0, 0, 1, 4)[few])
        elif part == "inspect":
            self.inspect(act, which, tenths)
        elif part == "review":
            self.review(act, which, tenths, few)
        elif part == "shop":
            self.shop(act, which, who, few or 1)
        elif part == "public":
            self.go_public(act, which, few, who, tenths if few else None)
        else:
            self.settle(act, which, few)
