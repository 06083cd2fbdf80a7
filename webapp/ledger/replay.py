"""How entries change an account's figures: the rules that the writer applies and ``ledger verify`` applies again."""

from __future__ import annotations

from dataclasses import dataclass


def bucket_of(kind: str, tenths: int) -> str:
    """Which of the year's figures an entry changes: earned, deducted or spent. A reversal changes the one of the entry
    that it takes back."""
    if kind in ("spend", "lapse"):
        return "spent"
    return "earned" if tenths >= 0 else "deducted"


@dataclass(slots=True)
class Figures:
    """An account's figures after some of its entries, in tenths, named like the columns of ``account``."""

    balance: int = 0
    entries: int = 0
    year: int = 0
    earned: int = 0
    deducted: int = 0
    spent: int = 0
    taken_back: int = 0
    month: int = 0
    merit: int = 0
    net: int = 0
    rolled: int = 0

    def add(self, amount: int, bucket: str, month: int, of: str, *, older: bool = False) -> None:
        """One more entry, posted in ``month`` (202611). A new year or month starts from nothing. ``of``: its kind, or the
        kind of the entry that it takes back; ``older``: that one is of an earlier year."""
        if self.year != month // 100:
            self.year, self.earned, self.deducted, self.spent, self.taken_back = month // 100, 0, 0, 0, 0
        if self.month != month:
            self.month, self.merit = month, 0
        self.balance += amount
        self.entries += 1
        if bucket == "spent":
            self.spent -= amount
            return
        self.merit += amount
        self.net += amount if of != "base" else 0
        self.rolled += amount if of == "roll_up" else 0
        if bucket == "earned":
            self.earned += amount
            self.taken_back -= amount if older else 0
        else:
            self.deducted -= amount
