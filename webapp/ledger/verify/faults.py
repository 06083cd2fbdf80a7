"""What verification says when something is wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """The first wrong row: its table, its key, and what is wrong in plain words."""

    table: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} ({self.key}): {self.what}"


class WrongRowError(Exception):
    """The book is not what it should be."""

    def __init__(self, table: str, what: str, **key: object) -> None:
        self.fault = Fault(table, ", ".join(f"{name}={value}" for name, value in key.items()), what)
        super().__init__(str(self.fault))
