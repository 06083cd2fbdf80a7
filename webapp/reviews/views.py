"""The working group's page, the publication at the desk and on paper, and the link for chat groups."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, current_app, flash, request, send_file, url_for

from webapp.audit.words import AuditWords
from webapp.core import clock
from webapp.core.errors import DomainError, NotFound
from webapp.core.points import Points
from webapp.core.sheets import CellValue, Column, write_table_to
from webapp.extensions import db
from webapp.places.models import Area
from webapp.places.queries import communities_in
from webapp.reviews import queries, sealing, service
from webapp.reviews.forms import MeetingForm
from webapp.reviews.models import STATES, CommunityMonth
from webapp.web.access import ANYBODY, actor, requires
from webapp.web.finding import searched
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.limits import limited
from webapp.web.menu import MenuEntry
from webapp.web.paging import paginate

bp = Blueprint("reviews", __name__)
MENU = (
    MenuEntry(
        "月度审核",
        "reviews.review",
        "clipboard-check",
        "reviews.confirm",
        37,
        badge=lambda: queries.waiting_count(actor().scope("reviews.confirm")),
    ),
    MenuEntry("公示", "reviews.publications", "megaphone", "records.view", 38),
)
AUDIT_WORDS = AuditWords(
    subjects={"month": "月度公示"},
    actions={"month:noted": "记会议", "month:published": "公示"},
    values={"state": STATES},
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PUBLIC_LINES = 40  # on one page of the link for chat groups


@dataclass(frozen=True)
class Month:
    """The month of a community that a page is about; ``row`` is None before anything was done with it."""

    community: Area
    month: int
    terms: queries.Terms
    row: CommunityMonth | None

    @property
    def ends_on(self) -> date:
        return self.row.ends_on if self.row else queries.last_day(self.month, self.terms)

    @property
    def state(self) -> str:
        return self.row.state if self.row else "reviewing"

    @property
    def over(self) -> bool:
        """Whether its last day has come."""
        return clock.today() >= self.ends_on

    @property
    def label(self) -> str:
        return f"{self.month // 100} 年 {self.month % 100} 月"


def _month(community_id: int | None, month: int | None, permission: str) -> Month:
    """:raises NotFound: for a community outside the scope, or a month that is none."""
    community = queries.community_of_reviewer(actor().scope(permission), community_id)
    terms = queries.terms_of(community)
    running = queries.month_on(clock.today(), terms)
    if month is None:
        month = _due(community, running)
    if not (200001 <= month <= running and 1 <= month % 100 <= 12):
        raise NotFound("没有这个月份，或它还没有开始。")
    return Month(community, month, terms, queries.month_row(community.id, month))


def _due(community: Area, running: int) -> int:
    """The month before, until it is published; then the running one."""
    before = clock.previous_month(running)
    row = queries.month_row(community.id, before)
    published = row is not None and row.published_at is not None
    waits = queries.counts(community.id, before, queries.last_day(before, queries.terms_of(community)))
    return running if published or not (waits.passed or waits.confirmed or row) else before


# The working group's page ---------------------------------------------------------------------------------------------


@bp.get("/desk/reviews")
@requires("reviews.confirm")
def review() -> Response:
    return _review_page(request.args.get("community", type=int), request.args.get("month", type=int))


def _review_page(community_id: int | None, month: int | None, *, wrong: str = "", status: int = 200) -> Response:
    found = _month(community_id, month, "reviews.confirm")
    ends_on = queries.last_day(found.month, found.terms)
    wanted = request.values.get("category", type=int)
    statement = queries.waiting_statement(found.community.id, found.month, ends_on, category_id=wanted, text=searched())
    page = paginate(statement)
    return render(
        "reviews/review.html",
        "reviews/_waiting.html",
        found=found,
        communities=communities_in(actor().scope("reviews.confirm")),
        before=clock.previous_month(found.month),
        running=queries.month_on(clock.today(), found.terms),
        counts=queries.counts(found.community.id, found.month, ends_on),
        categories=queries.by_category(found.community.id, found.month, ends_on),
        wanted=wanted,
        page=page,
        rows=queries.as_waiting(page.items, actor()),
        states=STATES,
        wrong=wrong,
        reason=request.form.get("reason", ""),
        ticked=set(request.form.getlist("record", type=int)),
        status=status,
    )


@bp.post("/desk/reviews/<int:community_id>/<int:month>/decide")
@requires("reviews.confirm")
def decide(community_id: int, month: int) -> Response:
    """Confirm or give back what is ticked. A refusal shows the page again with what was ticked and typed."""
    found = _month(community_id, month, "reviews.confirm")
    chosen = request.form.getlist("record", type=int)
    try:
        said = _give_back(found, chosen) if request.form.get("do") == "return" else _confirm(found, chosen)
    except DomainError as error:
        db.session.rollback()
        return _review_page(community_id, month, wrong=error.message, status=error.status)
    flash(said)
    return go(url_for("reviews.review", community=community_id, month=month, category=request.form.get("category")))


def _confirm(found: Month, chosen: list[int]) -> str:
    outcome = service.confirm(
        actor=actor(), community=found.community, month=found.month, record_ids=chosen, now=clock.now()
    )
    why = "；".join(dict.fromkeys(text for _, text in outcome.refused))
    refused = f"{len(outcome.refused)} 条没有认定：{why}" if outcome.refused else ""
    return f"已认定 {outcome.done} 条。{refused}"


def _give_back(found: Month, chosen: list[int]) -> str:
    count = service.give_back(
        actor=actor(),
        community=found.community,
        month=found.month,
        record_ids=chosen,
        reason=request.form.get("reason", ""),
        now=clock.now(),
    )
    return f"已退回 {count} 条，申报人看得到原因。"


@bp.route("/desk/reviews/<int:community_id>/<int:month>/meeting", methods=["GET", "POST"])
@requires("reviews.confirm")
def meeting(community_id: int, month: int) -> Response:
    """Who attended, and what was said."""
    found = _month(community_id, month, "reviews.confirm")
    form = MeetingForm(obj=found.row)
    noted = perform(
        form,
        lambda: service.note_meeting(
            actor=actor(),
            community=found.community,
            month=month,
            attendees=form.attendees.data or "",
            minutes=form.minutes.data or "",
            now=clock.now(),
        ),
    )
    if noted is not None:
        flash("会议已记下。")
        return go(url_for("reviews.review", community=community_id, month=month))
    return render("reviews/meeting.html", found=found, form=form, status=status_of(form))


@bp.get("/desk/reviews/<int:community_id>/<int:month>/minutes")
@requires("reviews.confirm")
def minutes(community_id: int, month: int) -> Response:
    """The minutes and the table of what is determined, to be signed: paper."""
    found = _month(community_id, month, "reviews.confirm")
    rows = queries.determined(found.community.id, month, queries.last_day(month, found.terms))
    return render("reviews/minutes.html", found=found, rows=rows)


# Publishing -----------------------------------------------------------------------------------------------------------


@bp.route("/desk/reviews/<int:community_id>/<int:month>/publish", methods=["GET", "POST"])
@requires("reviews.confirm")
def publish(community_id: int, month: int) -> Response:
    found = _month(community_id, month, "reviews.confirm")
    message = ""
    if request.method == "POST":
        try:
            row = service.publish(actor=actor(), community=found.community, month=month, now=clock.now())
            return go(url_for("reviews.publishing", month_id=row.id))
        except DomainError as error:
            db.session.rollback()
            message, found = error.message, _month(community_id, month, "reviews.confirm")
    ends_on = queries.last_day(month, found.terms)
    counts = queries.counts(community_id, month, ends_on)
    return render("reviews/publish.html", found=found, counts=counts, message=message, status=409 if message else 200)


def _row(month_id: int) -> CommunityMonth:
    """:raises NotFound: outside the communities of the one who looks."""
    row = db.session.get(CommunityMonth, month_id)
    if row is None or not actor().may("reviews.confirm", row.community.path):
        raise NotFound("没有这个月份，或它不在您负责的范围内。")
    return row


@bp.get("/desk/reviews/publishing/<int:month_id>")
@requires("reviews.confirm")
def publishing(month_id: int) -> Response:
    """How far it has come; the page itself asks for the next step until all is done."""
    return render("reviews/publishing.html", "reviews/_publishing.html", row=_row(month_id))


@bp.post("/desk/reviews/publishing/<int:month_id>")
@requires("reviews.confirm")
def go_on(month_id: int) -> Response:
    progress = service.go_on(month_id=_row(month_id).id, key=current_app.config["SECRET_KEY"], now=clock.now())
    if progress.done:
        row = progress.row
        return go(url_for("reviews.published", community_id=row.community_id, month=row.month))
    if request.headers.get("HX-Request") == "true":
        return render("reviews/publishing.html", "reviews/_publishing.html", row=progress.row)
    return go(url_for("reviews.publishing", month_id=month_id))


# The publication ------------------------------------------------------------------------------------------------------


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
        link=f"{current_app.config['BASE_URL']}{url_for('reviews.public', token=row.token)}",
    )


@dataclass(frozen=True)
class Seal:
    """The seal as a page shows it: its first characters, and whether it fits what stands in the database now."""

    code: str
    fits: bool


def _seal(row: CommunityMonth) -> Seal:
    content, signature, public_key = row.content or "", row.signature or "", row.public_key or ""
    return Seal(sealing.code_of(signature), sealing.fits(content, signature, public_key))


@bp.get("/desk/publications/<int:community_id>/<int:month>/sheet")
@requires("records.view")
def sheet(community_id: int, month: int) -> Response:
    """For the notice board: A4 or A3, with the seal."""
    row = _published(community_id, month)
    size = "a3" if request.args.get("size") == "a3" else "a4"
    return render("reviews/sheet.html", row=row, lines=queries.all_lines(row), seal=_seal(row), size=size)


COLUMNS = (
    Column("number", "序号"),
    Column("happened_on", "发生日期"),
    Column("place", "院落或地点"),
    Column("name", "公示名称"),
    Column("scheme", "积分办法"),
    Column("category", "一级指标"),
    Column("rule", "细则编号"),
    Column("title", "事由"),
    Column("points", "分值"),
    Column("recorder", "记录人"),
    Column("entry", "流水校验值"),
    Column("hash", "本行校验值"),
)


@bp.get("/desk/publications/<int:community_id>/<int:month>/excel")
@requires("records.view")
def excel(community_id: int, month: int) -> Response:
    """The publication as it was sealed; masked, so it needs no reason."""
    row, book = _published(community_id, month), io.BytesIO()
    write_table_to(book, "公示", COLUMNS, _excel_rows(row), notes=_notes(row))
    book.seek(0)
    name = f"{month // 100}-{month % 100:02}_积分公示_{row.community.name}.xlsx"
    return send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)


def _excel_rows(row: CommunityMonth) -> Iterator[dict[str, CellValue]]:
    for line in queries.all_lines(row):
        values: dict[str, CellValue] = {column.key: getattr(line, column.key) for column in COLUMNS}
        yield values | {"points": Points(line.points)}


def _notes(row: CommunityMonth) -> list[tuple[str, str]]:
    return [
        ("社区", row.community.name),
        ("月份", f"{row.month // 100}-{row.month % 100:02}"),
        ("封账内容", row.content or ""),
        ("签名（ed25519）", row.signature or ""),
        ("公钥", row.public_key or ""),
        ("怎么核对", "见随软件的 docs/seal.md，二十行程序就能核对"),
    ]


@bp.get("/p/<token>")
@requires(ANYBODY)
@limited("60/minute")
def public(token: str) -> Response:
    """The link for chat groups. Deductions of households and people stand there without a name."""
    row = queries.publication_by_token(token)
    page = paginate(queries.lines_statement(row), per_page=PUBLIC_LINES)
    return render("reviews/public.html", row=row, page=page, seal=_seal(row))
