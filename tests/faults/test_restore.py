"""A backup that is taken while people write is whole: restored elsewhere, its book is right and its photos are there."""

from __future__ import annotations

import signal
import sqlite3
import time

from tests.faults.serving import Server
from webapp.core.photo_store import PhotoStore

BACKUPS = 3


def test_backups_taken_while_people_write_restore_to_a_right_book_with_all_photos(office, tmp_path):
    var = office.server.log.parent
    store = PhotoStore(var / "photos")
    photos = [store.put(b"photo %d" % number, b"thumb %d" % number) for number in range(20)]
    office.open_for_business()

    for _ in range(BACKUPS):
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
    assert len(forms) == BACKUPS
    assert forms == sorted(set(forms)), "each backup holds more than the one before"
