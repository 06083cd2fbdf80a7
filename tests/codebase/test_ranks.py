"""The ranks of the house (``make check`` enforces them) cover everything, and each contract notices its fault."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.codebase.sources import ROOT, read
from webapp import FEATURES

#: contract -> (file, line) that breaks it.
FAULTS = {
    "Ranks of the house": ("webapp/places/queries/__init__.py", "import webapp.records.queries"),
    "Inside a feature": ("webapp/audit/models.py", "import webapp.audit.queries"),
    "Rules know no web server": ("webapp/core/text.py", "import flask"),
    "Services, reads and tables know no request": ("webapp/audit/queries.py", "from flask import request"),
    "Only the ledger touches the ledger's tables": ("webapp/kiosk/queries.py", "import webapp.ledger.models"),
}


def contracts() -> list[dict[str, object]]:
    return list(tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"])


def ranks() -> list[str]:
    """The layers as pyproject.toml has them, highest first."""
    return [str(layer) for layer in contracts()[0]["layers"]]  # type: ignore[attr-defined]  # a list of texts


def test_every_part_of_the_application_is_a_feature_and_has_a_rank():
    parts = {path.parent.name for path in (ROOT / "webapp").glob("*/__init__.py")}
    ranked = {word for layer in ranks() for word in re.findall(r"\w+", layer)}
    assert parts - {"core", "web"} == set(FEATURES)
    assert parts <= ranked
    assert contracts()[0]["exhaustive"] is True


def test_the_documented_ranks_are_the_enforced_ones():
    drawn = re.search(r"```\n(demo\n.*?)\n```", read("docs/architecture.md"), re.S)
    assert drawn is not None
    assert drawn[1].splitlines() == ranks()


def test_features_are_loaded_from_the_lowest_rank_up():
    order = [word for layer in reversed(ranks()) for word in re.findall(r"\w+", layer) if word in FEATURES]
    level = {word: number for number, layer in enumerate(reversed(ranks())) for word in re.findall(r"\w+", layer)}
    assert sorted(order) == sorted(FEATURES)
    assert [level[feature] for feature in FEATURES] == sorted(level[feature] for feature in FEATURES)


def test_each_contract_notices_its_fault(tmp_path: Path):
    shutil.copytree(ROOT / "webapp", tmp_path / "webapp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line in FAULTS.values():
        with (tmp_path / file).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = [sys.executable, "-c", program, "--no-cache"]
    said = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    broken = re.findall(r"^(.*) BROKEN$", said.stdout.replace(" \n", " "), re.M)
    assert {name for name in FAULTS if any(line.startswith(name) for line in broken)} == set(FAULTS), said.stdout
    assert len(FAULTS) == len(contracts())
    assert said.returncode == 1
