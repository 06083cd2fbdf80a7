"""Planted faults, one module a check: each breaks the product in one named way and mends it again.

They exist to show that a check can fail. ``python -m tests.faults NAME --seed FAULT`` runs a check with one.
"""
