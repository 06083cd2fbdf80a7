"""Whatever is done in whatever order, the real town says what a plain one in Python says."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import both_databases
from tests.faults.model.machine import TownMachine
from tests.faults.model.town import make_town

STEPS, TO_PROVE = 50, 100


@both_databases
def test_the_real_town_says_what_a_plain_one_says(app, database_url, request, scale, figure):
    on_file = database_url.startswith("sqlite")
    examples = scale(small=16, routine=30, full=2000) if on_file else scale(small=4, routine=8, full=200)
    if request.config.getoption("--seed"):
        examples = max(examples, TO_PROVE)  # the first run that meets the planted fault is the last

    class Machine(TownMachine):
        town, steps = make_town(), 0

    begun = time.monotonic()
    run_state_machine_as_test(Machine, settings=how(examples, request.config))
    steps, took = Machine.steps, time.monotonic() - begun
    name = "SQLite" if on_file else "PostgreSQL"
    figure(f"R6 model ({name}): {examples} × {STEPS}, {steps} steps compared, 0 differ ({took:.0f} s)")
    assert steps > examples * STEPS / 2, "the runs ended early"


def how(examples: int, config: pytest.Config) -> settings:
    """The same runs every time, but at full size. What a planted fault comes down to interests nobody."""
    phases = [Phase.generate] if config.getoption("--seed") else [Phase.generate, Phase.shrink]
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=config.getoption("--scale") != "full",
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
