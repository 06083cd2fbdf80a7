"""Acts in Chinese. Each feature says its own words (``AUDIT_WORDS`` beside its ``MENU``); what has none is shown raw."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.extensions import db

_PLAIN = {True: "是", False: "否"}
#: From keys of one kind of object to what people call those objects; what is not found may be missing.
Namer = Callable[[Sequence[int]], Mapping[int, str]]


def named_by(key: InstrumentedAttribute[int], name: InstrumentedAttribute[str]) -> Namer:
    """A namer that reads one column."""

    def names(keys: Sequence[int]) -> dict[int, str]:
        return {found: word for found, word in db.session.execute(select(key, name).where(key.in_(keys)))}

    return names


@dataclass(frozen=True, slots=True)
class AuditWords:
    """A feature's words: what its objects are called (``{"plate": "门牌码"}``), what was done to them
    (``{"plate:revoked": "作废门牌码"}``), how details are named, and what their values mean
    (``{"post": {"clerk": "办事员"}}``). ``names``: how objects of a kind are called (``{"area": named_by(…)}``).
    ``refers``: details that are the key of an object, and of which kind (``{"holder": "holder"}``).
    """

    subjects: Mapping[str, str]
    actions: Mapping[str, str]
    details: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, Namer] = field(default_factory=dict)
    refers: Mapping[str, str] = field(default_factory=dict)


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


#: An object that lines are about: its kind and key.
Thing = tuple[str, int]


def object_names(things: Iterable[Thing]) -> dict[Thing, str]:
    """What the objects are called, with one query a kind; by their kind and key where they have no name."""
    kinds: dict[str, list[int]] = {}
    for kind, key in set(things):
        kinds.setdefault(kind, []).append(key)
    namers = {kind: namer for words in known() for kind, namer in words.names.items()}
    called = subjects()
    return {
        (kind, key): found.get(key) or f"{called.get(kind, kind)} {key}"
        for kind, keys in kinds.items()
        for found in [namers[kind](keys) if kind in namers else {}]
        for key in keys
    }


def things_in(action: str, detail: str) -> list[Thing]:
    """The objects that the details of a line refer to."""
    facts = cast("dict[str, Any]", json.loads(detail))
    return [(kind, facts[name]) for name, kind in _own(action).refers.items() if isinstance(facts.get(name), int)]


def detail_words(action: str, detail: str, called: Mapping[Thing, str]) -> str:
    """The JSON of a line as a sentence, in the words of the act's feature: ``原因：住户来电；行数：12``. ``called``: the names
    of all ``things_in`` it."""
    own = _own(action)
    names = {**COMMON.details, **own.details}
    facts = cast("dict[str, Any]", json.loads(detail)).items()
    said = {
        name: called[own.refers[name], value]
        if name in own.refers and isinstance(value, int)
        else _value(value, own.values.get(name, {}))
        for name, value in facts
        if _says_something(value)
    }
    return "；".join(f"{names.get(name, name)}：{words}" for name, words in said.items())


def _own(action: str) -> AuditWords:
    """The words of the act's feature."""
    subject = action.partition(":")[0]
    return next((words for words in known() if subject in words.subjects), COMMON)


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
