"""The publication at the desk, on paper, as Excel, and the link for chat groups."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, flash, request, send_file, url_for

from webapp.core import clock
from webapp.core.errors import Conflict
from webapp.core.points import Points
from webapp.core.sheets import CellValue, Column, write_table_to
from webapp.extensions import db
from webapp.places.queries import communities_in
from webapp.qrcodes.drawing import qr_path
from webapp.rankings.models import PERIODS
from webapp.reviews import queries, sealing, service
from webapp.reviews.models import STATES, CommunityMonth
from webapp.reviews.queries import Hung, HungLine
from webapp.reviews.views.blueprint import bp
from webapp.web.access import ANYBODY, actor, requires
from webapp.web.finding import searched
from webapp.web.htmx import go, render
from webapp.web.limits import limited
from webapp.web.paging import Page, page_among, page_number, paginate

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PUBLIC_LINES = 40  # on one page of the link for chat groups


@bp.get("/desk/publications")
@requires("records.view")
def publications() -> Response:
    scope = actor().scope("records.view")
    community = queries.community_of_reviewer(scope, request.args.get("community", type=int))
    return render(
        "reviews/publications.html",
        community=community,
        communities=communities_in(scope),
        months=queries.published_months(community.id),
        states=STATES,
    )


def _published(community_id: int, month: int) -> CommunityMonth:
    community = queries.community_of_reviewer(actor().scope("records.view"), community_id)
    return queries.publication(community.id, month)


@bp.get("/desk/publications/<int:community_id>/<int:month>")
@requires("records.view")
def published(community_id: int, month: int) -> Response:
    row = _published(community_id, month)
    page = paginate(queries.lines_statement(row, text=searched()))
    return render(
        "reviews/published.html",
        "reviews/_lines.html",
        row=row,
        page=page,
        seal=_seal(row),
        left=queries.still_confirmed(row),
        states=STATES,
        register=queries.register(row, clock.today()),
        takes=queries.takes_objections(row, clock.now()),
        not_closing=queries.why_not_closing(row, clock.now()),
        link=f"{current_app.config['BASE_URL']}{url_for('reviews.public', token=row.token)}",
    )


@bp.post("/desk/publications/<int:community_id>/<int:month>/close")
@requires("reviews.confirm")
def close_month(community_id: int, month: int) -> Response:
    """关账, by hand; housekeeping does it too."""
    row = _published(community_id, month)
    try:
        service.close(actor=actor(), month_id=row.id, now=clock.now())
        flash("已关账：这个月不再收异议，也不能再记那几天的事。", "success")
    except Conflict as refusal:  # somebody was quicker, or it is too early
        db.session.rollback()
        flash(refusal.message, "warning")
    return go(url_for("reviews.published", community_id=community_id, month=month))


@dataclass(frozen=True)
class Seal:
    """The seal as a page shows it: its first characters, and whether it fits what stands in the database now."""

    code: str
    fits: bool


def _verify_address() -> str:
    """Where papers are checked, as it is printed on them."""
    return f"{str(current_app.config['BASE_URL']).rstrip('/')}/verify"


def _seal(row: CommunityMonth | Hung) -> Seal:
    content, signature, public_key = row.content or "", row.signature or "", row.public_key or ""
    return Seal(sealing.code_of(signature), sealing.fits(content, signature, public_key))


@bp.get("/desk/publications/<int:community_id>/<int:month>/sheet")
@requires("records.view")
def sheet(community_id: int, month: int) -> Response:
    """For the notice board: A4 or A3, with the seal."""
    row = _published(community_id, month)
    size = "a3" if request.args.get("size") == "a3" else "a4"
    return render(
        "reviews/sheet.html",
        row=row,
        lines=queries.all_lines(row),
        register=queries.register(row, clock.today()),
        seal=_seal(row),
        verify_address=_verify_address(),
        qr=qr_path(f"{_verify_address()}/{(row.signature or '')[:16]}".upper(), "M"),
        size=size,
    )


COLUMNS = (
    Column("number", "序号", "integer", width=7),
    Column("happened_on", "发生日期", "date", width=12),
    Column("place", "院落或地点", width=26),
    Column("name", "公示名称"),
    Column("scheme", "积分办法", width=20),
    Column("category", "一级指标", width=14),
    Column("rule", "细则编号", width=10),
    Column("title", "事由", width=34),
    Column("points", "分值", "points", width=9),
    Column("recorder", "记录人", width=18),
    Column("entry", "流水校验值", width=20),
    Column("hash", "本行校验值", width=20),
)


@bp.get("/desk/publications/<int:community_id>/<int:month>/excel")
@requires("records.view")
def excel(community_id: int, month: int) -> Response:
    """The publication as it was sealed; masked, so it needs no reason."""
    row, book = _published(community_id, month), io.BytesIO()
    further = [
        ("排行", RANKINGS, _ranking_rows(row)),
        ("异议登记", REGISTER, _register_rows(row)),
    ]
    write_table_to(book, "公示", COLUMNS, _excel_rows(row), notes=_notes(row), further=further)
    book.seek(0)
    name = f"{month // 100}-{month % 100:02}_积分公示_{row.community.name}.xlsx"
    return send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)


def _excel_rows(row: CommunityMonth) -> Iterator[dict[str, CellValue]]:
    for line in queries.all_lines(row):
        values: dict[str, CellValue] = {column.key: getattr(line, column.key) for column in COLUMNS}
        yield values | {"points": Points(line.points)}


#: As they were sealed: the program of docs/seal.md works their digest out from these rows.
RANKINGS = (
    Column("scheme", "积分办法", width=22),
    Column("period", "哪一段", width=8),
    Column("league", "分组", width=20),
    Column("position", "排在第几行", "integer", width=11),
    Column("place", "名次", "integer", width=8),
    Column("spot", "院落或地点", width=24),
    Column("name", "名称", width=20),
    Column("points", "积分", "points", width=10),
    Column("previous", "上一期", "points", width=10),
)


def _ranking_rows(row: CommunityMonth) -> Iterator[dict[str, CellValue]]:
    for line in queries.sealed_rankings(row):
        values: dict[str, Any] = dict(zip((column.key for column in RANKINGS), line, strict=True))
        yield values | {"period": PERIODS[values["period"]]}


#: Nobody is named in the register: who objected is between them and the community.
REGISTER = (
    Column("number", "编号", "integer", width=8),
    Column("line", "公示第几条", "integer", width=12),
    Column("title", "事由", width=34),
    Column("kind", "哪里不对"),
    Column("opened_on", "提出日期", "date", width=12),
    Column("decided_on", "答复日期", "date", width=12),
    Column("days", "用了几天", "integer", width=10),
    Column("state", "结果", width=10),
)


def _register_rows(row: CommunityMonth) -> Iterator[dict[str, CellValue]]:
    for one in queries.register(row, clock.today()):
        objection = one.objection
        yield {
            "number": objection.number,
            "line": objection.line,
            "title": one.line.title,
            "kind": one.kind,
            "opened_on": clock.local_date(objection.opened_at),
            "decided_on": clock.local_date(objection.decided_at) if objection.decided_at else None,
            "days": one.days if objection.settled else None,
            "state": one.state,
        }


def _notes(row: CommunityMonth) -> list[tuple[str, str]]:
    return [
        ("社区", row.community.name),
        ("月份", f"{row.month // 100}-{row.month % 100:02}"),
        ("封账内容", row.content or ""),
        ("签名（ed25519）", row.signature or ""),
        ("公钥", row.public_key or ""),
        ("排行", "公示时定格，和公示一起封账"),
        ("异议登记", "按导出时的情况；答复了的会封进下一次公示"),
        ("核对网址", _verify_address()),
        ("核对码", sealing.code_of(row.signature or "")),
        ("怎么核对", "在核对网址输入核对码；或见随软件的 docs/seal.md，那里有一段短程序，不用本软件就能核对"),
    ]


def page_of(row: Hung, per_page: int, place: str = "") -> Page[HungLine]:
    """The page asked for, of all lines or of one place's."""
    if place:
        return page_among(queries.hung_lines_at(row, place), per_page)
    number = min(page_number(), max(1, -(-row.lines // per_page)))
    lines = queries.hung_lines(row, after=(number - 1) * per_page, most=per_page)
    return Page(lines, number, row.lines, per_page)


@bp.get("/p/<token>")
@requires(ANYBODY)
@limited("60/minute")
def public(token: str) -> Response:
    """The link for chat groups. Deductions of households and people stand there without a name."""
    row, place = queries.hung_by_token(token), request.args.get("place", "")[:80]
    return render(
        "reviews/public.html",
        row=row,
        page=page_of(row, PUBLIC_LINES, place),
        place=place,
        places=queries.places_in(row),
        narrow=url_for("reviews.public", token=token),
        hidden={},
        register=queries.hung_register(row),
        takes=queries.takes_objections(row, clock.now()),
        seal=_seal(row),
    )
