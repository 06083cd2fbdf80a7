"""Backups: taken while the server runs, checked when they are made, checked again before they are restored.

A backup is a folder: the database, the photos, the installation's key, and ``manifest.json`` with the SHA-256 of every
file. Photos never change once written, so a backup links those that the backup before it already holds. The folder
holds personal data and the key: keep it on an encrypted disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, inspect
from sqlalchemy.engine import URL, Engine

from webapp import durable
from webapp.config import READY, WAITS
from webapp.core.errors import Conflict, Invalid
from webapp.extensions import reading

FORMAT = 2  # 1: without the version of the tables and the manifest's own SHA-256
SQLITE_FILE, POSTGRESQL_FILE = "database.sqlite3", "database.dump"
KEY_FILE, MANIFEST, PHOTOS = "secret.key", "manifest.json", "photos"
SEAL = "manifest.sha256"  # as sha256sum reads it
VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"

#: Looks through a database that was copied; gives what is wrong with it in words, or nothing.
Check = Callable[[Engine], list[str]]


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup and how much it holds."""

    folder: Path
    files: int
    size: int  # bytes


def before_migration(engine: Engine, var: Path, *, now: datetime) -> Backup:
    """The database as it is before it is changed, in a folder that ``restore`` takes; photos are not touched.

    :raises Conflict: if the copy does not pass its checks, or PostgreSQL's tools are not there.
    """
    return make(engine, var, var / "backups", now=now, name=f"before-migration-of-{_version(engine)}", photos=False)


def make(engine: Engine, var: Path, into: Path, *, now: datetime, name: str = "shanzhi", photos: bool = True) -> Backup:
    """Take a backup of the running instance into a new folder below ``into``.

    :raises Conflict: if the copy does not pass its own checks, or one of the same second exists.
    """
    folder = into / f"{name}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    partial = folder.with_suffix(".partial")
    if folder.exists():
        raise Conflict(f"这一秒的备份已经有了：{folder}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    _copy_database(engine, partial)
    if (var / KEY_FILE).exists():
        shutil.copy2(var / KEY_FILE, partial / KEY_FILE)
    if photos:
        _copy_photos(var / PHOTOS, partial / PHOTOS, _latest(into))
    files = {str(path.relative_to(partial)): sha256_of(path) for path in _files(partial)}
    manifest = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "database": engine.dialect.name,
        "tables": _version(engine),
        "files": files,
    }
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    (partial / SEAL).write_text(f"{sha256_of(partial / MANIFEST)}  {MANIFEST}\n", encoding="ascii")
    durable.sync_below(partial)  # a backup that was reported outlasts a power cut
    partial.rename(folder)
    for one in (into, into.parent):
        durable.sync_folder(one)
    return Backup(folder, len(files), sum(path.stat().st_size for path in _files(folder)))


