"""Inspections (巡查): an inspector scans a plate, taps a rule, and the points are in the book.

Grid workers and city-management officers use it on the phone. Owns ``rule_use``.
"""
