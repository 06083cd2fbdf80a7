"""The program of docs/seal.md, exactly as it is printed there, against Excel files of publications."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import personas
from tests.codebase.sources import ROOT
from tests.conftest import NOON
from tests.factories import make_user
from tests.records.conftest import actor_of, make_street
from tests.reviews.conftest import publish
from webapp.core import clock
from webapp.extensions import db
from webapp.schemes.models import Scheme

PROGRAM = (ROOT / "docs" / "seal.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
#: As the software wrote it on 2026-11-25, before lines stood in the order of the wall and rankings in the file.
OLD = Path(__file__).parent / "files" / "publication-of-2026-11.xlsx"
LINES, PLACES = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"


@pytest.fixture
def excel(app, client, tmp_path):
    """The Excel file of a publication of three lines, a deduction and a veto among them, whose scheme got another name
    since."""
    with clock.travel(NOON):
        street = make_street()
        street.make(street.household, "household", "1.1", 35, now=clock.now(), note="=1+1")
        street.make(street.household, "household", "1.6", now=clock.now())
        street.make(street.shop, "shop", "3.5", now=clock.now())
        user = make_user(post="secretary", area=street.tree.community, name="王大山")
        row = publish(street, actor_of(user, "secretary", street.tree.community.path), 202611, NOON)
        db.session.execute(db.update(Scheme).values(name="改了名的办法"))
        db.session.commit()
        desk = personas.sign_in(client, user)
        file = tmp_path / "notice.xlsx"
        file.write_bytes(desk.get(f"/desk/publications/{row.community_id}/{row.month}/excel").data)
    return file


def check(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=False)


def test_it_finds_an_untouched_file_right(excel):
    done = check(excel)
    assert (done.returncode, done.stdout[:22]) == (0, "3 lines and 9 places a"), done.stderr


def test_it_finds_a_file_right_that_was_exported_before_rankings_were_in_it():
    done = check(OLD)
    assert (done.returncode, done.stdout[:22]) == (0, "3 lines and 0 places a"), done.stderr


@pytest.mark.parametrize(
    ("sheet", "old", "new", "words"),
    [
        (LINES, "<v>3.5</v>", "<v>4.5</v>", "line 1 was changed"),
        ("any", '"lines":3', '"lines":2', "Inv"),
        (PLACES, "<v>1.5</v>", "<v>4.5</v>", "the rankings were changed"),
        (PLACES, "<t>惠民超市", "<t>别的超市", "the rankings were changed"),
    ],
    ids=["points", "content", "points of a place", "another holder in its place"],
)
def test_it_finds_a_changed_file_wrong(excel, tmp_path, sheet, old, new, words):
    changed = tmp_path / "changed.xlsx"
    with zipfile.ZipFile(excel) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            if sheet in (name, "any"):
                text = text.replace(old.encode(), new.encode()).replace(
                    old.replace('"', "&quot;").encode(), new.replace('"', "&quot;").encode()
                )
            after.writestr(name, text)
    assert changed.read_bytes() != excel.read_bytes()
    done = check(changed)
    assert done.returncode == 1
    assert words in done.stderr
