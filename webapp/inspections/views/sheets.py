"""The sheet of the monthly yard inspection, beside its scheme's pages."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.inspections import service
from webapp.inspections.forms import SheetForm, typed_sheet, typed_version
from webapp.inspections.models import InspectionSheet
from webapp.inspections.queries import rounds as queries
from webapp.inspections.ranking import SHEET_PROOFS, TIES
from webapp.inspections.views.blueprint import bp
from webapp.schemes.models import Scheme
from webapp.schemes.queries import RuleView, current_rules, seen_scheme
from webapp.web.access import actor, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render


def _scheme(scheme_id: int) -> Scheme:
    """:raises NotFound: for a scheme of other holders, or one that has nothing to do with the actor's areas."""
    found = seen_scheme(scheme_id, actor().scope("schemes.view"))
    if found.holder_kind != "courtyard":
        raise NotFound("只有记给院落的积分办法才有检查评分表。")
    return found


@bp.get("/desk/sheets/<int:scheme_id>")
@requires("schemes.view")
def sheet(scheme_id: int) -> Response:
    found = _scheme(scheme_id)
    version = queries.sheet_of(found.id)
    rules = {rule.rule_id: rule for rule in _rules(found)}
    return render(
        "inspections/sheet.html",
        scheme=found,
        version=version,
        text=version.text if version else None,
        plus=rules.get(version.plus_rule_id or 0) if version else None,
        minus=rules.get(version.minus_rule_id or 0) if version else None,
        proofs=SHEET_PROOFS,
        ties=TIES,
        editable=actor().may("schemes.edit", found.area.path),
    )


def _rules(scheme: Scheme) -> list[RuleView]:
    return [rule for rule in current_rules(scheme.id, clock.today()) if not rule.veto]


@bp.route("/desk/sheets/<int:scheme_id>/edit", methods=["GET", "POST"])
@requires("schemes.edit")
def edit_sheet(scheme_id: int) -> Response:
    """A scheme that has no sheet is offered the one that comes with it."""
    found = _scheme(scheme_id)
    actor().must("schemes.edit", found.area.path)
    version = queries.sheet_of(found.id)
    form = SheetForm(data=typed_version(version) if version else _offered(found))
    for field, deducts, words in ((form.plus_rule, False, "没有加分"), (form.minus_rule, True, "没有扣分")):
        fitting = [
            (rule.rule_id, f"{rule.code} {rule.title}（{rule.score}）")
            for rule in _rules(found)
            if rule.deducts is deducts
        ]
        field.choices = options([(0, words), *fitting])
    if perform(form, lambda: _save(found, form)) is not None:
        flash("评分表已保存。正在检查的一轮还按原来的表，下一轮起用新的。", "success")
        return go(url_for("inspections.sheet", scheme_id=found.id))
    return render("inspections/sheet_form.html", form=form, scheme=found, version=version, status=status_of(form))


def _save(scheme: Scheme, form: SheetForm) -> InspectionSheet:
    return service.save_sheet(
        actor=actor(),
        scheme=scheme,
        text=form.text(),
        plus_rule_id=form.plus_rule.data or None,
        minus_rule_id=form.minus_rule.data or None,
        now=clock.now(),
    )


def _offered(scheme: Scheme) -> dict[str, Any]:
    preset = service.preset_sheet(scheme.code) or service.preset_sheet("courtyard")
    assert preset is not None  # it comes with the software
    text, plus, minus = preset
    codes = {rule.code: rule.rule_id for rule in _rules(scheme)}
    return typed_sheet(text, codes.get(plus), codes.get(minus))
