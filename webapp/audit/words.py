"""Acts in Chinese. Each feature says its own words (``AUDIT_WORDS`` beside its ``MENU``); what has none is shown raw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from flask import Flask, current_app

_PLAIN = {True: "是", False: "否"}


@dataclass(frozen=True, slots=True)
class AuditWords:
    """A feature's words: what its objects are called (``{"plate": "门牌码"}``), what was done to them
    (``{"plate:revoked": "作废门牌码"}``), how details are named, and what their values mean
    (``{"post": {"clerk": "办事员"}}``).
    """

    subjects: Mapping[str, str]
    actions: Mapping[str, str]
    details: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


#: Details that mean the same everywhere.
COMMON = AuditWords(
    subjects={},
    actions={},
    details={
        "reason": "原因",
        "number": "编号",
        "name": "名称",
        "rows": "行数",
        "count": "数量",
        "filtered": "筛选",
        "added": "新增",
        "changed": "修改",
        "before": "原来",
        "on": "日期",
        "day": "日期",
        "state": "状态",
        "version": "版本",
        "active": "在用",
    },
)


def add(app: Flask, words: AuditWords) -> None:
    known(app).append(words)


def known(app: Flask | None = None) -> list[AuditWords]:
    extensions = (app or current_app).extensions
    return cast("list[AuditWords]", extensions.setdefault("audit_words", [COMMON]))


def subjects() -> dict[str, str]:
    """Every kind of act, for the filter."""
    return {subject: word for words in known() for subject, word in words.subjects.items()}


def actions() -> dict[str, str]:
    return {action: phrase for words in known() for action, phrase in words.actions.items()}


def detail_words(action: str, detail: str) -> str:
    """The JSON of a line as a sentence, in the words of the act's feature: ``原因：住户来电；行数：12``."""
    subject = action.partition(":")[0]
    own = next((words for words in known() if subject in words.subjects), COMMON)
    names = {**COMMON.details, **own.details}
    facts = cast("dict[str, Any]", json.loads(detail)).items()
    return "；".join(
        f"{names.get(name, name)}：{_value(value, own.values.get(name, {}))}"
        for name, value in facts
        if _says_something(value)
    )


def _says_something(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


def _value(value: Any, meanings: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return _PLAIN[value]
    if isinstance(value, list):
        return "、".join(_value(one, meanings) for one in value)
    return meanings.get(str(value), str(value))


def day_words(first: date | None, last: date | None) -> str:
    """The span of a filter in words."""
    if first and last:
        return f"{first} 至 {last}"
    return f"{first} 起" if first else f"{last} 止" if last else "全部日期"
