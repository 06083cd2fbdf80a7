"""A demonstration community, county or five-colour grid: believable data, the same each time, dated relative to today.

Newcomers and tests use it; a real installation never loads it.
"""
