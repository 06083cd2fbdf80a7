"""What happened in the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Event:
    """Something that happens at a moment; ``act`` is told the moment."""

    at: datetime
    act: Callable[[datetime], object]
