"""A demonstration community, county or five-colour town: believable data, the same each time, dated relative to today.

Newcomers and tests use it; a real installation never loads it. Owns no table, but the start page.
"""
