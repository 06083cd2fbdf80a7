"""The kiosk (自助终端): residents look up, redeem and print slips in large type.

Owns ``kiosk_visit`` and ``slip``.
"""
