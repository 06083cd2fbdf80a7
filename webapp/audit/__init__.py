"""Who did or saw what (审计日志): an append-only log that every change and every look at personal data leaves a line in.

Used by whoever must answer for the community: secretary, county, inspectors of data protection. Owns ``audit_line``.
"""