def faults(folder: Path) -> list[str]:
    """What differs from the manifest: a missing, added or changed file. Empty: nothing."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        sealed = (folder / SEAL).read_text(encoding="ascii") if (folder / SEAL).exists() else None
    except (OSError, ValueError):
        return [f"{MANIFEST} 读不出来：这不是一份完整的备份"]
    if sealed is None and isinstance(manifest, dict) and manifest.get("format") != 1:
        return [f"缺少文件 {SEAL}"]
    if sealed is not None and sealed != f"{sha256_of(folder / MANIFEST)}  {MANIFEST}\n":
        return [f"文件 {MANIFEST} 与备份时不一样"]
    if manifest["format"] not in (1, FORMAT):
        return [f"备份格式 {manifest['format']} 不认识，请用做这份备份的版本恢复"]
    return _wrong_files(folder, manifest["files"])


def _wrong_files(folder: Path, wanted: dict[str, str]) -> list[str]:
    found = {str(path.relative_to(folder)) for path in _files(folder)} - {MANIFEST, SEAL}
    wrong = [f"多出文件 {name}" for name in sorted(found - set(wanted))]
    for name, digest in sorted(wanted.items()):
        if name not in found:
            wrong.append(f"缺少文件 {name}")
        elif sha256_of(folder / name) != digest:
            wrong.append(f"文件 {name} 与备份时不一样")
    return wrong


def restore(folder: Path, url: URL, var: Path, *, replace: bool, now: datetime) -> None:
    """Put a backup in the place of this instance's data. The server must be stopped.

    Everything is laid ready beside first; whoever dies on the way finds the old instance or the new one.

    :raises Invalid: if the backup is not as it was made, or is of the other kind of database, or of a newer program.
    :raises Conflict: if somebody still uses the database, or there is data already and ``replace`` was not asked for;
        with it the old files are set aside.
    """
    wrong = faults(folder)
    if wrong:
        raise Invalid("备份不完整，没有恢复：\n" + "\n".join(wrong[:20]))
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    _must_fit(manifest, url)
    var.mkdir(parents=True, exist_ok=True)
    aside = _unused(var / f"replaced-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    place = _Sqlite(folder, url) if manifest["database"] == "sqlite" else _Postgresql(folder, url)
    if place.holds_data() and not replace:
        raise Conflict("本实例已有数据，没有恢复。确认要换掉请加 --replace，原来的数据会移到一边保留。")
    if place.in_use():
        raise Conflict("还有程序在用这个数据库，没有恢复。请先停下服务器（和别的命令），再恢复一次。")
    _add_photos(folder, var)
    ready = _lay_ready(folder, var, place)
    if place.holds_data():
        _set_aside(var, aside, place)
    durable.sync_below(var)  # also what was laid ready and set aside
    place.take()
    if (ready / KEY_FILE).exists():
        (ready / KEY_FILE).replace(var / KEY_FILE)
    shutil.rmtree(ready)
    durable.sync_folder(var)
    _clear_photos(folder, var, aside)


def _must_fit(manifest: dict[str, Any], url: URL) -> None:
    if manifest["database"] != url.get_backend_name():
        raise Invalid(f"这份备份是 {manifest['database']} 的，本实例用的是 {url.get_backend_name()}，不能直接恢复。")
    newest = max(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))
    if str(manifest.get("tables", "")) > newest:
        raise Invalid(
            f"这份备份是更新的程序做的（{manifest['tables']}），这里的程序只到 {newest}，没有恢复。请先装上更新的程序。"
        )


class _Sqlite:
    """A database that is one file, changed by giving another one its name."""

    def __init__(self, folder: Path, url: URL) -> None:
        self._copy, self._file = folder / SQLITE_FILE, Path(str(url.database))
        self._ready = self._file

    def holds_data(self) -> bool:
        return self._file.exists()

    def in_use(self) -> bool:
        """Only whoever is alone may leave the write-ahead log, which is emptied into the file by it."""
        if not self._file.exists():
            return False
        connection = sqlite3.connect(self._file, timeout=0)
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:  # not a database any more: nobody uses it
            return False
        finally:
            connection.close()
        return False

    def lay_ready(self, ready: Path) -> None:
        self._ready = ready / SQLITE_FILE
        shutil.copy2(self._copy, self._ready)

    def set_aside(self, aside: Path) -> None:
        """Under another name: the file itself is not written to any more."""
        try:
            os.link(self._file, aside / self._file.name)
        except OSError:
            shutil.copy2(self._file, aside / self._file.name)

    def take(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if (
            self._ready.stat().st_dev != self._file.parent.stat().st_dev
        ):  # another disk: no name can be given over there
            near = self._file.with_name(f"{self._file.name}.restored")
            shutil.copy2(self._ready, near)
            near.replace(self._file)
            self._ready.unlink()
            return
        self._ready.replace(self._file)


class _Postgresql:
    """A database that is changed in one transaction."""

    def __init__(self, folder: Path, url: URL) -> None:
        self._copy, self._url, self._ready = folder / POSTGRESQL_FILE, url, folder

    def holds_data(self) -> bool:
        return bool(self._ask("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"))

    def in_use(self) -> bool:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return bool(self._ask(f"{others} AND backend_type = 'client backend'"))

    def _ask(self, question: str) -> int:
        engine = create_engine(self._url, poolclass=NullPool)
        with engine.connect() as connection:
            return int(connection.exec_driver_sql(question).scalar_one())

    def lay_ready(self, ready: Path) -> None:
        """The dump is where it is; the key must wait for it."""
        self._ready = ready
        (ready / WAITS).touch()

    def set_aside(self, aside: Path) -> None:
        _dump(self._url, aside / POSTGRESQL_FILE)

    def take(self) -> None:
        options = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
        _postgresql("pg_restore", self._url, *options, str(self._copy))
        (self._ready / WAITS).unlink()


def _lay_ready(folder: Path, var: Path, place: _Sqlite | _Postgresql) -> Path:
    """The key lies there until the database has changed: ``config`` takes it over if this process dies between."""
    ready = var / READY
    (ready / KEY_FILE).unlink(missing_ok=True)  # before what it waits for
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir(mode=0o700)
    place.lay_ready(ready)
    if (folder / KEY_FILE).exists():
        shutil.copy2(folder / KEY_FILE, ready / KEY_FILE)
    return ready


def _unused(wanted: Path) -> Path:
    """A name that nothing has: a restore that died within the same second may have left one."""
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 1000))
    return next(path for path in (wanted, *numbered) if not path.exists())


def _set_aside(var: Path, aside: Path, place: _Sqlite | _Postgresql) -> None:
    aside.mkdir(parents=True, mode=0o700)
    place.set_aside(aside)
    if (var / KEY_FILE).exists():
        shutil.copy2(var / KEY_FILE, aside / KEY_FILE)


def _add_photos(folder: Path, var: Path) -> None:
    """Photos never change, so those of the backup can stand beside those that are there."""
    for path in _files(folder / PHOTOS) if (folder / PHOTOS).exists() else ():
        wanted = var / path.relative_to(folder)
        if wanted.exists() and wanted.stat().st_size == path.stat().st_size and sha256_of(wanted) == sha256_of(path):
            continue
        wanted.parent.mkdir(parents=True, exist_ok=True)
        draft = wanted.with_name(f".{wanted.name}{durable.DRAFT}")
        shutil.copy2(path, draft)
        draft.replace(wanted)


def _clear_photos(folder: Path, var: Path, aside: Path) -> None:
    """Those that the backup has not go aside; a backup of the tables alone says nothing of photos."""
    if not (folder / PHOTOS).exists():
        return
    for path in list(_files(var / PHOTOS)):
        if not (folder / path.relative_to(var)).exists():
            kept = aside / path.relative_to(var)
            kept.parent.mkdir(parents=True, exist_ok=True)
            path.replace(kept)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _latest(into: Path) -> Path | None:
    done = sorted(path for path in into.glob("shanzhi-*Z") if (path / MANIFEST).exists())
    return done[-1] if done else None


def _copy_database(engine: Engine, folder: Path) -> None:
    if engine.dialect.name != "sqlite":
        _dump(engine.url, folder / POSTGRESQL_FILE)
        return
    source = sqlite3.connect(f"file:{engine.url.database}?mode=ro", uri=True)
    target = sqlite3.connect(folder / SQLITE_FILE)
    try:
        source.backup(target)  # one snapshot; in WAL mode writers go on meanwhile
        answer = target.execute("PRAGMA integrity_check").fetchone()[0]
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        source.close()
        target.close()
    if answer != "ok":
        raise Conflict(f"数据库检查没有通过，备份未完成：{answer}")


def _dump(url: URL, file: Path) -> None:
    _postgresql("pg_dump", url, "--format=custom", "--no-owner", f"--file={file}")


def _version(engine: Engine) -> str:
    """Up to which migration the tables are."""
    with reading(), engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")


def _postgresql(program: str, url: URL, *arguments: str) -> None:
    """Run PostgreSQL's own tool; the password goes by the environment, not the command line."""
    if shutil.which(program) is None:
        raise Conflict(f"本机没有 {program}，请先安装 PostgreSQL 客户端工具（postgresql-client）。")
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    done = subprocess.run(  # noqa: S603  # a fixed program, no shell, arguments from the configuration
        [program, *arguments, f"--dbname={plain}"],
        env={**os.environ, "PGPASSWORD": url.password or ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Conflict(f"{program} 没有成功：{done.stderr.strip()[:500]}")


def _copy_photos(source: Path, target: Path, previous: Path | None) -> None:
    """All but drafts (``.….part``): a photo that is being written has no row yet, and its draft is gone in a moment."""
    for path in _files(source) if source.exists() else ():
        if path.name.startswith("."):
            continue
        name = path.relative_to(source)
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        older = previous / PHOTOS / name if previous else None
        if older is not None and older.exists():
            os.link(older, copy)
        else:
            shutil.copy2(path, copy)
