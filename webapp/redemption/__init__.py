"""Redemption (兑换): goods, their stock, and vouchers from hold to hand-over.

Residents redeem at the kiosk, clerks hand over at the desk. Owns ``item``, ``stock_movement`` and ``voucher``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.ledger.explain import register
    from webapp.ledger.verify import also
    from webapp.redemption.checks import check_vouchers
    from webapp.redemption.queries import explain_voucher

    register(app, "voucher", explain_voucher)
    also(check_vouchers)
