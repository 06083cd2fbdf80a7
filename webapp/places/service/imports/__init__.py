"""Rosters from Excel: read and checked first, with every bad row named; written only when all of it is right.

The same file for the same register and area changes nothing again; another file with the same rows neither, because
each row is compared with what is there. A row that a file leaves out stays as it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid
from webapp.core.sheets import Table, read_table
from webapp.extensions import db, one_writer
from webapp.places.models import Area, ImportRun, area_rank
from webapp.places.service.checks import lock_register, must_edit
from webapp.places.service.imports.areas import AreaPlanner
from webapp.places.service.imports.flat import CourtyardPlanner, ShopPlanner
from webapp.places.service.imports.households import HouseholdPlanner
from webapp.places.service.imports.plan import Plan, Task, Workings
from webapp.places.service.imports.registers import REGISTERS, Register, register_of
from webapp.places.service.imports.uploads import Preview, Uploads

__all__ = [
    "REGISTERS",
    "Preview",
    "Reading",
    "Register",
    "Uploads",
    "confirm",
    "earlier_run",
    "preview_of",
    "read",
    "register_of",
    "warm",
]

MAX_CHANGES = 200  # shown in a preview; all are counted
MAX_NUMBERS = 500  # of changed rows, in the audit line


class _Planner(Protocol):
    def __init__(self, task: Task) -> None: ...
    def work_out(self) -> Plan: ...


_PLANNERS: dict[str, type[_Planner]] = {
    "areas": AreaPlanner,
    "courtyards": CourtyardPlanner,
    "households": HouseholdPlanner,
    "shops": ShopPlanner,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read for a register, with what was worked out about it so far."""

    register: Register
    file_name: str
    table: Table
    workings: Workings


def read(register: Register, data: bytes, file_name: str, *, secret: str) -> Reading:
    """Open a file. Slow: call it before the writer's turn.

    :raises Invalid: if the file as a whole can't be used.
    """
    return Reading(register, file_name[-200:], read_table(data, file_name, register.columns), Workings(secret))


def plan(reading: Reading, base: Area, now: datetime) -> Plan:
    """What the file would change in ``base`` as things stand; bad rows are added to the table's errors.

    :raises Invalid: if the register can't be imported into an area of this kind.
    """
    if reading.register.only_community and area_rank(base.kind) < area_rank("community"):
        raise Invalid("住户要一个社区一个社区地导入，请选择一个社区。", field="area_id")
    fresh = replace(reading.table, errors=list(reading.table.errors))
    task = Task(fresh, base, clock.local_date(now), reading.workings)
    result = _PLANNERS[reading.register.key](task).work_out()
    result.errors, result.unkept_errors = fresh.errors, fresh.unkept_errors
    return result


def preview_of(reading: Reading, *, actor: Actor, base: Area, now: datetime) -> Preview:
    """Work out what an import would do; writes nothing.

    :raises NotAllowed: outside the actor's areas.
    """
    must_edit(actor, base, permission="places.import")
    found = plan(reading, base, now)
    _warm(reading)
    errors = sorted(found.errors, key=lambda error: error.row_number)
    return Preview(
        register=reading.register.key,
        area_id=base.id,
        user_id=actor.user_id or 0,
        sha256=reading.table.sha256,
        file_name=reading.file_name,
        uploaded_at=now,
        rows=len(reading.table.rows),
        added=found.added,
        changed=found.changed,
        unchanged=found.unchanged,
        changes=tuple(found.changes[:MAX_CHANGES]),
        errors=tuple(errors),
        error_count=len(errors) + found.unkept_errors,
        unknown_columns=tuple(reading.table.unknown_columns),
    )


def warm(reading: Reading, base: Area, now: datetime, folder: Path) -> None:
    """Work out what is slow (pinyin, digests) before the writer's turn, so that it is short. Where writers wait for
    one another the new rows are written too, into a file in ``folder``."""
    found = plan(reading, base, now)
    _warm(reading)
    if one_writer() and found.ready and not found.errors:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / f"{reading.table.sha256}.{os.getpid()}-{os.urandom(4).hex()}.rows"
        ready = found.ready(file, now)
        found.write, found.ready = ready.write, None
        reading.workings.ready = (found, ready)


def _warm(reading: Reading) -> None:
    for row in reading.table.rows:
        for key in ("name", "head"):
            if row.values.get(key):
                reading.workings.initials(row.values[key])


def earlier_run(register: Register, base: Area, sha256: str) -> ImportRun | None:
    """The import in which this very file was taken over."""
    return db.session.scalar(
        select(ImportRun).where(
            ImportRun.register == register.key, ImportRun.area_id == base.id, ImportRun.sha256 == sha256
        )
    )


def confirm(reading: Reading, *, actor: Actor, base: Area, now: datetime) -> ImportRun:
    """Check everything again as things stand now, and take all of it over.

    :raises AlreadyUsed: if this file was imported before: nothing changes.
    :raises Conflict: if a row has become wrong since the preview, or nothing would change: nothing is written.
    """
    try:
        return _confirm(reading, actor=actor, base=base, now=now)
    finally:
        if reading.workings.ready is not None:
            reading.workings.ready[1].drop()


def _confirm(reading: Reading, *, actor: Actor, base: Area, now: datetime) -> ImportRun:
    must_edit(actor, base, permission="places.import")
    lock_register(base)
    if earlier_run(reading.register, base, reading.table.sha256):
        raise AlreadyUsed("这个文件已经导入过了，数据没有再变。")
    found = _ready_plan(reading, base, now) or plan(reading, base, now)
    if found.errors:
        raise Conflict(f"预览以后数据有了变化：{found.errors[0]}请重新上传，再预览一次。")
    if not found.does_something:
        raise Conflict("文件里的内容和系统里的一样，没有要导入的。")
    found.write(now)
    db.session.expire_all()
    run = _note(reading, found, actor, base, now)
    log(
        actor,
        "register:imported",
        now=now,
        object_kind="import",
        object_id=run.id,
        area_path=base.path,
        register=run.register,
        sha256=run.sha256,
        rows=run.rows,
        added=run.added,
        changed=run.changed,
        changed_numbers=[change.number for change in found.changes[:MAX_NUMBERS]],
    )
    return run


def _ready_plan(reading: Reading, base: Area, now: datetime) -> Plan | None:
    """The plan of ``warm``, if it was for the same day and area and still says what is to be done."""
    if reading.workings.ready is None:
        return None
    found, ready = reading.workings.ready
    same = ready.task.base.id == base.id and ready.task.today == clock.local_date(now)
    return found if same and ready.still_right() else None


def _note(reading: Reading, found: Plan, actor: Actor, base: Area, now: datetime) -> ImportRun:
    run = ImportRun(
        register=reading.register.key,
        area_id=base.id,
        file_name=reading.file_name,
        sha256=reading.table.sha256,
        rows=len(reading.table.rows),
        added=found.added,
        changed=found.changed,
        user_id=actor.user_id,
        created_at=now,
    )
    db.session.add(run)
    db.session.flush()
    return run
