"""The goods desk: vouchers to hand over, the catalogue, and its stock."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, request, send_file, url_for

from webapp.audit.words import AuditWords, named_by
from webapp.core import clock
from webapp.core.errors import Invalid, NotFound
from webapp.core.photo_store import PhotoStore
from webapp.core.points import Points
from webapp.ledger.queries import account_state
from webapp.places.queries import area, area_options
from webapp.redemption import queries
from webapp.redemption.forms import CancelForm, ItemForm, StockForm, VoucherCodeForm
from webapp.redemption.models import MOVEMENTS, VOUCHER_STATES, Item, Voucher
from webapp.redemption.service import catalogue, stock, vouchers
from webapp.redemption.service.catalogue import ItemText
from webapp.schemes.queries import scheme, schemes_in
from webapp.web import housekeeping
from webapp.web.access import ANYBODY, actor, requires
from webapp.web.finding import searched
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render
from webapp.web.limits import limited
from webapp.web.menu import DAILY, MenuEntry
from webapp.web.paging import paginate

bp = Blueprint("redemption", __name__)
MENU = (
    MenuEntry(
        "兑换与库存",
        "redemption.list_vouchers",
        "gift",
        "goods.view",
        40,
        badge=lambda: queries.waiting_count(actor().scope("vouchers.hand_over")),
        also=("redemption.goods",),
        group=DAILY,
    ),
)
AUDIT_WORDS = AuditWords(
    names={"item": named_by(Item.id, Item.name), "voucher": named_by(Voucher.id, Voucher.number)},
    subjects={"item": "兑换物品", "stock": "库存", "voucher": "积分券"},
    actions={
        "item:added": "新增兑换物品",
        "item:changed": "修改兑换物品",
        "stock:received": "入库",
        "stock:counted": "盘点",
        "stock:written_off": "报损",
        "voucher:issued": "开出积分券",
        "voucher:handed-over": "核销积分券",
        "voucher:cancelled": "取消积分券",
        "voucher:printed": "打印积分券",
    },
    details={"price": "分值", "price_before": "原分值", "change": "增减", "left": "剩余", "note": "说明"},
)


@bp.get("/desk/vouchers")
@requires("goods.view")
def list_vouchers() -> Response:
    state = request.args.get("state", "issued")
    search = searched()
    wanted = state if state in VOUCHER_STATES else ""
    page = paginate(queries.vouchers_statement(actor().scope("goods.view"), state=wanted, search=search))
    return render(
        "redemption/vouchers.html",
        "redemption/_vouchers.html",
        page=page,
        state=wanted,
        search=search,
        states=VOUCHER_STATES,
        form=VoucherCodeForm(formdata=None),
        now=clock.now(),
    )


@bp.post("/desk/vouchers/find")
@requires("vouchers.hand_over")
@limited("60/minute")
def find_voucher() -> Response:
    """A scanned or typed code leads to its voucher; the code itself never stands in an address."""
    form = VoucherCodeForm()
    found = perform(form, lambda: _found(str(form.code.data)))
    if found is not None:
        return go(url_for("redemption.voucher", voucher_id=found))
    page = paginate(queries.vouchers_statement(actor().scope("goods.view"), state="issued"))
    return render(
        "redemption/vouchers.html",
        page=page,
        state="issued",
        search="",
        states=VOUCHER_STATES,
        form=form,
        now=clock.now(),
        status=422,
    )


def _found(code: str) -> int:
    """:raises NotFound: for a code that is none, or another community's: the words are the same."""
    try:
        voucher = vouchers.find_voucher(code)
        return queries.voucher_in_scope(voucher.id, actor().scope("vouchers.hand_over")).id
    except NotFound as error:
        raise NotFound("没有这张积分券，请核对券码；别的社区的券不能在这里领。", field="code") from error


@bp.get("/desk/vouchers/<int:voucher_id>")
@requires("goods.view")
def voucher(voucher_id: int) -> Response:
    found = queries.voucher_in_scope(voucher_id, actor().scope("goods.view"))
    return render(
        "redemption/voucher.html",
        voucher=found,
        household=queries.household_of(found),
        account=account_state(found.account_id),
        states=VOUCHER_STATES,
        overdue=queries.overdue(found, clock.now()),
    )


@bp.post("/desk/vouchers/<int:voucher_id>/hand-over")
@requires("vouchers.hand_over")
def hand_over(voucher_id: int) -> Response:
    queries.voucher_in_scope(voucher_id, actor().scope("vouchers.hand_over"))
    done = vouchers.hand_over(actor=actor(), voucher_id=voucher_id, now=clock.now())
    flash(f"已发放「{done.title}」，用去 {Points(done.points)} 分。", "success")
    return go(url_for("redemption.voucher", voucher_id=voucher_id))


@bp.route("/desk/vouchers/<int:voucher_id>/cancel", methods=["GET", "POST"])
@requires("vouchers.hand_over")
def cancel_voucher(voucher_id: int) -> Response:
    found = queries.voucher_in_scope(voucher_id, actor().scope("vouchers.hand_over"))
    form = CancelForm()
    done = perform(
        form,
        lambda: vouchers.cancel(actor=actor(), voucher_id=voucher_id, reason=str(form.reason.data), now=clock.now()),
    )
    if done is not None:
        flash(f"已取消，{Points(done.points)} 分退回给住户。", "success")
        return go(url_for("redemption.voucher", voucher_id=voucher_id))
    return render("redemption/cancel.html", voucher=found, form=form, status=status_of(form))


