"""The kiosk's blueprint: every answer renews the cookie of the visit that it belongs to."""

from __future__ import annotations

from flask import Blueprint

from webapp.kiosk import gate

bp = Blueprint("kiosk", __name__)
bp.after_request(gate.renew)
