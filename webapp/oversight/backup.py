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

from sqlalchemy.engine import URL, Engine

from webapp import durable
from webapp.core.errors import Conflict, Invalid

FORMAT = 1
SQLITE_FILE, POSTGRESQL_FILE = "database.sqlite3", "database.dump"
KEY_FILE, MANIFEST, PHOTOS = "secret.key", "manifest.json", "photos"

#: Looks through a database that was copied; gives what is wrong with it in words, or nothing.
Check = Callable[[Engine], list[str]]


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup and how much it holds."""

    folder: Path
    files: int
    size: int  # bytes


def make(engine: Engine, var: Path, into: Path, *, now: datetime) -> Backup:
    """Take a backup of the running instance into a new folder below ``into``.

    :raises Conflict: if the copy does not pass its own checks, or one of the same second exists.
    """
    folder = into / f"shanzhi-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    partial = folder.with_suffix(".partial")
    if folder.exists():
        raise Conflict(f"这一秒的备份已经有了：{folder}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    _copy_database(engine, partial)
    if (var / KEY_FILE).exists():
        shutil.copy2(var / KEY_FILE, partial / KEY_FILE)
    _copy_photos(var / PHOTOS, partial / PHOTOS, _latest(into))
    files = {str(path.relative_to(partial)): sha256_of(path) for path in _files(partial)}
    manifest = {"format": FORMAT, "made_at": now.isoformat(), "database": engine.dialect.name, "files": files}
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    durable.sync_below(partial)  # a backup that was reported outlasts a power cut
    partial.rename(folder)
    for one in (into, into.parent):
        durable.sync_folder(one)
    return Backup(folder, len(files), sum(path.stat().st_size for path in _files(folder)))


def faults(folder: Path) -> list[str]:
    """What differs from the manifest: a missing, added or changed file. Empty: nothing."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [f"{MANIFEST} 读不出来：这不是一份完整的备份"]
    if manifest.get("format") != FORMAT:
        return [f"备份格式 {manifest.get('format')} 不认识，请用做这份备份的版本恢复"]
    wanted: dict[str, str] = manifest["files"]
    found = {str(path.relative_to(folder)) for path in _files(folder)} - {MANIFEST}
    wrong = [f"多出文件 {name}" for name in sorted(found - set(wanted))]
    for name, digest in sorted(wanted.items()):
        if name not in found:
            wrong.append(f"缺少文件 {name}")
        elif sha256_of(folder / name) != digest:
            wrong.append(f"文件 {name} 与备份时不一样")
    return wrong


def restore(folder: Path, url: URL, var: Path, *, replace: bool, now: datetime) -> None:
    """Put a backup in the place of this instance's data. The server must be stopped.

    :raises Invalid: if the backup is not as it was made, or is of the other kind of database.
    :raises Conflict: if there is data already and ``replace`` was not asked for; with it the old files are set aside.
    """
    wrong = faults(folder)
    if wrong:
        raise Invalid("备份不完整，没有恢复：\n" + "\n".join(wrong[:20]))
    kind = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["database"]
    if kind != url.get_backend_name():
        raise Invalid(f"这份备份是 {kind} 的，本实例用的是 {url.get_backend_name()}，不能直接恢复。")
    var.mkdir(parents=True, exist_ok=True)
    aside = var / f"replaced-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if kind == "sqlite":
        _restore_sqlite(folder, Path(str(url.database)), aside, replace)
    else:
        _postgresql("pg_restore", url, "--clean", "--if-exists", "--no-owner", str(folder / POSTGRESQL_FILE))
    _restore_files(folder, var, aside)
    durable.sync_below(var)


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
        _postgresql("pg_dump", engine.url, "--format=custom", "--no-owner", f"--file={folder / POSTGRESQL_FILE}")
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


def _restore_sqlite(folder: Path, database: Path, aside: Path, replace: bool) -> None:
    if database.exists():
        if not replace:
            raise Conflict("本实例已有数据，没有恢复。确认要换掉请加 --replace，原来的数据会移到一边保留。")
        aside.mkdir(parents=True)
        for suffix in ("", "-wal", "-shm"):
            old = database.with_name(database.name + suffix)
            if old.exists():
                old.rename(aside / old.name)
    shutil.copy2(folder / SQLITE_FILE, database)


def _restore_files(folder: Path, var: Path, aside: Path) -> None:
    for name in (KEY_FILE, PHOTOS):
        if not (folder / name).exists():
            continue
        if (var / name).exists():
            aside.mkdir(parents=True, exist_ok=True)
            (var / name).rename(aside / name)
        copy = shutil.copytree if (folder / name).is_dir() else shutil.copy2
        copy(folder / name, var / name)
