"""``python -m bench.import_residents [ROWS]``: 50,000 residents from an .xlsx, in a process of its own.

Goals of the project: under 60 seconds and 300 MB for the server's process. Printed for the upload (read, checked,
previewed) and for the confirmation (read and checked again, then written in one transaction), with how long other
writers had to wait. Not a ratio, so it is not a row of ``make bench``; it exits 1 when a goal is missed.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask_migrate import upgrade

from webapp import create_app
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.sheets import write_table
from webapp.core.sheets.cells import id_check_digit
from webapp.extensions import db, reading, start_writing
from webapp.places import service
from webapp.places.models import Area
from webapp.places.service import imports

SECONDS, MEGABYTES = 60.0, 300.0
COURTYARDS, HOUSEHOLD_SIZE = 280, 3
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗单曾仇解"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚红建国玉兰小"


def rows(count: int) -> Iterator[dict[str, str]]:
    """Believable residents, three to a household, every one with an identity number."""
    for number in range(count):
        household = number // HOUSEHOLD_SIZE
        name = SURNAMES[number % 24] + GIVEN[number // 24 % 26] + GIVEN[number // 624 % 26]
        first_17 = f"110101{1940 + number % 70}{1 + number % 12:02}{1 + number % 28:02}{number // 420 % 1000:03}"
        yield {
            "number": f"H{household:06}",
            "head": name if number % HOUSEHOLD_SIZE == 0 else "",
            "courtyard": f"Y{household % COURTYARDS:04}",
            "tenure": "房主" if household % 4 else "租户",
            "phone": f"138{household:08}",
            "name": name,
            "relation": ("户主", "配偶", "子女")[number % HOUSEHOLD_SIZE],
            "identity": first_17 + id_check_digit(first_17),
            "mobile": f"139{number:08}",
            "party_member": "是" if number % 9 == 0 else "否",
            "volunteer": "",
        }


def prepare(count: int) -> tuple[int, bytes]:
    """A community with its courtyards, and the file."""
    place: Area | None = None
    now = clock.now()
    for kind, name in (("county", "善城县"), ("street", "城关街道"), ("community", "昌宁社区")):
        place = service.add_area(actor=SYSTEM, now=now, parent=place, kind=kind, name=name)
    assert place is not None
    for number in range(COURTYARDS):
        service.add_courtyard(actor=SYSTEM, now=now, area=place, number=f"Y{number:04}", name=f"{number} 号院")
    db.session.commit()
    return place.id, write_table("住户", imports.register_of("households").columns, rows(count))


def peak(who: int = resource.RUSAGE_SELF) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def upload(base_id: int, data: bytes) -> Any:
    with reading():
        ready = imports.read(imports.register_of("households"), data, "住户.xlsx", secret="key")
        return imports.preview_of(ready, actor=SYSTEM, base=db.session.get_one(Area, base_id), now=clock.now())


def confirm(base_id: int, data: bytes, folder: Path) -> float:
    """Answers how long the writer's turn was held."""
    with reading():
        ready = imports.read(imports.register_of("households"), data, "住户.xlsx", secret="key")
        imports.warm(ready, db.session.get_one(Area, base_id), clock.now(), folder)
    started = time.perf_counter()
    imports.confirm(ready, actor=SYSTEM, base=db.session.get_one(Area, base_id), now=clock.now())
    db.session.commit()
    return time.perf_counter() - started


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        app = create_app(
            {"VAR_DIR": var, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{var / 'bench.db'}", "SECRET_KEY": "k" * 40}
        )
        with app.app_context():
            upgrade()
            start_writing()
            base_id, data = prepare(count)
            before = peak()
            started = time.perf_counter()
            preview = upload(base_id, data)
            uploaded = time.perf_counter()
            held = confirm(base_id, data, var)
            done = time.perf_counter()
            print(
                f"rows {preview.rows}, errors {preview.error_count}, new {preview.added}, file {len(data) / 1e6:.1f} MB"
            )
            print(
                f"upload and preview {uploaded - started:.1f} s, confirmation {done - uploaded:.1f} s, writers waited {held:.1f} s"
            )
            print(
                f"peak RSS {peak():.0f} MB (before the import {before:.0f} MB), opener of the file {peak(resource.RUSAGE_CHILDREN):.0f} MB"
            )
            good = preview.added == count and done - started < SECONDS and peak() < MEGABYTES
    print("within the goals" if good else f"MISSED: all rows, {SECONDS:.0f} s, {MEGABYTES:.0f} MB")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
