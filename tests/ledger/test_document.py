"""docs/ledger.md is true: its vectors are the software's hashes, and its example checks a real book."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import unguard
from webapp.extensions import db
from webapp.ledger import chain

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"
VECTORS = re.findall(r"^\| `(\[1,.*\])` \| `([0-9a-f]{64})` \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)


def software(fields: list[object]) -> str:
    """The hash that the software makes of the same columns."""
    if fields[1] == "account":
        return chain.genesis(*fields[2:])
    if fields[1] == "hold":
        return chain.hold_hash(fields[2:])
    if fields[1] == "end":
        return chain.end_hash(*fields[2:])
    return chain.entry_hash(fields[1], fields[2:])


def test_the_document_has_a_vector_for_each_kind_of_hash():
    assert len(VECTORS) == 4


@pytest.mark.parametrize(("array", "expected"), VECTORS)
def test_the_software_makes_the_hashes_of_the_document(array, expected):
    assert software(json.loads(array)) == expected


@pytest.fixture
def example(tmp_path) -> Path:
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "check.py"
    file.write_text(code.group(1), encoding="utf-8")
    return file


def run(example: Path, url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(example), url.removeprefix("sqlite:///")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_example_of_the_document_finds_a_right_book_right(town, example, database_url):
    town.reverse(town.post(20))
    db.session.commit()

    result = run(example, database_url)
    assert (result.returncode, result.stdout) == (0, "the chains are whole\n")


def test_the_example_of_the_document_finds_a_changed_line(town, example, database_url):
    town.post(20)
    db.session.commit()
    unguard("entry")
    db.session.connection().exec_driver_sql("UPDATE entry SET amount = 30")
    db.session.commit()

    assert "entry 1" in run(example, database_url).stderr
