"""What every check needs from pytest: its size, one line that says its figure, and a planted fault on demand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.faults.catalogue import find_seed

SCALES = ("small", "routine", "full")
#: Names the planted fault to the processes that a test starts (``tests.faults.planted``).
PLANTED = "SHANZHI_PLANTED_FAULT"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--scale", choices=SCALES, default="small", help="how much a check does: small in `make test`")
    parser.addoption("--seed", default="", metavar="CHECK/FAULT", help="plant a fault, which must turn the check red")


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> Callable[..., int]:
    """``scale(small=5, routine=50, full=200)``: how many, at the size asked for."""

    def chosen(*, small: int, routine: int, full: int) -> int:
        return {"small": small, "routine": routine, "full": full}[request.config.getoption("--scale")]

    return chosen


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say the check's figure in one line; it is printed when the run ends."""

    def say(line: str) -> None:
        request.node.user_properties.append(("figure", line))

    return say


@pytest.fixture(autouse=True)
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The fault that this run shall find, if one was asked for."""
    name = request.config.getoption("--seed")
    with ExitStack() as stack:
        if name:
            monkeypatch.setenv(PLANTED, name)
            stack.enter_context(find_seed(name)())
        yield


def pytest_terminal_summary(terminalreporter: Any) -> None:
    said = [
        value
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in report.user_properties
        if name == "figure" and report.when == "call"
    ]
    for line in said:
        terminalreporter.write_line(line)


def server_program() -> list[str]:
    """The module that serves: the shipped one, or the same with the planted fault in it."""
    return ["-m", "tests.faults.planted"] if os.environ.get(PLANTED) else ["-m", "webapp"]
