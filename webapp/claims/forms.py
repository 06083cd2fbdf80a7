"""The claim's form, and its draft."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import request
from wtforms import DateField, SelectMultipleField, StringField, ValidationError

from webapp.records.forms import RecordForm, points_name
from webapp.web.forms import at_most, clean_prose, given, required

LONGEST_TYPED = 400  # characters of one field in a draft


class ClaimForm(RecordForm):
    """``households``: only for a courtyard's head; ``brought_by``: only for staff, who claim for people without a phone."""

    happened_on = DateField("哪一天的事", validators=[given("请填是哪一天的事。")])
    households = SelectMultipleField("给哪几户报", coerce=int, validate_choice=False)
    brought_by = StringField(
        "谁送来的",
        filters=[clean_prose],
        validators=[required("请写明是谁送来的，例如 本人、邻居王大妈。"), at_most(30)],
    )

    def for_household(self, offered: Iterable[int] = ()) -> ClaimForm:
        """On a resident's phone; ``offered``: the households that a head may tick."""
        self.offered = set(offered)
        del self.brought_by
        if not self.offered:
            del self.households
        return self

    def for_staff(self) -> ClaimForm:
        del self.households
        return self

    def validate_households(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError("请至少勾选一户。")
        if not set(field.data) <= self.offered:
            raise ValidationError("有一户不在您负责的院落里，请重新勾选。")


def typed_points() -> dict[str, str]:
    """The choices of points that were sent, by the names of their fields."""
    return {name: value[:20] for name, value in request.form.items() if name.startswith("points-")}


def draft_text(subject: str) -> str:
    """What was typed, as a draft keeps it. ``subject`` says what the claim is about: whose, or which one it mends."""
    sent = request.form
    version = sent.get("rule", "", type=str)[:12]
    kept = {name: sent.get(name, "")[:LONGEST_TYPED] for name in ("happened_on", "note", "brought_by")}
    households = [value[:12] for value in sent.getlist("households")][:200]
    points = sent.get(f"points-{version}", "")[:20]
    return json.dumps(
        {"subject": subject, "rule": version, "points": points, "households": households, **kept}, ensure_ascii=False
    )


def draft_subject(payload: str) -> str:
    return str(json.loads(payload)["subject"])


def from_draft(payload: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The form's values and the chosen points of a draft; what can't be read is left out."""
    kept = json.loads(payload)
    rule = _number(kept["rule"])
    day = _day(kept["happened_on"])
    values = {
        "rule": rule,
        "note": kept["note"],
        "brought_by": kept["brought_by"],
        "households": [number for number in map(_number, kept["households"]) if number is not None],
    }
    return values | ({"happened_on": day} if day else {}), {points_name(rule): kept["points"]} if rule else {}


def _number(typed: str) -> int | None:
    return int(typed) if typed.isdecimal() else None


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
