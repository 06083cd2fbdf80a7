"""How entries change an account's figures: the one rule that the writer applies and ``ledger verify`` applies again."""

from __future__ import annotations


def bucket_of(kind: str, tenths: int) -> str:
    """Which of the year's figures an entry changes: earned, deducted or spent. A reversal changes the one of the entry
    that it takes back."""
    if kind in ("spend", "lapse"):
        return "spent"
    return "earned" if tenths >= 0 else "deducted"
