"""One cell: from what the file holds to what the software stores, by the column's kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from webapp.core.errors import Invalid
from webapp.core.points import Points
from webapp.core.sheets.columns import Column
from webapp.core.sheets.opener.limits import title_key
from webapp.core.text import normalise, normalise_prose

_EXACT = 10**15  # Excel keeps 15 digits of a number, the rest become zeros
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)
_DATE = re.compile(
    r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?|(\d{4})(\d{2})(\d{2})"
)
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(0\d{2,3})(\d{7,8})|()(\d{5,8}|[48]00\d{7})")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that looks filled but has no value: an error value, a formula that was never worked out."""

    reason: str


#: What a file holds: None is an empty cell. Numbers are floats only here, until their column's kind is known.
Raw = str | int | float | bool | date | datetime | Fault | None


def convert(column: Column, raw: Raw) -> Any:
    """The cell's value by the column's kind, None if it is blank.

    :raises Invalid: with what is wrong and what to do, to be read after 「column」.
    """
    if isinstance(raw, Fault):
        raise Invalid(raw.reason)
    if raw is None or (isinstance(raw, str) and not normalise(raw)):
        if column.required:
            raise Invalid("没有填，这一列必须填。")
        return None
    return _CONVERTERS[column.kind](column, raw)


def show_raw(raw: Raw) -> str:
    """What stands in the cell, as a person sees it."""
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, (int, float)):
        return _plain(raw)
    if isinstance(raw, datetime):
        return raw.strftime("%Y-%m-%d %H:%M")
    return "" if raw is None or isinstance(raw, Fault) else str(raw)


def _plain(number: float) -> str:
    """A number without exponent and without a trailing ``.0``; Excel's noise in the 16th digit removed."""
    text = format(Decimal(f"{number:.15g}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_number(raw: Raw) -> bool:
    return isinstance(raw, (int, float)) and not isinstance(raw, bool)


def _text(column: Column, raw: Raw) -> str:
    if isinstance(raw, (int, float)) and abs(raw) >= _EXACT:
        raise Invalid("被 Excel 当成数字，后几位已丢失，请把这一列设为文本后重填。")
    shown = show_raw(raw)
    text = normalise_prose(shown) if column.kind == "prose" else normalise(shown)
    if len(text) > column.max_length:
        raise Invalid(f"太长，最多 {column.max_length} 个字。")
    return text


def _id_number(column: Column, raw: Raw) -> str:
    if _is_number(raw) or (isinstance(raw, str) and _SCIENTIFIC.fullmatch(normalise(raw))):
        raise Invalid("被 Excel 当成数字，后几位已丢失，请把这一列设为文本后重填。")
    text = _text(column, raw).upper().replace(" ", "")
    if not re.fullmatch(r"[0-9A-Z()-]+", text):
        raise Invalid("不是证件号码，请核对。")
    if re.fullmatch(r"\d{17}[\dX]", text) and text[17] != id_check_digit(text[:17]):
        raise Invalid("号码有错（校验位不对），请对照证件核对。")
    return text


def id_check_digit(first_17: str) -> str:
    """The 18th character of a citizen's ID number (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _ID_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def _phone(column: Column, raw: Raw) -> str:
    text = re.sub(r"[\s()-]", "", _text(column, raw))
    if mobile := _MOBILE.fullmatch(text):
        return mobile[1]
    if landline := _LANDLINE.fullmatch(text):
        return f"{landline[1]}-{landline[2]}" if landline[1] else landline[4]
    raise Invalid("不是电话号码，请填一个 11 位手机号，或带区号的座机号。")


def _date(column: Column, raw: Raw) -> date:
    if isinstance(raw, datetime):
        found: date | None = raw.date()
    else:
        found = raw if isinstance(raw, date) else _typed_date(normalise(show_raw(raw)))
    if found is None or not 1900 <= found.year <= 2100:
        raise Invalid("不是日期，请按 2026-11-20 的样子填写。")
    return found


def _typed_date(text: str) -> date | None:
    match = _DATE.fullmatch(re.sub(r"\s*([-/.年月日])\s*", r"\1", text))
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _points(column: Column, raw: Raw) -> Points:
    return Points.parse(normalise(show_raw(raw)).removesuffix("分"))


def _integer(column: Column, raw: Raw) -> int:
    text = normalise(show_raw(raw))
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", text):
        raise Invalid("请填整数，例如 3。")
    return int(text)


def _choice(column: Column, raw: Raw) -> str:
    wanted = title_key(show_raw(raw))
    for choice in column.choices:
        if title_key(choice) == wanted:
            return choice
    listed = "、".join(column.choices[:10]) + ("……" if len(column.choices) > 10 else "")
    raise Invalid(f"只能填：{listed}。")


_CONVERTERS: dict[str, Callable[[Column, Raw], Any]] = {
    "text": _text,
    "prose": _text,
    "id_number": _id_number,
    "phone": _phone,
    "date": _date,
    "points": _points,
    "integer": _integer,
    "choice": _choice,
}
