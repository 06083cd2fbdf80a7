"""Measuring fairly: both sides interleaved in one process, CPU time, every round printed, no round discarded.

A row is void when the baseline's own spread (largest to smallest round) exceeds 25 %: then the machine was too noisy
to say anything, and the run fails as if the floor had been missed.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

ROUNDS = 7
VOID_SPREAD = 0.25

Side = Callable[[int], None]
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Result:
    """One row of the table. ``ratio`` is compared with ``floor`` (a must) and ``aim`` (the goal)."""

    name: str
    ratio: float
    aim: float
    floor: float
    better: Better
    ours: str
    baseline: str
    spread: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def void(self) -> bool:
        return self.spread > VOID_SPREAD

    def _reaches(self, bound: float) -> bool:
        return self.ratio >= bound if self.better == "higher" else self.ratio <= bound

    @property
    def verdict(self) -> str:
        if self.void:
            return "VOID"
        if self._reaches(self.aim):
            return "aim"
        return "floor" if self._reaches(self.floor) else "MISSED"

    @property
    def failed(self) -> bool:
        return self.verdict in ("VOID", "MISSED")


def cpu(side: Side, times: int) -> float:
    """CPU microseconds of one call of ``side``, over ``times`` of them."""
    start = time.process_time()
    side(times)
    return (time.process_time() - start) / times * 1e6


def interleaved(ours: Side, baseline: Side, *, times: int, rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """CPU microseconds per call of both sides, round by round, after one warm-up of each."""
    ours(max(times // 4, 1))
    baseline(max(times // 4, 1))
    mine: list[float] = []
    theirs: list[float] = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            theirs.append(cpu(baseline, times))
            mine.append(cpu(ours, times))
            gc.collect()
    finally:
        gc.enable()
    return mine, theirs


def spread(rounds: list[float]) -> float:
    """(largest - smallest) / median."""
    return (max(rounds) - min(rounds)) / statistics.median(rounds)


def rate_ratio(
    name: str, ours: Side, baseline: Side, *, times: int, aim: float, floor: float, notes: tuple[str, ...] = ()
) -> Result:
    """How many calls we make in the time in which the baseline makes one (higher is better)."""
    mine, theirs = interleaved(ours, baseline, times=times)
    print(f"  {name}\n    ours     {_rounds(mine)}\n    baseline {_rounds(theirs)}")
    return Result(
        name=name,
        ratio=statistics.median(theirs) / statistics.median(mine),
        aim=aim,
        floor=floor,
        better="higher",
        ours=f"{statistics.median(mine):.0f} µs",
        baseline=f"{statistics.median(theirs):.0f} µs",
        spread=spread(theirs),
        notes=notes,
    )


def cost_ratio(
    name: str, ours: Side, baseline: Side, *, times: int, aim: float, floor: float, notes: tuple[str, ...] = ()
) -> Result:
    """How much more our call costs than the baseline's (lower is better)."""
    mine, theirs = interleaved(ours, baseline, times=times)
    print(f"  {name}\n    ours     {_rounds(mine)}\n    baseline {_rounds(theirs)}")
    return Result(
        name=name,
        ratio=statistics.median(mine) / statistics.median(theirs),
        aim=aim,
        floor=floor,
        better="lower",
        ours=f"{statistics.median(mine):.0f} µs",
        baseline=f"{statistics.median(theirs):.0f} µs",
        spread=spread(theirs),
        notes=notes,
    )


def _rounds(values: list[float]) -> str:
    return " ".join(f"{value:.0f}" for value in values) + " µs"


def table(results: list[Result]) -> str:
    """The rows as Markdown, as they stand in docs/performance.md."""
    lines = [
        "| what | ratio | aim (floor) | ours | baseline | baseline's spread | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results:
        sign = "≥" if row.better == "higher" else "≤"
        lines.append(
            f"| {row.name} | {row.ratio:.2f} | {sign} {row.aim:g} ({row.floor:g}) | {row.ours} | {row.baseline} "
            f"| {row.spread:.0%} | {row.verdict} |"
        )
        lines.extend(f"| ↳ {note} | | | | | | |" for note in row.notes)
    return "\n".join(lines)
