"""A backup that is taken while people write is whole: restored elsewhere, its book is right and its photos are there."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from bench.ledger_verify import write
from tests.conftest import administer, both_databases, settings
from tests.faults.serving import ROOT, Server
from tests.records.conftest import make_street
from webapp import create_app
from webapp.core import clock
from webapp.core.errors import Conflict, Invalid
from webapp.core.photo_store import PhotoStore
from webapp.extensions import db, start_writing
from webapp.ledger.verify import verify_all
from webapp.oversight import backup
from webapp.places.models import Area


def test_backups_taken_while_people_write_restore_to_a_right_book_with_all_photos(office, tmp_path, scale):
    backups = scale(small=2, routine=2, full=5)
    var = office.server.log.parent
    store = PhotoStore(var / "photos")
    photos = [store.put(b"photo %d" % number, b"thumb %d" % number) for number in range(20)]
    office.open_for_business()

    for _ in range(backups):
        time.sleep(1.1)  # the folder is named by the second
        before = len(office.load.done)
        made = office.server.command("backup", "--into", str(tmp_path / "backups"))
        assert made.returncode == 0, made.stderr
        assert len(office.load.done) > before, "somebody must have written meanwhile"
    office.load.finish()
    assert office.server.end(signal.SIGKILL) == -signal.SIGKILL

    forms = []
    for number, folder in enumerate(sorted((tmp_path / "backups").iterdir())):
        other = tmp_path / f"restored-{number}"
        elsewhere = Server(other, f"sqlite:///{other / 'shanzhi.db'}")
        restored = elsewhere.command("restore", str(folder))
        assert restored.returncode == 0, restored.stderr
        verified = elsewhere.command("ledger", "verify")
        assert (verified.returncode, verified.stdout[:4]) == (0, "OK: "), verified.stderr
        assert all(PhotoStore(other / "photos").open(name).read().startswith(b"photo") for name in photos)
        with sqlite3.connect(other / "shanzhi.db") as copy:
            forms.append(copy.execute("SELECT count(*) FROM record").fetchone()[0])
    assert len(forms) == backups
    assert forms == sorted(set(forms)), "each backup holds more than the one before"


# A book of a million lines, cold -------------------------------------------------------------------------------------

COLD = 60.0  # seconds


def test_a_large_instance_is_served_again_within_a_minute(app, database_url, tmp_path, scale, figure):
    rows = scale(small=2_000, routine=50_000, full=1_000_000)
    photos = scale(small=50, routine=500, full=5_000)
    var = app.config["VAR_DIR"]
    write(db.session.connection(), rows)
    db.session.commit()
    db.session.remove()
    db.engine.dispose()
    store, dice = PhotoStore(var / "photos"), random.Random(10)
    for _ in range(photos):
        store.put(dice.randbytes(40_000), dice.randbytes(4_000))
    made = backup.make(db.engine, var, tmp_path / "backups", now=clock.now())
    db.engine.dispose()

    begun = time.monotonic()
    other = tmp_path / "cold"
    elsewhere = Server(other, f"sqlite:///{other / 'shanzhi.db'}")
    restored = elsewhere.command("restore", str(made.folder))
    assert restored.returncode == 0, restored.stderr
    with sqlite3.connect(other / "shanzhi.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    verified = elsewhere.command("ledger", "verify")
    assert f" {rows} entries" in verified.stdout, verified.stderr
    elsewhere.start()
    took = time.monotonic() - begun
    elsewhere.end(signal.SIGKILL)

    assert sum(path.is_file() for path in (other / "photos").rglob("*")) == 2 * photos
    figure(f"R10 restore: {rows} entries and {photos} photos cold: restored, verified, first page in {took:.1f} s")
    assert took <= COLD


# One byte ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def instance(app) -> Path:
    """Somebody's data: a street, photos, a key."""
    street = make_street()
    street.make(street.household, "household", "1.1")
    db.session.commit()
    db.session.remove()
    var: Path = app.config["VAR_DIR"]
    var.mkdir(exist_ok=True)
    (var / "secret.key").write_text("k" * 40)
    store = PhotoStore(var / "photos")
    for number in range(12):
        store.put(b"photo %d" % number * 300, b"thumb %d" % number)
    return var


