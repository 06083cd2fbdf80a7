"""The resident's book: balance, why a line stands in it, and earlier months."""

from __future__ import annotations

from flask import Response, abort, current_app, send_file, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.photo_store import PhotoStore
from webapp.kiosk import queries
from webapp.kiosk.gate import visit
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.paging import Fit, lines_of
from webapp.ledger.book import Cause, EntryLine
from webapp.ledger.explain import explain
from webapp.ledger.queries import account_state, entry, entry_of_cause, reversed_by
from webapp.records.queries import photo_visible_to_household
from webapp.reviews.queries import line_of_record
from webapp.schemes.queries import scheme
from webapp.web.access import KIOSK_HOUSEHOLD, requires
from webapp.web.htmx import go, render

MONTH_LINES = Fit(lying=6, lying_large=6, standing=11, standing_large=9)


@bp.get("/kiosk/balance")
@requires(KIOSK_HOUSEHOLD)
def balance() -> Response:
    """The page that every visit opens: prepared queries and a lean template, nothing else."""
    now = clock.now()
    found = queries.balance(visit(), now)
    month = clock.month_of(now)
    earned, gone = found.account.this_year(month // 100)
    return render(
        "kiosk/balance.html",
        balance=found,
        account=found.account,
        this_month=found.account.this_month(month),
        earned=earned,
        gone=gone,
        month=month,
    )


@bp.get("/kiosk/why/<int:seq>")
@requires(KIOSK_HOUSEHOLD)
def why(seq: int) -> Response:
    """A line of the visitor's own book. Another's number is not found: numbers count per account."""
    line = entry(visit().account_id, seq)
    return render(
        "kiosk/why.html",
        line=line,
        found=explain(_root(line).cause),
        published=line_of_record(line.cause.id, clock.now()) if line.cause.kind == "record" else None,
        takes_back=entry(line.account_id, line.reverses) if line.reverses else None,
        taken_back=reversed_by(line),
        waiting=None,
    )


def _root(line: EntryLine) -> EntryLine:
    """What a reversal is about is explained by the line that it takes back."""
    return entry(line.account_id, line.reverses) if line.reverses else line


@bp.get("/kiosk/why/record/<int:record_id>")
@requires(KIOSK_HOUSEHOLD)
def why_waiting(record_id: int) -> Response:
    """A record that waits for review; once it is in the book, its line is shown instead."""
    account = account_state(visit().account_id)
    lines = queries.waiting_lines(visit().household_id, account.scheme_id)
    waiting = next((line for line in lines if line.record_id == record_id), None)
    if waiting is None:
        posted = entry_of_cause(Cause("record", record_id), account.id)
        if posted is None:
            raise NotFound("没有找到这一条，可能已经撤回。请返回看最近的积分。")
        return go(url_for("kiosk.why", seq=posted.seq))
    return render(
        "kiosk/why.html",
        line=None,
        found=explain(Cause("record", record_id)),
        published=None,
        takes_back=None,
        taken_back=None,
        waiting=waiting,
    )


@bp.get("/kiosk/photos/<sha256>")
@requires(KIOSK_HOUSEHOLD)
def photo(sha256: str) -> Response:
    """A photo of the visitor's own records; nothing of it stays in the browser."""
    if not photo_visible_to_household(sha256, visit().household_id):
        raise NotFound("没有这张照片。")
    store = PhotoStore(current_app.config["VAR_DIR"] / "photos")
    with store.open(sha256) as file:  # NotFound in words, if the file is gone
        path = file.name
    response = send_file(path, mimetype="image/jpeg", conditional=False)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/kiosk/months/<int:month>")
@requires(KIOSK_HOUSEHOLD)
def months(month: int) -> Response:
    """One month of the book (202611) with its own totals, added up from its lines only."""
    this_month = clock.month_of(clock.now())
    if not (200001 <= month <= this_month and 1 <= month % 100 <= 12):
        abort(404)
    account = account_state(visit().account_id)
    sums, lines = queries.month_of_book(account.id, month)
    first = queries.first_month(account)
    return render(
        "kiosk/months.html",
        month=month,
        sums=sums,
        screen=lines_of(lines, MONTH_LINES),
        waiting=queries.waiting_lines(visit().household_id, account.scheme_id) if month == this_month else [],
        before=clock.previous_month(month) if first is not None and month > first else None,
        after=queries.following_month(month) if month < this_month else None,
        scheme=scheme(account.scheme_id),
    )
