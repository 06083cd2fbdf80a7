"""The power goes at any moment: what was answered is on the disk, once, and the book and the photos are whole.

Real flows are recorded, every write and sync of them (``disk`` says how, and what a disk may do in a power cut), and the record is
replayed into states that a crash can leave. Each state is opened as a server would that starts again.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.faults.disk import RULES, WAYS, Mark, Recording, Replay, State, lay_out
from tests.faults.driven import Driven
from tests.faults.flows import FLOWS
from tests.faults.whole import NotWholeError, check_state

#: Every so many states ``ledger verify`` goes through the whole book, too.
DEEP = 8
#: How many states each flow was found in.
states_of = Counter[str]()


def chosen(recording: Recording, count: int, random: Random) -> dict[int, list[tuple[str, str]]]:
    """Where the power goes, and what it takes. Always: right after an answer, when nothing is kept that was not synced."""
    wanted: dict[int, list[tuple[str, str]]] = {}
    answered = [i for i, (_, event) in enumerate(recording.events) if isinstance(event, Mark) and event.word == "done"]
    for number in answered:
        wanted[number + 1] = [("nothing", rule) for rule in RULES]
    for _ in range(count - len(answered) * len(RULES)):
        number = random.randint(1, len(recording.events))
        wanted.setdefault(number, []).append((random.choice(WAYS), random.choice(RULES)))
    return wanted


def check_one(state: State, flow: str, folder: Path, *, deep: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    lay_out(state, folder)
    try:
        check_state(folder, FLOWS[flow], state.begun, state.done, deep=deep)
    except NotWholeError as error:
        raise AssertionError(f"{flow}: {state.says}, answered {sorted(state.done)}: {error}") from error


@pytest.mark.parametrize("name", FLOWS)
def test_no_power_cut_loses_what_was_answered_or_leaves_anything_half(
    name: str, drive: Callable[[str], Driven], scale, figure, memory: Path, app
) -> None:
    wanted = scale(small=20, routine=190, full=1_300)
    random, checked = Random(f"power {name}"), Counter[str]()
    recording = drive(name).record()
    replay, begun = Replay(recording), time.monotonic()

    for number, state in enumerate(replay.states(chosen(recording, wanted, random), random)):
        check_one(state, name, memory / "state", deep=number % DEEP == 0)
        checked["lost" if state.done != set(FLOWS[name].ops) else "after all"] += 1

    states_of[name] = checked.total()
    assert checked.total() >= wanted * 0.6, "states that differ"
    assert checked["lost"] >= checked.total() * 0.5, "the power must have gone in the middle"
    seconds = time.monotonic() - begun
    figure(f"R2 powercut {name}: {checked.total()} states of {len(recording.events)} calls, 0 bad ({seconds:.0f} s)")


def test_there_were_enough_states(scale, figure) -> None:
    enough = scale(small=150, routine=1_500, full=10_000) * len(states_of) // len(FLOWS)
    figure(f"R2 powercut: {states_of.total()} states of {len(states_of)} flows, 0 lost, 0 damaged")
    assert states_of.total() >= enough
