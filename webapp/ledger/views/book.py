"""The book at the desk: accounts, one account's lines with why on each, what a month came to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, request, send_file, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.sheets import CellValue, Column, write_table_to
from webapp.extensions import db
from webapp.ledger import queries, service
from webapp.ledger.book import KIND_WORDS, AccountState, EntryLine
from webapp.ledger.explain import explain
from webapp.ledger.forms import ExportForm
from webapp.ledger.queries import AccountFilter, Owner
from webapp.ledger.views.blueprint import XLSX, bp
from webapp.places.models import HOLDER_KINDS, Area
from webapp.places.queries import AreaNode, area_label, area_options, communities_in
from webapp.places.views.blueprint import area_wanted, holder_page
from webapp.schemes.models import Scheme
from webapp.web.access import actor, requires
from webapp.web.finding import searched
from webapp.web.forms import perform, status_of
from webapp.web.htmx import render
from webapp.web.paging import paginate

STATES = {"locked": "暂停花分", "held": "有冻结", "below": "低于零分"}


# The list of accounts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """The filter of the list as it was asked for."""

    wanted: AccountFilter
    area: Area | None
    options: list[AreaNode]

    @property
    def narrowed(self) -> bool:
        return self.wanted != AccountFilter()


def _listing(scope: tuple[str, ...]) -> Listing:
    """:raises NotFound: for an area outside the scope."""
    asked, area = request.args, area_wanted(scope)
    wanted = AccountFilter(
        text=searched(),
        area=area.path if area else "",
        scheme_id=asked.get("scheme", type=int),
        state=asked.get("state", "") if asked.get("state", "") in STATES else "",
    )
    return Listing(wanted, area, area_options(scope, chosen=area))


@bp.get("/desk/accounts")
@requires("ledger.view")
def accounts() -> Response:
    scope = actor().scope("ledger.view")
    asked = _listing(scope)
    return render(
        "ledger/accounts.html",
        "ledger/_accounts.html",
        page=paginate(queries.accounts_statement(scope, asked.wanted), as_row=queries.as_listed),
        asked=asked,
        schemes=queries.schemes_listed(scope),
        states=STATES,
        kinds=HOLDER_KINDS,
        year=clock.today().year,
    )


# One account's book ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """An account that the actor may see, and the month to which its lines are narrowed."""

    account: AccountState
    owner: Owner
    scheme: Scheme
    months: list[int]
    month: int | None

    @property
    def place(self) -> str:
        return area_label(self.owner.area)

    @property
    def filtered(self) -> str:
        return f"{self.month // 100} 年 {self.month % 100} 月入账" if self.month else "全部流水"

    @property
    def rows(self) -> int:
        """How many lines the filter leaves; without one the account itself knows."""
        return queries.count_entries(self.account.id, self.month) if self.month else self.account.entries


def _open(account_id: int, permission: str = "ledger.view") -> Opened:
    """:raises NotFound: for an account outside the actor's areas, or a month before it was opened."""
    account, owner, scheme = queries.account_in_scope(account_id, actor().scope(permission))
    months, month = queries.months_of(account_id, clock.now()), request.values.get("month", type=int)
    if month is not None and month not in months:
        raise NotFound("这个账户没有这个月的流水，请从列表里选月份。")
    return Opened(account, owner, scheme, months, month)


@bp.get("/desk/accounts/<int:account_id>")
@requires("ledger.view")
def account(account_id: int) -> Response:
    opened = _open(account_id)
    return render(
        "ledger/account.html",
        "ledger/_lines.html",
        opened=opened,
        page=paginate(queries.entries_statement(account_id, month=opened.month)),
        holds=queries.active_holds(account_id),
        categories=queries.category_names(opened.scheme.id),
        holder_page=holder_page(opened.owner.kind, opened.owner.id),
        kind_words=KIND_WORDS,
        kinds=HOLDER_KINDS,
    )


@bp.get("/desk/accounts/<int:account_id>/entries/<int:seq>")
@requires("ledger.view")
def entry(account_id: int, seq: int) -> Response:
    """Why a line stands in the book: the whole page, or the piece that opens below the line."""
    opened, line = _open(account_id), queries.entry(account_id, seq)
    return render(
        "ledger/entry.html",
        "ledger/_why.html",
        opened=opened,
        line=line,
        why=explain(line.cause),
        category=queries.category_names(opened.scheme.id).get(line.category_id, ""),
        undone=queries.reversed_by(line),
        kin=_kin(line),
        before=queries.entry(account_id, seq - 1).hash if seq > 1 else "",
        kind_words=KIND_WORDS,
    )


@dataclass(frozen=True)
class Kin:
    """The line of another account that goes with a line: the courtyard's of a household's, or the other way round."""

    owner: Owner
    line: EntryLine
    upper: bool


