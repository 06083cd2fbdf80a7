"""``python -m tests.faults``: prove that the product holds, and that the proofs can fail.

    python -m tests.faults                    the routine checks, as `make faults` runs them
    python -m tests.faults kill9 race         these
    python -m tests.faults --full powercut    at the size of docs/safety.md
    python -m tests.faults race --seed NAME   with a planted fault: must be red
    python -m tests.faults --prove [NAME...]  every planted fault of the checks, each must be found
    python -m tests.faults --list             the checks and their planted faults

Exit 0: all held (with --prove: all planted faults were found). Exit 1: not so.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.catalogue import CHECKS, Check

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Prove that the product holds.")
    parser.add_argument("names", nargs="*", choices=[*CHECKS, []], metavar="NAME", help="checks; none: the routine set")
    parser.add_argument("--full", action="store_true", help="at the size of docs/safety.md")
    parser.add_argument("--seed", metavar="FAULT", help="plant this fault of the one check named")
    parser.add_argument("--prove", action="store_true", help="plant every fault of the checks; each must be found")
    parser.add_argument("--list", action="store_true", help="the checks and their planted faults")
    asked = parser.parse_args()
    checks = [CHECKS[name] for name in asked.names] or [check for check in CHECKS.values() if check.routine]
    if asked.list:
        return say_all()
    if asked.prove:
        return prove(checks)
    if asked.seed:
        return plant(checks[0], asked.seed)
    return run(checks, scale="full" if asked.full else "routine")


def say_all() -> int:
    for check in CHECKS.values():
        sys.stdout.write(f"{check.goal:4} {check.name:10} {check.says}\n")
        sys.stdout.writelines(f"{'':16}--seed {seed}\n" for seed in check.seeds)
    return 0


def run(checks: list[Check], *, scale: str, more: tuple[str, ...] = ()) -> int:
    files = [file for check in checks for file in check.tests]
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--scale", scale, *more, *files]
    return min(subprocess.run(command, cwd=ROOT, check=False).returncode, 1)


def plant(check: Check, seed: str) -> int:
    if seed not in check.seeds:
        sys.stderr.write(f"{check.name} has no planted fault {seed}; it has: {', '.join(check.seeds) or 'none'}\n")
        return 2
    return run([check], scale="small", more=("--seed", f"{check.name}/{seed}"))


def prove(checks: list[Check]) -> int:
    missed = [f"{check.name}/{seed}" for check in checks for seed in check.seeds if not found(check, seed)]
    missed += [f"{check.name}: no planted fault" for check in checks if not check.seeds]
    planted = sum(len(check.seeds) for check in checks)
    sys.stdout.write(f"{planted} planted faults, {len(missed)} not found {' '.join(missed)}\n")
    return int(bool(missed))


def found(check: Check, seed: str) -> bool:
    """Whether a test of the check fails while the fault is planted: a test that can't even begin is no finding."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--scale", "small", "--seed", f"{check.name}/{seed}"]
        command += ["-o", "junit_family=xunit1"]  # the newer one refuses the figures
        subprocess.run([*command, f"--junitxml={report}", *check.tests], cwd=ROOT, check=False, capture_output=True)
        suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314  # pytest wrote the file a line above
    assert suite is not None
    red = int(suite.get("failures", 0)) > 0
    word = "found" if red else "NOT FOUND"
    sys.stdout.write(f"{check.goal:4} {check.name}/{seed}: {word} ({time.monotonic() - begun:.0f} s)\n")
    sys.stdout.flush()
    return red


if __name__ == "__main__":
    raise SystemExit(main())
