"""Rules from Excel: read and checked first, with every bad row named; written only when all of it is right.

Each row is compared with the newest version of its rule, so the same file twice changes nothing. A rule that the file
leaves out stays as it is. What differs becomes a new version, valid from the chosen day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.core.sheets import Row, Table, read_table
from webapp.schemes import queries
from webapp.schemes.models import Category, Scheme
from webapp.schemes.queries import RuleView, desk
from webapp.schemes.service import rules
from webapp.schemes.service.categories import add_category
from webapp.schemes.service.rules import RuleText
from webapp.schemes.service.settings import lock
from webapp.schemes.service.sheet import COLUMNS, MORE_COLUMNS, text_of, title_of

MAX_RULES = 2000


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A good row that does something. ``fields`` are the columns in which it differs; none for a new rule."""

    row_number: int
    category_code: str
    code: str
    text: RuleText
    there: RuleView | None
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class RulePlan:
    """What a file would do to a scheme as things stand."""

    table: Table
    new_categories: dict[str, str] = field(default_factory=dict)
    new: list[PlannedRule] = field(default_factory=list)
    changed: list[PlannedRule] = field(default_factory=list)
    unchanged: int = 0

    @property
    def can_be_confirmed(self) -> bool:
        return not self.table.error_count and bool(self.new or self.changed)


def read(data: bytes, file_name: str) -> Table:
    """Open a file; slow, and needs no database.

    :raises Invalid: if the file as a whole can't be used.
    """
    return read_table(data, file_name, (*COLUMNS, *MORE_COLUMNS), max_rows=MAX_RULES)


def plan(table: Table, *, scheme: Scheme, valid_from: date, now: datetime) -> RulePlan:
    """Work out what an import would do; writes nothing. Bad rows are added to the table's errors.

    :raises Invalid: if the day lies in the past.
    """
    rules.check_start(valid_from, now)
    planner = _Planner(table, scheme, valid_from, clock.local_date(now))
    for row in table.rows:
        planner.take(row)
    table.errors.sort(key=lambda error: error.row_number)
    return planner.plan


class _Planner:
    def __init__(self, table: Table, scheme: Scheme, valid_from: date, today: date) -> None:
        self.table, self.valid_from, self.today = table, valid_from, today
        self.plan = RulePlan(table)
        self.categories = {category.code: category.name for category in queries.categories(scheme.id)}
        self.there = desk.newest_rules(scheme.id)
        self.shown = {line.shown.code: line.shown for line in desk.rule_lines(scheme.id, today)}
        self.category_codes = {category.id: category.code for category in queries.categories(scheme.id)}
        self.seen: dict[str, int] = {}
        self.absent = {column.key for column in COLUMNS if column.title in table.missing_columns}

    def take(self, row: Row) -> None:
        """Plan a row, or say what is wrong with it."""
        there = self.there.get(row.text("code"))
        try:
            self._check_place(row, there)
            text = text_of(row, there, self.absent)
            rules.check(text)
            self._sort_in(row, text, there)
        except Invalid as error:
            title = title_of(error.field)
            self.table.blame(row.number, title, error.message, row.values.get(error.field or "") if title else "")

    def _check_place(self, row: Row, there: RuleView | None) -> None:
        code, category = row.text("code"), row.text("category_code")
        if code in self.seen:
            raise Invalid(f"与第 {self.seen[code]} 行的编号重复。", field="code")
        self.seen[code] = row.number
        if there is not None and self.category_codes[there.category_id] != category:
            raise Invalid(
                f"这条细则在一级指标 {self.category_codes[there.category_id]} 里，不能换。", field="category_code"
            )
        self._check_category(category, row.text("category"))

    def _check_category(self, code: str, name: str) -> None:
        known = self.categories.get(code)
        if known is None and not name:
            raise Invalid("没有这个编号的一级指标，要新增就请填它的名称。", field="category")
        if known is not None and name and name != known:
            raise Invalid(f"编号 {code} 的一级指标叫「{known}」，要改名请在页面上改。", field="category")
        if known is None:
            self.categories[code] = self.plan.new_categories[code] = name

    def _sort_in(self, row: Row, text: RuleText, there: RuleView | None) -> None:
        code, category = row.text("code"), row.text("category_code")
        if there is None:
            self.plan.new.append(PlannedRule(row.number, category, code, text, None))
            return
        fields = _differences(text, there)
        if not fields or not _differences(text, self.shown[code]):  # an export holds what judges today
            self.plan.unchanged += 1
            return
        self._check_may_change(there)
        self.plan.changed.append(PlannedRule(row.number, category, code, text, there, fields))

    def _check_may_change(self, there: RuleView) -> None:
        if there.valid_to is not None:
            raise Invalid("这条细则已经停用，请把这一行从表里去掉，或在页面上重新启用。", field="code")
        if there.valid_from > self.today and there.valid_from >= self.valid_from:
            raise Invalid(f"已有一个 {there.valid_from} 生效的新版本，请选更晚的生效日期。", field="code")


def _differences(text: RuleText, rule: RuleView) -> tuple[str, ...]:
    """The titles of the columns in which a row differs from a version."""
    return tuple(title_of(key) for key in RuleText.__slots__ if getattr(text, key) != getattr(rule, key))


def confirm(table: Table, *, scheme: Scheme, valid_from: date, actor: Actor, now: datetime) -> RulePlan:
    """Check everything again as things stand now, and take all of it over.

    :raises Conflict: if a row has become wrong since the preview, or nothing would change: nothing is written.
    """
    actor.must("schemes.edit", scheme.area.path)
    lock(scheme)
    found = plan(table, scheme=scheme, valid_from=valid_from, now=now)
    if table.errors:
        raise Conflict(f"表格里还有要改的地方：{table.errors[0]}请改好后重新上传。")
    if not found.can_be_confirmed:
        raise Conflict("文件里的内容和系统里的一样，没有要导入的。")
    _write(found, scheme, valid_from, actor, now)
    log(
        actor,
        "rule:imported",
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        sha256=table.sha256,
        valid_from=valid_from,
        added=len(found.new),
        changed=len(found.changed),
        categories=len(found.new_categories),
    )
    return found


def _write(found: RulePlan, scheme: Scheme, valid_from: date, actor: Actor, now: datetime) -> None:
    for code, name in found.new_categories.items():
        add_category(scheme=scheme, code=code, name=name, actor=actor, now=now)
    categories: dict[str, Category] = {category.code: category for category in queries.categories(scheme.id)}
    for planned in found.new:
        category = categories[planned.category_code]
        rules.add_rule(
            category=category, code=planned.code, text=planned.text, valid_from=valid_from, actor=actor, now=now
        )
    for planned in found.changed:
        rule = rules.rule_of(planned.there.rule_id if planned.there else 0)
        rules.change_rule(rule=rule, text=planned.text, valid_from=valid_from, actor=actor, now=now)
