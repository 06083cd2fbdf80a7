"""Every check of docs/safety.md by its name: where its tests are, and the faults that can be planted to turn it red."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

#: A planted fault: while it is entered, the product is broken in one named way.
Seed = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Check:
    """``goal``: its row in docs/safety.md. ``routine``: part of ``make faults``."""

    name: str
    goal: str
    says: str
    tests: tuple[str, ...]
    routine: bool = True

    @property
    def seeds(self) -> dict[str, Seed]:
        """Its planted faults by name: ``SEEDS`` of ``tests/faults/seeds/NAME.py``."""
        module = f"tests.faults.seeds.{self.name}"
        return dict(import_module(module).SEEDS) if find_spec(module) else {}


CHECKS = {
    check.name: check
    for check in (
        Check("kill9", "R1", "the server dies at any moment, under load", ("tests/faults/test_kill9.py",)),
        Check("powercut", "R2", "the power goes at any moment", ("tests/faults/test_powercut.py",)),
        Check("points", "R3", "killed at any write or sync of a flow", ("tests/faults/test_points.py",)),
        Check("race", "R4", "many want the same thing at the same moment", ("tests/faults/test_race.py",)),
        Check("retry", "R5", "answers get lost and forms are sent again", ("tests/faults/test_retry.py",)),
        Check("model", "R6", "the book says what plain sums say", ("tests/faults/test_model.py",)),
        Check("diskfull", "R7", "the disk takes nothing more", ("tests/faults/test_diskfull.py",)),
        Check("locks", "R8", "a long writer beside twenty kiosks", ("tests/faults/test_locks.py",)),
        Check("clock", "R9", "a clock that is wrong, or jumps", ("tests/faults/test_clock.py",)),
        Check("restore", "R10", "backups taken while people write", ("tests/faults/test_restore.py",)),
        Check("tamper", "R11", "edits by whoever has the database", ("tests/faults/test_tamper.py",)),
        Check("migrate", "R12", "a new version on an old database", ("tests/faults/test_migrate.py",)),
        Check("soak", "R13", "minutes of work by three communities", ("tests/faults/test_soak.py",), routine=False),
        Check("fuzz", "S1", "hostile strings and bodies to every view", ("tests/attacks/test_fuzz.py",)),
        Check("matrix", "S3", "everybody tries every address and every form", ("tests/attacks/test_matrix.py",)),
        Check(
            "static",
            "S4",
            "traps in the code itself, each rule with what it finds and what it lets pass",
            ("tests/codebase/test_traps.py", "tests/codebase/test_sources.py", "tests/codebase/test_templates.py"),
        ),
        Check("web", "S5", "headers, forged forms and hostile names, by a crawl", ("tests/attacks/test_web.py",)),
        Check("guess", "S6", "a thousand guesses at every door", ("tests/attacks/test_guess.py",)),
        Check("files", "S7", "hostile files and what comes out again", ("tests/attacks/test_files.py",)),
        Check("bots", "S8", "five hundred forged ratings of one shop", ("tests/attacks/test_bots.py",)),
        Check("slow", "S9", "hundreds hold a connection as long as they can", ("tests/attacks/test_slow.py",)),
        Check("pii", "S10", "personal data stays where it belongs", ("tests/attacks/test_pii.py",)),
        Check(
            "audit", "S11", "each act leaves its line, which nobody forges or drops", ("tests/attacks/test_audit.py",)
        ),
    )
}


def find_seed(name: str) -> Seed:
    """``CHECK/SEED`` -> the planted fault.

    Raises:
        KeyError: there is no such check or fault.
    """
    check, _, seed = name.partition("/")
    return CHECKS[check].seeds[seed]
