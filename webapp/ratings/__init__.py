"""Customers' ratings of shops (顾客评价): no sign-in, two taps, one per phone, shop and day.

Customers write them; staff see floods. Owns ``rating``, ``rating_total`` and ``rating_ticket``.
"""
