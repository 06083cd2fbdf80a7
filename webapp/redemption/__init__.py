"""Redemption (兑换): goods, their stock, and vouchers from hold to hand-over.

Residents redeem at the kiosk, clerks hand over at the desk. Owns ``item``, ``stock_movement`` and ``voucher``.
"""