def _kin(line: EntryLine) -> Kin | None:
    """None if there is no such line, or its holder lies outside the actor's areas."""
    above, below = queries.rolled_up(line), queries.rolled_from(line)
    found = above or below
    if found is None:
        return None
    try:
        _, owner, _ = queries.account_in_scope(found.account_id, actor().scope("ledger.view"))
    except NotFound:
        return None
    return Kin(owner, found, upper=above is not None)


# Export ---------------------------------------------------------------------------------------------------------------

COLUMNS = (
    Column("seq", "序号", "integer", width=8),
    Column("happened_on", "发生日期", "date", width=12),
    Column("posted_at", "入账时间", "date", width=18),
    Column("kind", "类别", width=10),
    Column("category", "一级指标", width=14),
    Column("title", "内容", "prose", width=32),
    Column("amount", "分值", "points", width=10),
    Column("balance_after", "余额", "points", width=10),
    Column("actor", "经手", width=18),
    Column("note", "说明", "prose", width=32),
    Column("cause", "来由编号", width=16),
    Column("reverses", "冲正第几笔", "integer", width=12),
    Column("hash", "校验值", width=70),
)


@bp.route("/desk/accounts/<int:account_id>/export", methods=["GET", "POST"])
@requires("ledger.export")
def export(account_id: int) -> Response:
    """GET asks for the reason; the lines leave exactly as they were narrowed on the page."""
    opened = _open(account_id, "ledger.export")
    form = ExportForm(month=opened.month or "")
    rows = opened.rows
    reason = perform(
        form,
        lambda: service.note_export(
            actor=actor(),
            now=clock.now(),
            account=opened.account,
            area_path=opened.owner.area.path,
            rows=rows,
            filtered=opened.filtered,
            reason=form.reason.data,
        ),
    )
    if reason is not None:
        return _file(opened, rows, reason)
    return render("ledger/export.html", opened=opened, rows=rows, form=form, status=status_of(form))


def _file(opened: Opened, rows: int, reason: str) -> Response:
    book, owner = io.BytesIO(), opened.owner
    write_table_to(book, f"积分台账 {owner.number}", COLUMNS, _rows(opened), notes=_notes(opened, rows, reason))
    book.seek(0)
    month = opened.month or clock.month_of(clock.now())
    name = f"{month // 100}-{month % 100:02}_积分台账_{HOLDER_KINDS[owner.kind]}{owner.number}.xlsx"
    response = send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(opened: Opened) -> Iterator[dict[str, CellValue]]:
    categories = queries.category_names(opened.scheme.id)
    statement = queries.entries_statement(opened.account.id, month=opened.month).execution_options(yield_per=500)
    for line in db.session.scalars(statement):
        yield {
            "seq": line.seq,
            "happened_on": line.happened_on,
            "posted_at": line.posted_at,
            "kind": KIND_WORDS[line.kind],
            "category": categories.get(line.category_id, ""),
            "title": line.title,
            "amount": line.amount,
            "balance_after": line.balance_after,
            "actor": line.actor_label,
            "note": line.note,
            "cause": f"{line.cause_kind}-{line.cause_id}",
            "reverses": line.reverses,
            "hash": line.hash,
        }


def _notes(opened: Opened, rows: int, reason: str) -> list[tuple[str, str]]:
    """The sheet 说明: with the head hash the file can be compared with the book years later."""
    account, owner = opened.account, opened.owner
    return [
        ("账户", f"{HOLDER_KINDS[owner.kind]} {owner.number} {owner.name}"),
        ("积分办法", opened.scheme.name),
        ("所属区域", opened.place),
        ("导出范围", f"{opened.filtered}，{rows} 笔"),
        ("导出时余额", f"{account.balance} 分，冻结 {account.held} 分"),
        ("流水总数", f"{account.entries} 笔"),
        ("链头校验值", account.head),
        ("导出人", actor().label),
        ("导出时间", clock.local(clock.now()).strftime("%Y-%m-%d %H:%M:%S")),
        ("导出原因", reason),
        ("怎么核对", "每一笔的校验值由上一笔的校验值和这一笔的内容算出，算法见软件文档 docs/ledger.md。"),
    ]


# Months ---------------------------------------------------------------------------------------------------------------


@bp.get("/desk/month-totals")
@requires("ledger.view")
def months() -> Response:
    communities = communities_in(actor().scope("ledger.view"))
    wanted = request.args.get("community", type=int)
    community = next(
        (one for one in communities if one.id == wanted), None if wanted else next(iter(communities), None)
    )
    if community is None and wanted:
        raise NotFound("没有这个社区，或它不在您负责的范围内。请从列表里重新选择。")
    known = queries.months_with_totals(community.id) if community else []
    month = request.args.get("month", type=int) or next(iter(known), clock.month_of(clock.now()))
    found = queries.scheme_totals(community.id, month) if community and month in known else []
    return render(
        "ledger/months.html",
        "ledger/_months.html",
        communities=communities,
        community=community,
        known=known,
        month=month,
        schemes=found,
        here=url_for("ledger.months"),
    )
