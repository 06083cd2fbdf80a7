"""The wall itself, open to anybody who knows its address, and the desk's page about walls."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, url_for

from webapp.audit.words import AuditWords, named_by
from webapp.board import queries, service
from webapp.board.forms import BoardForm
from webapp.board.models import SECONDS, Board
from webapp.core import clock
from webapp.core.text import normalise_code
from webapp.places.queries import stations_in
from webapp.web.access import ANYBODY, actor, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render
from webapp.web.limits import limited
from webapp.web.menu import SETTINGS, MenuEntry

bp = Blueprint("board", __name__)
MENU = (MenuEntry("公示屏", "board.boards", "monitor", "devices.manage", 121, group=SETTINGS),)
AUDIT_WORDS = AuditWords(
    subjects={"board": "公示屏"},
    actions={
        "board:added": "新增公示屏",
        "board:changed": "修改公示屏",
        "board:address-renewed": "换公示屏地址",
        "board:revoked": "停用公示屏",
    },
    names={"board": named_by(Board.id, Board.name)},
)


@bp.get("/board/<code>")
@bp.get("/board/<code>/<int:number>")
@requires(ANYBODY)
@limited("600/minute")
def screen(code: str, number: int = 1) -> Response:
    """One page. Names the next itself: by a header of the page without scripts, in place with them."""
    place = queries.place_of(normalise_code(code[:40]))
    wall = queries.wall(place, number, clock.today())
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    link = f"{base}{url_for('reviews.public', token=wall.month.token)}" if wall.month else ""
    return render(
        "board/screen.html",
        "board/_screen.html",
        wall=wall,
        now=clock.now(),
        qr=queries.qr_of(link) if link and wall.kind == "title" else None,
        help_phone=place.phone or wall.community.phone or current_app.config["HELP_PHONE"],
    )


# The desk -------------------------------------------------------------------------------------------------------------


@bp.get("/desk/boards")
@requires("devices.manage")
def boards() -> Response:
    found = queries.boards_in(actor().scope("devices.manage"))
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    return render("board/boards.html", boards=found, base=base, seconds=SECONDS)


@bp.route("/desk/boards/new", methods=["GET", "POST"])
@requires("devices.manage")
def add() -> Response:
    stations = {one.id: one for one in stations_in(actor().scope("devices.manage"))}
    form = BoardForm()
    form.station_id.choices = options((one.id, f"{one.name}（{one.area.name}）") for one in stations.values())
    if perform(form, lambda: service.add_board(station=stations[form.station_id.data], **_facts(form))):
        flash("已新增。请在电视的浏览器里打开下面的地址。", "success")
        return go(url_for("board.boards"))
    return render("board/form.html", form=form, board=None, status=status_of(form))


def _facts(form: BoardForm) -> dict[str, Any]:
    return {"name": form.name.data or "", "seconds": form.seconds.data, "actor": actor(), "now": clock.now()}


@bp.route("/desk/boards/<int:board_id>/edit", methods=["GET", "POST"])
@requires("devices.manage")
def change(board_id: int) -> Response:
    found = _board(board_id)
    form = BoardForm(obj=found)
    del form.station_id
    if perform(form, lambda: service.change_board(board=found, **_facts(form))):
        flash("已保存。那块屏翻到下一页就用新的时间。", "success")
        return go(url_for("board.boards"))
    return render("board/form.html", form=form, board=found, status=status_of(form))


def _board(board_id: int) -> Board:
    return queries.board_in_scope(board_id, actor().scope("devices.manage"))


@bp.post("/desk/boards/<int:board_id>/address")
@requires("devices.manage")
def renew_address(board_id: int) -> Response:
    service.renew_address(board=_board(board_id), actor=actor(), now=clock.now())
    flash("地址换好了，旧地址马上打不开。请在电视的浏览器里打开新地址。", "success")
    return go(url_for("board.boards"))


@bp.post("/desk/boards/<int:board_id>/revoke")
@requires("devices.manage")
def revoke(board_id: int) -> Response:
    found = _board(board_id)
    service.revoke(board=found, actor=actor(), now=clock.now())
    flash(f"「{found.station.name} {found.name}」已停用，那块屏会说明自己停用了。", "success")
    return go(url_for("board.boards"))
