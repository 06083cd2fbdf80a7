"""A scheme's settings and its categories."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.places.queries import area, import_areas
from webapp.schemes import lapsing, queries, service
from webapp.schemes.forms import CategoryForm, SchemeForm, area_choices, typed_settings
from webapp.schemes.models import Category, Scheme
from webapp.schemes.views.blueprint import bp, kept
from webapp.web.access import actor, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render


@bp.route("/desk/schemes/new", methods=["GET", "POST"])
@requires("schemes.edit")
def add_scheme() -> Response:
    nodes = import_areas(actor().scope("schemes.edit"))
    if not nodes:
        raise NotFound("您负责的范围里没有可以定积分办法的区域。")
    usual = next((node.area.id for node in nodes if node.area.kind == "community"), nodes[0].area.id)
    form = SchemeForm(data={"area_id": request.args.get("area", usual, type=int), "spendable": False})
    form.area_id.choices = area_choices(nodes)
    _offer_uppers(form, queries.schemes_in(actor().scope("schemes.edit")))
    del form.active
    added = perform(form, lambda: _add(form))
    if added is not None:
        flash(f"已新增「{added.name}」，接着新增一级指标和细则。", "success")
        return go(url_for("schemes.scheme", scheme_id=added.id))
    return _form_page(form, None)


def _form_page(form: SchemeForm, scheme: Scheme | None) -> Response:
    """With what a lapse day means."""
    month, day = (scheme.lapse_month, scheme.lapse_day) if scheme else (None, None)
    example = lapsing.example(month, day, clock.today())
    return render("schemes/scheme_form.html", form=form, scheme=scheme, lapse_example=example, status=status_of(form))


def _offer_uppers(form: SchemeForm, schemes: list[Scheme]) -> None:
    """The schemes of courtyards to which a household's points may roll up."""
    uppers = [(found.id, f"{found.name}（{found.area.name}）") for found in schemes if found.holder_kind == "courtyard"]
    form.rolls_up_to.choices = options([(0, "不汇总"), *uppers])


def _upper(form: SchemeForm) -> Scheme | None:
    wanted = form.rolls_up_to.data if form.rolls_up_to else 0
    return queries.seen_scheme(wanted, actor().scope("schemes.edit")) if wanted else None


def _add(form: SchemeForm) -> Scheme:
    return service.add_scheme(
        area=area(form.area_id.data, actor().scope("schemes.edit")),
        actor=actor(),
        now=clock.now(),
        code=form.code.data or "",
        holder_kind=form.holder_kind.data,
        settings=form.settings(_upper(form)),
    )


@bp.route("/desk/schemes/<int:scheme_id>/edit", methods=["GET", "POST"])
@requires("schemes.edit")
def change_scheme(scheme_id: int) -> Response:
    found = kept(scheme_id)
    form = SchemeForm(data=typed_settings(found))
    _offer_uppers(form, queries.schemes_for(found.area, "courtyard"))
    _drop_what_stays(form, found)
    if perform(form, lambda: _change(found, form)):
        flash("已保存。已经入账的分不受影响。", "success")
        return go(url_for("schemes.scheme", scheme_id=found.id))
    return _form_page(form, found)


def _drop_what_stays(form: SchemeForm, scheme: Scheme) -> None:
    """Area, code and kind of holder are never changed; and a field that means nothing for this kind is not asked."""
    del form.area_id, form.code, form.holder_kind
    if scheme.holder_kind != "household":
        del form.rolls_up_to
    if scheme.holder_kind != "person":
        del form.audience


def _change(scheme: Scheme, form: SchemeForm) -> Scheme:
    return service.change_scheme(
        scheme=scheme,
        actor=actor(),
        now=clock.now(),
        settings=form.settings(_upper(form)),
        active=form.active.data,
    )


@bp.route("/desk/schemes/<int:scheme_id>/categories/new", methods=["GET", "POST"])
@requires("schemes.edit")
def add_category(scheme_id: int) -> Response:
    found = kept(scheme_id)
    form = CategoryForm()
    added = perform(form, lambda: _add_category(found, form))
    if added is not None:
        flash(f"已新增一级指标「{added.name}」。", "success")
        return go(url_for("schemes.scheme", scheme_id=found.id, category=added.id))
    return render("schemes/category_form.html", form=form, scheme=found, category=None, status=status_of(form))


def _add_category(scheme: Scheme, form: CategoryForm) -> Category:
    return service.add_category(
        scheme=scheme,
        code=form.code.data,
        name=form.name.data,
        position=form.position.data,
        actor=actor(),
        now=clock.now(),
    )


@bp.route("/desk/schemes/<int:scheme_id>/categories/<int:category_id>/edit", methods=["GET", "POST"])
@requires("schemes.edit")
def change_category(scheme_id: int, category_id: int) -> Response:
    found = queries.seen_category(kept(scheme_id).id, category_id)
    form = CategoryForm(obj=found)
    del form.code
    if perform(form, lambda: _change_category(found, form)):
        flash("已保存。", "success")
        return go(url_for("schemes.scheme", scheme_id=scheme_id, category=found.id))
    return render("schemes/category_form.html", form=form, scheme=found.scheme, category=found, status=status_of(form))


def _change_category(category: Category, form: CategoryForm) -> bool:
    service.change_category(
        category=category,
        name=form.name.data,
        position=category.position if form.position.data is None else form.position.data,
        actor=actor(),
        now=clock.now(),
    )
    return True
