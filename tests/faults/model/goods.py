"""Points are spent on goods."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.conftest import KEY
from tests.faults.model.acting import Acting
from tests.faults.model.plain import ZONE, PlainVoucher
from webapp.core.errors import AlreadyUsed, DomainError, Gone, InsufficientPoints, LimitReached, OnHold, OutOfStock
from webapp.core.points import Points
from webapp.extensions import db
from webapp.redemption.models import Item
from webapp.redemption.service import stock, vouchers

DAYS_TO_FETCH = 15


class GoodsRules(Acting):
    def shop(self, act: str, which: int, who: int, quantity: int) -> None:
        """Something is redeemed, fetched or given back, or the shelf is put in order."""
        if act in ("receive", "write_off", "count"):
            self._stock_changes(which, act, quantity)
        elif act == "redeem" or not self.plain.vouchers:
            self._redeem(which, who, quantity)
        elif act == "cancel":
            self._cancel(which)
        else:
            self._hand_over(which)

    def _redeem(self, which: int, who: int, quantity: int) -> None:
        plain, item, household = self.plain, self.pick(self.town.items, which), self.home(who)
        points = item.price * quantity
        made = self.do(
            lambda: (
                vouchers.redeem(
                    actor=self.town.resident(household),
                    household_id=household,
                    item_id=item.id,
                    quantity=quantity,
                    expected=Points(points),
                    key=KEY,
                    now=plain.now,
                ).id
            ),
            self._why_not(item.id, item.limit, household, quantity, points),
        )
        if made is None:
            return
        plain.hold(household, points)
        plain.left[item.id] -= quantity
        day = plain.today + timedelta(days=DAYS_TO_FETCH + 1)
        expires_at = datetime(day.year, day.month, day.day, tzinfo=ZONE)
        plain.vouchers[made] = PlainVoucher(made, household, item.id, quantity, points, plain.month, expires_at)

    def _why_not(
        self, item_id: int, limit: int | None, household: int, quantity: int, points: int
    ) -> type[DomainError] | None:
        if self.plain.left[item_id] < quantity:
            return OutOfStock
        if self.plain.locked(household):
            return OnHold
        if self.plain.available(household) < points:
            return InsufficientPoints
        had = sum(
            one.quantity
            for one in self.plain.vouchers.values()
            if (one.household, one.item, one.month) == (household, item_id, self.plain.month)
            and one.state in ("issued", "handed_over")
        )
        return LimitReached if limit is not None and had + quantity > limit else None

    def _voucher(self, which: int) -> PlainVoucher:
        return self.pick_of(list(self.plain.vouchers.values()), lambda one: one.state == "issued", which)

    def _hand_over(self, which: int) -> None:
        voucher = self._voucher(which)
        refusal: type[DomainError] | None = None
        if voucher.state != "issued":
            refusal = AlreadyUsed
        elif voucher.expires_at <= self.plain.now:
            refusal = Gone
        self.do(
            lambda: vouchers.hand_over(actor=self.town.staff["clerk"], voucher_id=voucher.id, now=self.plain.now),
            refusal,
        )
        if refusal is None:
            voucher.state = "handed_over"
            self.plain.release(voucher.household, voucher.points)
            self.plain.write(voucher.household, -voucher.points, "spend")

    def _cancel(self, which: int) -> None:
        voucher = self._voucher(which)
        refusal = None if voucher.state == "issued" else AlreadyUsed
        self.do(
            lambda: vouchers.cancel(
                actor=self.town.staff["clerk"], voucher_id=voucher.id, reason="不要了", now=self.plain.now
            ),
            refusal,
        )
        if refusal is None:
            self._gives_back(voucher, "cancelled")

    def _gives_back(self, voucher: PlainVoucher, state: str) -> None:
        voucher.state = state
        self.plain.release(voucher.household, voucher.points)
        self.plain.left[voucher.item] += voucher.quantity

    def _expire(self) -> None:
        """Housekeeping, twice: nothing gives back twice."""
        due = [
            one for one in self.plain.vouchers.values() if one.state == "issued" and one.expires_at <= self.plain.now
        ]
        for wanted in (len(due), 0):
            assert self.do(lambda: vouchers.expire_due(self.plain.now)) == wanted
        for voucher in due:
            self._gives_back(voucher, "expired")

    def _stock_changes(self, which: int, kind: str, quantity: int) -> None:
        item_id = self.pick(self.town.items, which).id
        left = self.plain.left[item_id]
        after = {"receive": left + quantity, "write_off": left - quantity, "count": quantity}[kind]

        def change() -> None:
            given = {"note": "盘点", "actor": self.town.staff["clerk"], "now": self.plain.now}
            item = db.session.get_one(Item, item_id)
            amount = {"found": quantity} if kind == "count" else {"quantity": quantity}
            getattr(stock, kind)(item=item, **given, **amount)

        self.do(change, OutOfStock if after < 0 else None)
        if after >= 0:
            self.plain.left[item_id] = after
