"""Shops at the desk."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, url_for

from webapp.core import clock
from webapp.core.text import mask_name, mask_phone
from webapp.places import queries, service
from webapp.places.forms import ChangeShopForm, MoveToAreaForm, ReasonForm, ShopForm
from webapp.places.models import Area, Person, Shop
from webapp.places.views.blueprint import (
    area_nodes,
    asked_area,
    bp,
    closing,
    keep_or,
    listing,
    now_is,
)
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/shops")
@requires("places.view")
def shops() -> Response:
    asked = listing()
    page = paginate(queries.shops(asked.scope, asked.wanted))
    return render("places/shops.html", "places/_shops.html", page=page, asked=asked)


@bp.get("/desk/shops/<int:shop_id>")
@requires("places.view")
def shop(shop_id: int) -> Response:
    return _shown(queries.shop(shop_id, actor().scope("places.view")), ReasonForm())


@bp.post("/desk/shops/<int:shop_id>/full")
@requires("people.unmask")
def unmask_shop(shop_id: int) -> Response:
    """The keeper's full name and phone, once, in the answer to this form."""
    found = queries.shop(shop_id, actor().scope("people.unmask"))
    form = ReasonForm()
    seen = perform(
        form, lambda: service.note_look(actor=actor(), now=clock.now(), holder=found, reason=form.reason.data)
    )
    return _shown(found, form, full=seen is not None)


def _shown(found: Shop, form: ReasonForm, *, full: bool = False) -> Response:
    owner = queries.owner_of(found)
    return render("places/shop.html", shop=found, owner=owner, form=form, full=full, status=status_of(form))


@bp.route("/desk/shops/new", methods=["GET", "POST"])
@requires("places.edit")
def add_shop() -> Response:
    chosen = asked_area()
    form = ShopForm(area_id=chosen.id if chosen else None)
    form.area_id.choose_from(area_nodes(chosen))
    added = perform(form, lambda: _add(form))
    if added is not None:
        flash(f"已新增商铺「{added.name}」。", "success")
        return go(url_for("places.shop", shop_id=added.id))
    return render("places/shop_form.html", form=form, shop=None, status=status_of(form))


def _add(form: ShopForm) -> Shop:
    area = queries.area(form.area_id.data, actor().scope("places.edit"))
    return service.add_shop(
        actor=actor(),
        now=clock.now(),
        area=area,
        keeper=form.keeper.data,
        phone=form.phone.data,
        owner=owner_typed(area, form.owner.data),
        **_facts(form),
    )


def owner_typed(area: Area, typed: str) -> Person | None:
    return queries.person_typed(queries.community_of(area).id, typed)


def _facts(form: ShopForm) -> dict[str, Any]:
    return {
        "number": form.number.data,
        "name": form.name.data,
        "address": form.address.data,
        "trade": form.trade.data,
        "position": form.position.data,
    }


@bp.route("/desk/shops/<int:shop_id>/edit", methods=["GET", "POST"])
@requires("places.edit")
def change_shop(shop_id: int) -> Response:
    found = queries.shop(shop_id, actor().scope("places.edit"))
    owner = queries.owner_of(found)
    form = ChangeShopForm(
        number=found.number,
        name=found.name,
        address=found.address,
        trade=found.trade,
        position=found.position,
        owner=owner.number if owner else "",
    )
    form.keeper.description, form.phone.description = now_is(mask_name(found.keeper)), now_is(mask_phone(found.phone))
    if perform(form, lambda: _change(found, form)):
        flash("已保存。", "success")
        return go(url_for("places.shop", shop_id=found.id))
    return render("places/shop_form.html", form=form, shop=found, status=status_of(form))


def _change(found: Shop, form: ChangeShopForm) -> bool:
    service.change_shop(
        actor=actor(),
        now=clock.now(),
        shop=found,
        keeper=keep_or(form.keeper.data, found.keeper),
        phone=keep_or(form.phone.data, found.phone, clear=form.clear_phone.data),
        owner=owner_typed(found.area, form.owner.data),
        **_facts(form),
    )
    return True


@bp.route("/desk/shops/<int:shop_id>/move", methods=["GET", "POST"])
@requires("places.edit")
def move_shop(shop_id: int) -> Response:
    found = queries.shop(shop_id, actor().scope("places.edit"))
    form = MoveToAreaForm(area_id=found.area_id)
    form.area_id.choose_from(area_nodes(found.area))
    if perform(form, lambda: _move(found, form)):
        flash("已迁移。", "success")
        return go(url_for("places.shop", shop_id=found.id))
    return render("places/shop_move.html", form=form, shop=found, status=status_of(form))


def _move(found: Shop, form: MoveToAreaForm) -> bool:
    area = queries.area(form.area_id.data, actor().scope("places.edit"))
    service.move_shop(actor=actor(), now=clock.now(), shop=found, area=area)
    return True


@bp.route("/desk/shops/<int:shop_id>/close", methods=["GET", "POST"])
@requires("places.edit")
def close_shop(shop_id: int) -> Response:
    found = queries.shop(shop_id, actor().scope("places.edit"))
    return closing(
        found.name,
        back=url_for("places.shop", shop_id=found.id),
        act=lambda: service.close_shop(actor=actor(), now=clock.now(), shop=found),
        facts="停用后不再出现在列表里，也不再接受评价和打分；积分台账保留，随时可以重新启用。",
    )


@bp.post("/desk/shops/<int:shop_id>/reopen")
@requires("places.edit")
def reopen_shop(shop_id: int) -> Response:
    found = queries.shop(shop_id, actor().scope("places.edit"))
    service.reopen_shop(actor=actor(), now=clock.now(), shop=found)
    flash(f"已重新启用「{found.name}」。", "success")
    return go(url_for("places.shop", shop_id=found.id))
