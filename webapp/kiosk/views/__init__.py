"""The kiosk's pages, and the public page on which anybody checks a slip.

``doors`` pairing, home, type size, idle · ``identify`` card, number, PIN · ``book`` balance, 为什么, months ·
``community`` rankings, rules, who serves here · ``redeeming`` choosing and redeeming · ``fetching`` vouchers · ``slips``.
"""

from webapp.kiosk.views import book, community, doors, fetching, identify, redeeming, slips
from webapp.kiosk.views.blueprint import bp

__all__ = ["book", "bp", "community", "doors", "fetching", "identify", "redeeming", "slips"]
