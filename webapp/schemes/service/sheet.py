"""The table of rules as a file: one list of columns for template, import and export, and the words in its cells."""

from __future__ import annotations

import re

from webapp.core.errors import Invalid
from webapp.core.points import Points
from webapp.core.sheets import CellValue, Column, Row
from webapp.schemes.models import PROOFS, RECORDERS, RECTIFIED
from webapp.schemes.queries import RuleView
from webapp.schemes.queries.desk import RuleLine
from webapp.schemes.service.rules import DEFAULT_RECORDERS, RuleText

_POSTS = {name: post for post, name in RECORDERS.items()}
_PROOFS = {name: proof for proof, name in PROOFS.items()}
_RECTIFIED = {name: percent for percent, name in RECTIFIED.items()}
_BETWEEN = re.compile(r"[、,，;；/\s]+")
_CAP = "最多几次，不限就空着"

COLUMNS = (
    Column("category_code", "一级指标编号", required=True, max_length=10, width=14),
    Column("category", "一级指标", max_length=30, width=16, help="编号是新的才要填，就会新增这个一级指标"),
    Column("code", "编号", required=True, max_length=10, width=10, help="本办法里不能重复，例如 1.1"),
    Column("title", "内容", "prose", required=True, max_length=60, width=36),
    Column("detail", "说明", "prose", max_length=500, width=40),
    Column("lowest", "最低分", "points", required=True, width=10, help="扣分写负数，例如 -5；半分写 0.5"),
    Column("highest", "最高分", "points", width=10, help="固定分值就空着；扣 2 到 5 分：最低分 -5，最高分 -2"),
    Column("recorders", "谁能记", "prose", max_length=200, width=40, help="岗位名称，用顿号隔开；新细则空着按常用岗位"),
    Column("proof", "证明", "choice", choices=tuple(_PROOFS), width=10, help="空着就是不需要"),
    Column("cap_day", "每天最多", "integer", width=10, help=_CAP),
    Column("cap_month", "每月最多", "integer", width=10, help=_CAP),
    Column("cap_year", "每年最多", "integer", width=10, help=_CAP),
    Column("veto", "一票否决", "choice", choices=("是", "否"), width=10, help="空着就是否"),
    Column("rectify_days", "整改期（天）", "integer", width=12, help="扣分后几天内整改好可以返还，不返还就空着"),
    Column("rectify_percent", "整改返还", "choice", choices=tuple(_RECTIFIED), width=12, help="空着就是全部返还"),
)
#: What an export adds; an import reads past it.
MORE_COLUMNS = (
    Column("valid_from", "生效日期", width=14),
    Column("state", "状态", width=24),
)
EXAMPLES = (
    {
        "category_code": "1",
        "category": "人居环境",
        "code": "1.1",
        "title": "门前屋后干净",
        "detail": "门前、屋后、楼道无垃圾、无杂物。",
        "lowest": "2",
        "highest": "5",
        "recorders": "书记、网格员",
        "proof": "要照片",
        "cap_month": "4",
    },
    {
        "category_code": "1",
        "code": "1.5",
        "title": "乱扔垃圾、乱倒污水",
        "lowest": "-5",
        "highest": "-2",
        "proof": "要照片",
    },
)
_TITLES = {column.key: column.title for column in COLUMNS}


def title_of(field: str | None) -> str:
    """The column that holds a field of ``RuleText``."""
    return _TITLES.get(field or "", "")


def cells_of(line: RuleLine, category_code: str) -> dict[str, CellValue]:
    """A rule as the export writes it: an import of the same row changes nothing."""
    rule = line.shown
    return {
        "category_code": category_code,
        "category": rule.category,
        "code": rule.code,
        "title": rule.title,
        "detail": rule.detail,
        "lowest": rule.lowest,
        "highest": None if rule.fixed else rule.highest,
        "recorders": rule.recorder_names,
        "proof": PROOFS[rule.proof],
        "cap_day": rule.cap_day,
        "cap_month": rule.cap_month,
        "cap_year": rule.cap_year,
        "veto": "是" if rule.veto else "否",
        "rectify_days": rule.rectify_days,
        "rectify_percent": RECTIFIED[rule.rectify_percent] if rule.rectify_days else None,
        "valid_from": rule.valid_from.isoformat(),
        "state": state_words(line),
    }


def state_words(line: RuleLine) -> str:
    """``在用``, ``在用，2026-12-01 换新版``, ``已停用``."""
    if line.state == "ended":
        return "已停用"
    if line.state == "waiting":
        return "未生效"
    if line.coming:
        return f"在用，{line.coming.valid_from} 换新版"
    return f"在用，到 {line.ends_on} 停用" if line.ends_on else "在用"


def text_of(row: Row, there: RuleView | None, absent: set[str]) -> RuleText:
    """What a row says. A column that the file does not have (``absent``, by key) leaves what is there.

    :raises Invalid: for a post that is none.
    """
    values = {key: value for key, value in row.values.items() if key not in absent}
    lowest: Points = row.values["lowest"]
    kept = {key: getattr(there, key) for key in absent if there is not None and hasattr(RuleText, key)}
    named = {
        "detail": values.get("detail") or "",
        "highest": lowest if values.get("highest") is None else values["highest"],
        "recorders": _recorders(values.get("recorders"), there),
        "proof": _PROOFS[values.get("proof") or PROOFS["none"]],
        "veto": values.get("veto") == "是",
        "rectify_percent": _RECTIFIED[values.get("rectify_percent") or RECTIFIED[100]],
        **{key: values.get(key) for key in ("cap_day", "cap_month", "cap_year", "rectify_days")},
    }
    return RuleText(title=row.text("title"), lowest=lowest, **{**named, **kept})


def _recorders(typed: str | None, there: RuleView | None) -> tuple[str, ...]:
    if not typed:
        return there.recorders if there else DEFAULT_RECORDERS
    names = [name for name in _BETWEEN.split(typed) if name]
    unknown = [name for name in names if name not in _POSTS]
    if unknown:
        raise Invalid(f"没有「{unknown[0]}」这个岗位，可以写：{'、'.join(_POSTS)}。", field="recorders")
    chosen = {_POSTS[name] for name in names}
    return tuple(post for post in RECORDERS if post in chosen)
