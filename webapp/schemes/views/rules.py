"""Rules: added, changed by a new version, ended; and their history."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.schemes import queries, service
from webapp.schemes.forms import EndRuleForm, RuleForm, typed_rule
from webapp.schemes.models import PROOFS, Rule, RuleVersion, Scheme
from webapp.schemes.queries import desk
from webapp.schemes.views.blueprint import bp, kept, kept_rule, seen
from webapp.web.access import actor, requires
from webapp.web.filters import day as day_text
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render


def _back(version: RuleVersion) -> Response:
    rule = version.rule
    return go(url_for("schemes.scheme", scheme_id=rule.scheme_id, category=rule.category_id))


@bp.route("/desk/schemes/<int:scheme_id>/rules/new", methods=["GET", "POST"])
@requires("schemes.edit")
def add_rule(scheme_id: int) -> Response:
    """``?category=`` names the category that is chosen at first."""
    found = kept(scheme_id)
    form = RuleForm(data={"category_id": request.args.get("category", 0, type=int)})
    groups = queries.categories(found.id)
    form.category_id.choices = options((group.id, f"{group.code} {group.name}") for group in groups)
    added = perform(form, lambda: _add(found, form))
    if added is not None:
        flash(f"已新增细则 {added.rule.code}，{_starts(added)}。", "success")
        return _back(added)
    return render("schemes/rule_form.html", form=form, scheme=found, groups=groups, newest=None, status=status_of(form))


def _starts(version: RuleVersion) -> str:
    return "今天起生效" if version.valid_from == clock.today() else f"{day_text(version.valid_from)} 起生效"


def _add(scheme: Scheme, form: RuleForm) -> RuleVersion:
    return service.add_rule(
        category=queries.seen_category(scheme.id, form.category_id.data),
        code=form.code.data,
        text=form.text(),
        valid_from=form.valid_from.data,
        actor=actor(),
        now=clock.now(),
    )


@bp.route("/desk/schemes/<int:scheme_id>/rules/<int:rule_id>/edit", methods=["GET", "POST"])
@requires("schemes.edit")
def change_rule(scheme_id: int, rule_id: int) -> Response:
    found = kept_rule(scheme_id, rule_id)
    newest = queries.versions_of(found.id)[0]
    form = RuleForm(data=typed_rule(newest))
    del form.category_id, form.code
    changed = perform(form, lambda: _change(found, form))
    if changed is not None:
        flash(f"细则 {found.code} 的新版本已保存，{_starts(changed)}。", "success")
        return _back(changed)
    return render("schemes/rule_form.html", form=form, scheme=found.scheme, newest=newest, status=status_of(form))


def _change(rule: Rule, form: RuleForm) -> RuleVersion:
    return service.change_rule(
        rule=rule, text=form.text(), valid_from=form.valid_from.data, actor=actor(), now=clock.now()
    )


@bp.route("/desk/schemes/<int:scheme_id>/rules/<int:rule_id>/end", methods=["GET", "POST"])
@requires("schemes.edit")
def end_rule(scheme_id: int, rule_id: int) -> Response:
    found = kept_rule(scheme_id, rule_id)
    form = EndRuleForm()
    ended = perform(form, lambda: _end(found, form))
    if ended is not None:
        flash(f"细则 {found.code} 记到 {day_text(ended.valid_to)} 为止。", "success")
        return _back(ended)
    return render(
        "schemes/rule_end.html",
        form=form,
        scheme=found.scheme,
        newest=queries.versions_of(found.id)[0],
        status=status_of(form),
    )


def _end(rule: Rule, form: EndRuleForm) -> RuleVersion:
    return service.end_rule(rule=rule, last_day=form.last_day.data, actor=actor(), now=clock.now())


@bp.get("/desk/schemes/<int:scheme_id>/rules/<int:rule_id>")
@requires("schemes.view")
def rule(scheme_id: int, rule_id: int) -> Response:
    """What a rule says and said, who changed it and when."""
    scheme = seen(scheme_id)
    found = queries.seen_rule(scheme.id, rule_id)
    return render(
        "schemes/rule.html",
        scheme=scheme,
        versions=desk.history(found.id),
        line=desk.rule_line(found.id, clock.today()),
        proofs=PROOFS,
        editable=actor().may("schemes.edit", scheme.area.path),
    )
