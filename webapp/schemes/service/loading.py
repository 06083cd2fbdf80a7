"""Loading the schemes that come with the software (``schemes.presets``) into an area."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.places.models import Area
from webapp.schemes.models import Scheme
from webapp.schemes.presets import CODES, preset
from webapp.schemes.service.categories import add_category
from webapp.schemes.service.rules import RuleText, add_rule
from webapp.schemes.service.settings import Settings, add_scheme, scheme_of_area


def load_preset(code: str, *, area: Area, actor: Actor, now: datetime) -> Scheme:
    """Load one of the presets into an area, with what it rolls up to; its rules are valid from today.

    :raises NotFound: if there is no such preset.
    :raises Conflict: if the area has a scheme of this code already.
    """
    if code not in CODES:
        raise NotFound("没有这个现成的办法，请从列表里选。")
    data = preset(code)
    above = data.get("rolls_up_to")
    upper = scheme_of_area(area, above) or load_preset(above, area=area, actor=actor, now=now) if above else None
    made = add_scheme(
        area=area,
        actor=actor,
        now=now,
        code=data["code"],
        holder_kind=data["holder_kind"],
        settings=_settings(data, upper),
    )
    for position, group in enumerate(data["categories"]):
        _add_group(made, group, position, actor, now)
    return made


def _add_group(scheme: Scheme, group: dict[str, Any], position: int, actor: Actor, now: datetime) -> None:
    category = add_category(
        scheme=scheme, code=group["code"], name=group["name"], position=position, actor=actor, now=now
    )
    for place, rule in enumerate(group["rules"]):
        add_rule(
            category=category,
            code=rule["code"],
            text=_rule_text(rule),
            position=place,
            valid_from=clock.local_date(now),
            actor=actor,
            now=now,
        )


def _settings(data: dict[str, Any], upper: Scheme | None) -> Settings:
    lapse = data.get("lapse")
    month, day = (int(part) for part in lapse.split("-")) if lapse else (None, None)
    kept = ("name", "purpose", "inspections_post", "claims_post", "spendable")
    return Settings(
        **{name: data[name] for name in (*kept, "month_end_day", "objection_days", "reviews")},
        audience=data.get("audience", "all"),
        floor=Points.parse(data["floor"]) if "floor" in data else None,
        base=Points.parse(data.get("base", "0")),
        lapse_month=month,
        lapse_day=day,
        rolls_up_to=upper,
    )


def _rule_text(rule: dict[str, Any]) -> RuleText:
    lowest, _, highest = str(rule["points"]).partition("..")
    optional = ("detail", "proof", "cap_day", "cap_month", "cap_year", "veto", "rectify_days", "rectify_percent")
    given = {name: rule[name] for name in optional if name in rule}
    if "recorders" in rule:
        given["recorders"] = tuple(rule["recorders"])
    return RuleText(
        title=rule["title"],
        lowest=Points.parse(lowest),
        highest=Points.parse(highest or lowest),
        **given,
    )
