"""``python -m bench.simulator [RECORDS]``: the rule simulator's replay of three months, 27,000 records in two seconds.

Records stand straight in a migrated SQLite database, on 1,800 households of 90 courtyards; the draft changes points, caps (one of
them a year's) and ends a rule. Printed for the outcome and for the names of its lists, each the median of
some rounds. Not a ratio, so it is not a row of ``make bench``; it exits 1 when the goal is missed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import insert

from bench.ledger_verify import HOUSEHOLDS, prepare
from webapp import create_app
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db, start_writing
from webapp.places.models import Area, Household
from webapp.prepared import table_of
from webapp.records.models import Record
from webapp.schemes.models import Rule, Scheme
from webapp.schemes.queries import RuleView, current_rules, rule_version
from webapp.simulator import queries, service
from webapp.simulator.models import RuleDraft

SECONDS, RECORDS, ROUNDS = 2.0, 27_000, 7
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
FIRST, DAYS = date(2026, 8, 1), 92


def fill(count: int) -> tuple[Area, Scheme]:
    """A community and the records of August to October, every rule of its households in turn."""
    prepare()
    community = db.session.scalars(db.select(Area).where(Area.kind == "community")).one()
    scheme = db.session.scalars(db.select(Scheme).where(Scheme.code == "household")).one()
    rules = [rule for rule in current_rules(scheme.id, FIRST + timedelta(DAYS)) if not rule.veto]
    homes = list(db.session.scalars(db.select(Household.id).order_by(Household.id)))
    rows = [_row(number, community.id, scheme.id, rules[number * 7 % len(rules)], homes) for number in range(count)]
    db.session.execute(insert(table_of(Record)), rows)
    return community, scheme


def _row(number: int, community_id: int, scheme_id: int, rule: RuleView, homes: list[int]) -> dict[str, Any]:
    on = FIRST + timedelta(number % DAYS)
    at = datetime(on.year, on.month, on.day, 4, tzinfo=UTC)
    return {
        "client_key": f"bench{number}",
        "holder_id": homes[number // 15 % HOUSEHOLDS],
        "community_id": community_id,
        "scheme_id": scheme_id,
        "rule_id": rule.rule_id,
        "rule_version_id": rule.version_id,
        "points": rule.highest.tenths,
        "source": "inspection",
        "state": "posted",
        "happened_on": on,
        "happened_at": at,
        "recorder_label": "网格员",
        "created_at": at,
    }


def write_draft(scheme: Scheme) -> RuleDraft:
    """Half of the rules say something else: points, a day's, a month's and a year's cap; one ends."""
    draft = service.begin(scheme=scheme, name="2027 年修订", note="", actor=SYSTEM, now=NOW)
    said: list[dict[str, Any]] = [{"cap_month": 2}, {"cap_year": 3}, {"cap_day": 1}, {}]
    for number, rule in enumerate([rule for rule in current_rules(scheme.id, NOW.date()) if not rule.veto][::2]):
        version = rule_version(rule.version_id)
        step = Points.whole(1 if version.lowest.tenths > 0 else -1)
        more = {"lowest": version.lowest + step, "highest": version.highest + step, **said[number % 4]}
        wanted = service.as_before(version, **more)
        row = db.session.get_one(Rule, rule.rule_id)
        service.change_line(draft=draft, rule=row, wanted=wanted, actor=SYSTEM, now=NOW)
    return draft


def median(what: Callable[[], Any]) -> float:
    """Seconds of one call; every round is printed."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        what()
        rounds.append(time.perf_counter() - started)
    print("  rounds: " + ", ".join(f"{seconds:.2f}" for seconds in rounds))
    return statistics.median(rounds)


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder) / 'bench.db'}"
        app = create_app({"VAR_DIR": Path(folder), "SQLALCHEMY_DATABASE_URI": address, "SECRET_KEY": "k" * 40})
        with clock.travel(NOW), app.app_context():
            upgrade()
            start_writing()
            community, scheme = fill(count)
            draft = write_draft(scheme)
            db.session.commit()
            span = queries.last_months(NOW.date(), 3)
            changed = queries.changes(draft)
            found = queries.outcome(changed, community.id, scheme.id, span)
            print(f"{len(changed)} rules changed, {len(found.gainers)} households gain, {len(found.losers)} lose")
            seconds = median(lambda: queries.outcome(changed, community.id, scheme.id, span))
            lists = median(lambda: queries.named([*found.gainers, *found.losers]))
            print(f"{count:,} records replayed in {seconds:.2f} s; everybody's names for the lists in {lists:.2f} s")
    good = seconds + lists <= SECONDS
    print("within the goal" if good else f"MISSED: {SECONDS:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS))
