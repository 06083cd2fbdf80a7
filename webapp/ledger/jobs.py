"""What goes on by itself: days on which points lapse are announced, and after their end the points lapse step by step."""

from __future__ import annotations

from datetime import datetime

from webapp.ledger import service


def announce(now: datetime) -> int:
    return service.announce(now=now)


def lapse(now: datetime) -> int:
    """One step; housekeeping asks for the next as long as there is one."""
    step = service.lapse_some(now=now)
    return 0 if step is None else step.looked_at + step.done