@bp.get("/desk/goods")
@requires("goods.view")
def goods() -> Response:
    search = searched()
    items = queries.items_in(actor().scope("goods.view"), search=search)
    return render("redemption/goods.html", "redemption/_goods.html", items=items, search=search)


@bp.get("/desk/goods/<int:item_id>")
@requires("goods.view")
def item(item_id: int) -> Response:
    return _item_page(queries.item_in_scope(item_id, actor().scope("goods.view")), StockForm(formdata=None))


def _item_page(found: Item, form: StockForm) -> Response:
    return render(
        "redemption/item.html",
        "redemption/_movements.html",
        item=found,
        form=form,
        promised=queries.promised(found.id),
        page=paginate(queries.movements_statement(found.id)),
        words=MOVEMENTS,
        status=status_of(form),
    )


@bp.post("/desk/goods/<int:item_id>/stock")
@requires("goods.edit")
def move_stock(item_id: int) -> Response:
    found = queries.item_in_scope(item_id, actor().scope("goods.edit"))
    form = StockForm()
    after = perform(form, lambda: _move_stock(found, form))
    if after is None:
        return _item_page(found, form)
    flash(f"已记{MOVEMENTS[str(form.kind.data)]}，「{after.name}」现有 {after.left} {after.unit}。", "success")
    return go(url_for("redemption.item", item_id=item_id))


def _move_stock(found: Item, form: StockForm) -> Item:
    given: dict[str, Any] = {"item": found, "note": form.note.data or "", "actor": actor(), "now": clock.now()}
    if form.kind.data == "counted":
        return stock.count(found=form.quantity.data, **given)
    verb = stock.receive if form.kind.data == "received" else stock.write_off
    return verb(quantity=form.quantity.data, **given)


@bp.route("/desk/goods/new", methods=["GET", "POST"])
@requires("goods.edit")
def add_item() -> Response:
    form = _choices(ItemForm())
    added = perform(form, lambda: _add_item(form))
    if added is not None:
        flash(f"已新增「{added.name}」。上架前请先入库。", "success")
        return go(url_for("redemption.item", item_id=added.id))
    return render("redemption/item_form.html", form=form, item=None, status=status_of(form))


def _add_item(form: ItemForm) -> Item:
    return catalogue.add_item(
        area=area(form.area_id.data, actor().scope("goods.edit")),
        scheme=scheme(form.scheme_id.data),
        text=_text(form, None),
        actor=actor(),
        now=clock.now(),
    )


@bp.route("/desk/goods/<int:item_id>/edit", methods=["GET", "POST"])
@requires("goods.edit")
def change_item(item_id: int) -> Response:
    found = queries.item_in_scope(item_id, actor().scope("goods.edit"))
    form = _choices(ItemForm(data=_as_data(found) if request.method == "GET" else None))
    del form.area_id, form.scheme_id
    done = perform(
        form,
        lambda: catalogue.change_item(item=found, text=_text(form, found), actor=actor(), now=clock.now()),
    )
    if done is not None:
        flash("已保存。", "success")
        return go(url_for("redemption.item", item_id=item_id))
    return render("redemption/item_form.html", form=form, item=found, status=status_of(form))


def _as_data(found: Item) -> dict[str, Any]:
    names = ("name", "unit", "limit_month", "days_to_fetch", "icon", "detail", "position", "active")
    return {name: getattr(found, name) for name in names} | {"price": Points(found.price)}


def _choices(form: ItemForm) -> ItemForm:
    scope = actor().scope("goods.edit")
    form.area_id.choices = options(
        (node.area.id, "　" * node.depth + node.area.name)
        for node in area_options(scope)
        if node.area.kind in ("community", "street", "county")
    )
    form.scheme_id.choices = options(
        (one.id, f"{one.name}（{one.area.name}）")
        for one in schemes_in(scope)
        if one.spendable and one.holder_kind == "household" and one.active
    )
    return form


def _text(form: ItemForm, known: Item | None) -> ItemText:
    upload = form.picture.data
    picture = known.picture if known else None
    if upload and upload.filename:
        picture = _keep_picture(upload.read())
    names = ("name", "unit", "price", "limit_month", "days_to_fetch", "icon", "position", "active")
    return ItemText(
        **{name: getattr(form, name).data for name in names}, detail=form.detail.data or "", picture=picture
    )


def _keep_picture(data: bytes) -> str:
    """:raises Invalid: under the field, for a file that is no picture."""
    from webapp.core.pictures import clean_picture  # with Pillow 3 MB, which a kiosk's server need not hold

    try:
        cleaned = clean_picture(data)
    except Invalid as error:
        raise Invalid(error.message, field="picture") from error
    return _store().put(cleaned.jpeg, cleaned.thumb)


def _store() -> PhotoStore:
    return PhotoStore(current_app.config["VAR_DIR"] / "photos")


@bp.get("/goods/<int:item_id>/picture/<hash_>")
@requires(ANYBODY)
def picture(item_id: int, hash_: str) -> Response:
    """The picture of a thing in the catalogue; it is public, and its address changes with its content."""
    known = queries.picture_of(item_id)
    if known is None or known != hash_:
        raise NotFound("没有这张图片。")
    return send_file(_store().path(known), mimetype="image/jpeg", max_age=365 * 24 * 3600)


def register(app: Flask) -> None:
    housekeeping.add(app, "vouchers", vouchers.expire_due)
