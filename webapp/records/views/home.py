"""A household on its phone: its points, each line with its why, and what still waits."""

from __future__ import annotations

from flask import Response, request, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import ZERO
from webapp.ledger.book import AccountState, Cause, EntryLine
from webapp.ledger.explain import explain
from webapp.ledger.lapsing import LapseWarning
from webapp.ledger.queries import (
    account_state,
    entry,
    entry_of_cause,
    last_entries,
    reversed_by,
    warning_of,
)
from webapp.ledger.views.home import own_accounts
from webapp.records import queries
from webapp.records.views.blueprint import bp
from webapp.records.views.photos import photo_response
from webapp.schemes.queries import scheme
from webapp.users.residents_gate import resident
from webapp.web.access import RESIDENT, requires
from webapp.web.home import HomeLink
from webapp.web.htmx import go, render
from webapp.web.paging import Page, page_number

LINES = 20


def _balance() -> str:
    """The balance of a household that has one account; with more of them, each is on its page."""
    accounts = own_accounts()
    return f"{accounts[0].balance} 分" if len(accounts) == 1 else ""


HOME = (HomeLink("我家积分", "余额、每一笔和为什么", "records.my_points", "book-open", 5, figure=_balance),)


@bp.get("/home/points")
@requires(RESIDENT)
def my_points() -> Response:
    """The balance, what is set aside, what waits, and the book line by line, newest first."""
    accounts = own_accounts()
    account = _chosen(accounts)
    waiting = _waiting(account)
    return render(
        "records/my_points.html",
        "records/_my_points.html",
        account=account,
        schemes=[(one, scheme(one.scheme_id).name) for one in accounts] if len(accounts) > 1 else [],
        year=clock.today().year,
        waiting=waiting,
        coming=sum((line.points for line in waiting), ZERO),
        page=_page(account) if account else None,
        lapse=_lapse(account),
    )


def _chosen(accounts: list[AccountState]) -> AccountState | None:
    """The account asked for, or the first; None before the first point."""
    wanted = request.args.get("account", type=int)
    return next((one for one in accounts if one.id == wanted), accounts[0] if accounts else None)


def _waiting(account: AccountState | None) -> list[queries.Line]:
    """What is recorded under the account's scheme and not yet in the book. A household without an account has waiting
    lines of any scheme."""
    lines = queries.waiting_lines(resident().household_id)
    return [line for line in lines if account is None or line.scheme_id == account.scheme_id]


def _page(account: AccountState) -> Page[EntryLine]:
    """Lines are numbered from 1 without a gap: a page is cut by number, nothing is counted."""
    number = min(page_number(), max(1, -(-account.entries // LINES)))
    upto = account.entries - (number - 1) * LINES
    return Page(last_entries(account.id, LINES, upto=upto), number, account.entries, LINES)


def _lapse(account: AccountState | None) -> LapseWarning | None:
    return warning_of(account, clock.today()) if account else None


@bp.get("/home/points/<int:account_id>/<int:seq>")
@requires(RESIDENT)
def my_line(account_id: int, seq: int) -> Response:
    """Why a line stands in the household's own book. Another's is not found."""
    account = account_state(account_id)
    if account.holder_id != resident().household_id:
        raise NotFound("没有找到这一笔。请返回看我家积分。")
    line = entry(account_id, seq)
    root = entry(account_id, line.reverses) if line.reverses else line
    return render(
        "records/my_line.html",
        line=line,
        root=root,
        found=explain(root.cause),
        taken_back=reversed_by(line),
        waiting=None,
    )


@bp.get("/home/points/waiting/<int:record_id>")
@requires(RESIDENT)
def my_waiting_line(record_id: int) -> Response:
    """A record that waits for review; once it is in the book, its line is shown instead."""
    waiting = next((line for line in queries.waiting_lines(resident().household_id) if line.id == record_id), None)
    if waiting is None:
        return _posted(record_id)
    found = explain(Cause("record", record_id))
    return render("records/my_line.html", line=None, root=None, found=found, taken_back=None, waiting=waiting)


def _posted(record_id: int) -> Response:
    """:raises NotFound: if the record has made no line in the household's book."""
    for account in own_accounts():
        line = entry_of_cause(Cause("record", record_id), account.id)
        if line is not None:
            return go(url_for("records.my_line", account_id=account.id, seq=line.seq))
    raise NotFound("没有找到这一条，可能已经撤回。请返回看我家积分。")


@bp.get("/home/points/photos/<sha256>")
@requires(RESIDENT)
def my_photo(sha256: str) -> Response:
    if not queries.photo_visible_to_household(sha256, resident().household_id):
        raise NotFound("没有这张照片。")
    return photo_response(sha256, thumb=request.args.get("size") == "thumb")