@both_databases
def test_a_single_byte_that_differs_is_detected_wherever_it_is(app, instance, tmp_path, scale, figure):
    made = backup.make(db.engine, instance, tmp_path / "backups", now=clock.now())
    assert backup.faults(made.folder) == []
    files = sorted(path for path in made.folder.rglob("*") if path.is_file())
    tables = next(path for path in files if path.name.startswith("database."))
    named = [path for path in files if path.parent == made.folder and path != tables]
    dice, flips = random.Random(20), scale(small=20, routine=60, full=500)
    missed = []
    for number in range(flips):
        path = (tables, dice.choice(named), dice.choice(files))[number % 3]
        content = path.read_bytes()
        place = dice.randrange(len(content))
        path.write_bytes(content[:place] + bytes([content[place] ^ dice.randrange(1, 256)]) + content[place + 1 :])
        if not backup.faults(made.folder):
            missed.append(f"{path.name} at {place}")
        path.write_bytes(content)
    assert backup.faults(made.folder) == []
    figure(f"R10 restore ({db.engine.dialect.name}): {flips - len(missed)} of {flips} flipped bytes detected")
    assert missed == []


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(app: Any, database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of the same kind."""
    if db.engine.dialect.name == "sqlite":
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'shanzhi.db'}"
        return
    cluster = request.getfixturevalue("cluster")
    administer(cluster, "CREATE DATABASE elsewhere")
    yield make_url(database_url).set(database="elsewhere").render_as_string(hide_password=False)
    administer(cluster, "DROP DATABASE elsewhere WITH (FORCE)")


def areas(url: str, var: Path) -> list[str]:
    """What an instance would show."""
    other = create_app(settings(var, url))
    start_writing()
    with other.app_context():
        names = list(db.session.scalars(select(Area.name).order_by(Area.id)))
        db.session.remove()
        verify_all(db.engine)
        db.engine.dispose()
    return names


@both_databases
def test_what_is_there_is_replaced_only_when_asked_and_stays_beside(app, instance, elsewhere, tmp_path):
    there, now = tmp_path / "elsewhere", clock.now()
    made = backup.make(db.engine, instance, tmp_path / "backups", now=now)
    backup.restore(made.folder, make_url(elsewhere), there, replace=False, now=now)
    before = areas(elsewhere, there)
    assert "昌宁社区" in before

    with pytest.raises(Conflict, match="已有数据.*--replace"):
        backup.restore(made.folder, make_url(elsewhere), there, replace=False, now=now)

    assert areas(elsewhere, there) == before
    backup.restore(made.folder, make_url(elsewhere), there, replace=True, now=now)
    assert areas(elsewhere, there) == before
    (aside,) = there.glob("replaced-*")
    assert any(path.stat().st_size > 10_000 for path in aside.iterdir()), "the old data is kept"


@both_databases
def test_a_database_that_somebody_uses_is_left_alone(app, instance, elsewhere, tmp_path):
    there, now = tmp_path / "elsewhere", clock.now()
    made = backup.make(db.engine, instance, tmp_path / "backups", now=now)
    backup.restore(made.folder, make_url(elsewhere), there, replace=False, now=now)
    living = create_app(settings(there, elsewhere))
    with living.app_context():
        start_writing()
        assert db.session.scalars(select(Area.id)).all()
        db.session.commit()

        with pytest.raises(Conflict, match="还有程序在用.*停下服务器"):
            backup.restore(made.folder, make_url(elsewhere), there, replace=True, now=now)

        assert db.session.scalars(select(Area.id)).all(), "the living instance goes on"
        db.session.remove()
        db.engine.dispose()
    assert not list(there.glob("replaced-*"))


def test_the_backup_of_a_newer_version_is_refused(app, instance, tmp_path):
    db.session.execute(text("UPDATE alembic_version SET version_num = '9001'"))
    db.session.commit()
    db.session.remove()
    made = backup.make(db.engine, instance, tmp_path / "backups", now=clock.now())
    there = tmp_path / "there"

    with pytest.raises(Invalid, match=r"更新的程序做的（9001）.*没有恢复"):
        backup.restore(made.folder, make_url(f"sqlite:///{there / 'new.db'}"), there, replace=False, now=clock.now())

    assert not (there / "new.db").exists()


# Dying on the way ----------------------------------------------------------------------------------------------------

RESTORE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy.engine import make_url
from webapp.oversight import backup
folder, url, var, last = sys.argv[1:]
seen = 0
def watch(event, args):
    global seen
    if event in WATCHED and any(str(var) in str(one) for one in args):
        seen += 1
        if seen == int(last):
            os.kill(os.getpid(), signal.SIGKILL)
WATCHED = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.copyfile", "sqlite3.connect"}
sys.addaudithook(watch)
backup.restore(Path(folder), make_url(url), Path(var), replace=True, now=datetime.now(UTC))
print(seen)
"""


def restore_until(step: int, folder: Path, url: str, var: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", RESTORE, str(folder), url, str(var), str(step)]
    return subprocess.run(words, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120, check=False)


def test_whoever_dies_while_restoring_leaves_the_old_instance_or_the_new_one(app, instance, tmp_path, scale, figure):
    """Killed before each thing that is done to a file below the instance's folder."""
    made = backup.make(db.engine, instance, tmp_path / "backups", now=clock.now())
    db.engine.dispose()
    old = tmp_path / "old"
    shutil.copytree(instance, old)
    shutil.copy(db.engine.url.database or "", old / "shanzhi.db")
    with sqlite3.connect(old / "shanzhi.db") as connection:
        connection.execute("UPDATE area SET name = '旧社区' WHERE kind = 'community'")
    (old / "secret.key").write_text("o" * 40)

    def begin() -> tuple[Path, str]:
        var = tmp_path / "var"
        shutil.rmtree(var, ignore_errors=True)
        shutil.copytree(old, var)
        return var, f"sqlite:///{var / 'shanzhi.db'}"

    var, url = begin()
    done = restore_until(0, made.folder, url, var)
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    count = scale(small=4, routine=12, full=steps)
    chosen = sorted(
        {*range(max(steps - 12, 1), steps + 1, max(12 // count, 1)), *range(1, steps, max(steps // count, 1))}
    )
    found = {"旧社区": 0, "昌宁社区": 0}
    for step in chosen:
        var, url = begin()
        assert restore_until(step, made.folder, url, var).returncode == -signal.SIGKILL
        found[whole(var, url)] += 1
    assert restore_until(0, made.folder, url, var).returncode == 0, "restored afterwards"
    assert whole(var, url) == "昌宁社区"
    figure(
        f"R10 restore: killed at {len(chosen)} of {steps} steps: {found['旧社区']} times the old instance,"
        f" {found['昌宁社区']} times the new one, 0 neither"
    )
    assert min(found.values()) > 0, "both sides of the change were met"


def whole(var: Path, url: str) -> str:
    """The name of the community; the key must belong to it, and all photos must be there."""
    other = create_app({**settings(var, url), "SECRET_KEY": ""})
    start_writing()
    with other.app_context():
        name = str(db.session.scalar(select(Area.name).where(Area.kind == "community")))
        db.session.remove()
        verify_all(db.engine)
        db.engine.dispose()
    assert other.config["SECRET_KEY"] == {"旧社区": "o", "昌宁社区": "k"}[name] * 40
    photos = [path for path in (var / "photos").rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert len(photos) >= 24
    return name
