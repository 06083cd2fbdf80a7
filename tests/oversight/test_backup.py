"""Backups: whole, checked, and refused when a single byte differs."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from webapp.core.errors import Conflict, Invalid
from webapp.extensions import db
from webapp.oversight import backup

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.fixture
def instance(app) -> Path:
    """An instance with a database, a key and two photos."""
    var: Path = app.config["VAR_DIR"]
    (var / "secret.key").write_text("k" * 40)
    for name, content in (("aa/one", b"first photo"), ("bb/two", b"second photo")):
        photo = var / "photos" / name
        photo.parent.mkdir(parents=True, exist_ok=True)
        photo.write_bytes(content)
    return var


def test_a_backup_holds_database_photos_and_key_and_passes_its_own_check(instance, tmp_path):
    made = backup.make(db.engine, instance, tmp_path, now=NOON)

    names = {str(path.relative_to(made.folder)) for path in made.folder.rglob("*") if path.is_file()}
    assert names == {
        "database.sqlite3",
        "manifest.json",
        "manifest.sha256",
        "secret.key",
        "photos/aa/one",
        "photos/bb/two",
    }
    assert backup.faults(made.folder) == []


@pytest.mark.parametrize("name", ["database.sqlite3", "secret.key", "photos/aa/one"])
def test_one_flipped_byte_is_named_and_nothing_is_restored(instance, tmp_path, name):
    made = backup.make(db.engine, instance, tmp_path, now=NOON)
    file = made.folder / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()  # a linked photo of another backup must not change with it
    file.write_bytes(content)

    assert backup.faults(made.folder) == [f"文件 {name} 与备份时不一样"]
    with pytest.raises(Invalid, match="没有恢复"):
        backup.restore(
            made.folder, make_url(f"sqlite:///{tmp_path / 'new.db'}"), tmp_path / "v", replace=False, now=NOON
        )
    assert not (tmp_path / "new.db").exists()


def test_missing_and_added_files_are_named(instance, tmp_path):
    made = backup.make(db.engine, instance, tmp_path, now=NOON)
    (made.folder / "photos/aa/one").unlink()
    (made.folder / "photos/extra").write_bytes(b"?")

    assert backup.faults(made.folder) == ["多出文件 photos/extra", "缺少文件 photos/aa/one"]


def test_a_restored_instance_has_the_same_data(instance, tmp_path):
    made = backup.make(db.engine, instance, tmp_path / "backups", now=NOON)
    var = tmp_path / "other"
    url = make_url(f"sqlite:///{var / 'shanzhi.db'}")

    backup.restore(made.folder, url, var, replace=False, now=NOON)

    with sqlite3.connect(var / "shanzhi.db") as copy:
        assert copy.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    assert (var / "photos/bb/two").read_bytes() == b"second photo"
    assert (var / "secret.key").read_text() == "k" * 40


def test_restoring_over_data_needs_to_be_said_and_keeps_the_old_aside(instance, tmp_path):
    made = backup.make(db.engine, instance, tmp_path / "backups", now=NOON)
    var = tmp_path / "other"
    var.mkdir()
    (var / "shanzhi.db").write_bytes(b"old data")
    url = make_url(f"sqlite:///{var / 'shanzhi.db'}")

    with pytest.raises(Conflict, match="已有数据"):
        backup.restore(made.folder, url, var, replace=False, now=NOON)
    assert (var / "shanzhi.db").read_bytes() == b"old data"

    backup.restore(made.folder, url, var, replace=True, now=NOON)
    assert (var / "replaced-20261120T040000Z" / "shanzhi.db").read_bytes() == b"old data"

    backup.restore(made.folder, url, var, replace=True, now=NOON)  # again within the second: the first stays
    assert (var / "replaced-20261120T040000Z-2" / "shanzhi.db").exists()
    assert (var / "replaced-20261120T040000Z" / "shanzhi.db").read_bytes() == b"old data"


def test_photos_that_the_last_backup_holds_are_linked_not_copied_again(instance, tmp_path):
    first = backup.make(db.engine, instance, tmp_path, now=NOON)
    second = backup.make(db.engine, instance, tmp_path, now=NOON + timedelta(days=1))

    name = "photos/aa/one"
    assert (first.folder / name).samefile(second.folder / name)
    assert not (instance / name).samefile(second.folder / name)


def test_a_photo_that_is_being_written_is_no_part_of_a_backup(instance, tmp_path):
    (instance / "photos/aa/.0123456789abcdef.part").write_bytes(b"half a ph")

    made = backup.make(db.engine, instance, tmp_path, now=NOON)

    names = {path.name for path in (made.folder / "photos").rglob("*") if path.is_file()}
    assert names == {"one", "two"}
