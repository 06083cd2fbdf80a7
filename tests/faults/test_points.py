"""Killed at any single file call of a flow: it is wholly done or not at all, and sending the form again completes it once.

``strace`` kills the process as it begins a write, a sync, or a change of a name below its folder; the call itself is not made.
"""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from tests.faults.driven import Driven
from tests.faults.flows import FLOWS
from tests.faults.whole import check_state

WRITES = ("write", "pwrite64", "sendfile", "ftruncate")
SYNCS = ("fsync", "fdatasync", "rename", "unlink", "link", "mkdir")
#: How many points each flow was killed at.
points_of = Counter[str]()


@dataclass(frozen=True)
class Point:
    """The ``nth`` call of this name in a flow's life; ``number``: where it stands among all."""

    number: int
    call: str
    nth: int


def points_in(driven: Driven) -> list[Point]:
    """Every call that changes something below the folder, from one life to its end."""
    log = driven.var.parent / "points.txt"
    life = driven.live("-y", "-s", "0", "-e", f"trace={','.join((*WRITES, *SYNCS))}", "-o", str(log))
    assert life.done == set(driven.flow.ops)
    nth, found = Counter[str](), list[Point]()
    for line in log.read_text().splitlines():
        call = re.match(r"\d+ +(\w+)\((.*)", line)
        if call and call[1] in (*WRITES, *SYNCS):
            nth[call[1]] += 1
            # names are cut to nothing in the log, so all changes of names are taken: few are elsewhere
            if call[1] in SYNCS or str(driven.var) in call[2]:
                found.append(Point(len(found), call[1], nth[call[1]]))
    return found


def chosen(points: Sequence[Point], count: int, random: Random) -> list[Point]:
    """All, or some: most of them where a step has just been made to last and the next one has not begun."""
    if count >= len(points):
        return list(points)
    turns = [one for before, one in pairwise(points) if before.call in SYNCS]
    taken = random.sample(turns, min(count * 3 // 4, len(turns)))
    step = len(points) / (count - len(taken))
    spread = [points[int(step * (number + random.random()))] for number in range(count - len(taken))]
    return sorted({*taken, *spread}, key=lambda one: one.number)


def die_at(driven: Driven, point: Point, aside: Path) -> bool:
    """Whether it was killed there; all that must hold afterwards is checked."""
    driven.rewind()
    name = f"{point.call}:signal=KILL:when={point.nth}"
    life = driven.live("-e", f"trace={point.call}", "-e", f"inject={name}", "-o", "/dev/null")
    says = (
        f"{driven.flow.name}: killed at {point.call} {point.nth} (point {point.number}), answered {sorted(life.done)}"
    )
    try:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(driven.var, aside)  # to look at it changes it
        check_state(aside, driven.flow, life.begun, life.done)
        says += "; sent again"
        again = driven.live(word="again")
        assert again.done == set(driven.flow.ops)
        check_state(driven.var, driven.flow, again.begun, again.done)
    except AssertionError as error:
        raise AssertionError(f"{says}: {error}") from error
    return life.killed


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_killed_at_any_file_call_is_done_whole_or_not_at_all_and_once_in_the_end(
    name: str, drive: Callable[[str], Driven], scale, figure, memory: Path, app
) -> None:
    driven = drive(name)
    points, begun = points_in(driven), time.monotonic()
    tried = chosen(points, scale(small=8 if name == "redeem" else 3, routine=9, full=400), Random(f"points {name}"))

    killed = sum(die_at(driven, point, memory / "aside") for point in tried)

    points_of[name] = killed
    assert killed >= len(tried) * 0.9, "the fault must have happened"
    figure(f"R3 points {name}: killed at {killed} of {len(points)} calls, 0 bad ({time.monotonic() - begun:.0f} s)")


def test_there_were_enough_points(scale, figure) -> None:
    figure(f"R3 points: killed at {points_of.total()} calls of {len(points_of)} flows, 0 half done, 0 done twice")
    assert points_of.total() >= scale(small=30, routine=75, full=1_000) * len(points_of) // len(FLOWS)
