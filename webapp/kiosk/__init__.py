"""The kiosk (自助终端): residents look up, redeem and print slips in large type.

A kiosk is a paired device with no rights of staff. A resident's visit is a short session inside the device's.
Owns ``kiosk_visit`` and ``slip``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.kiosk import gate

    gate.init_app(app)
