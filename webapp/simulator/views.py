"""Drafts at the desk: everybody who sees a scheme reads them and their replay, who keeps it writes and adopts them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, request, send_file, url_for

from webapp.audit.words import AuditWords, named_by
from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.core.sheets import Column, write_table_to
from webapp.places.models import Area
from webapp.places.queries import area_label, communities_in
from webapp.schemes.models import Scheme
from webapp.schemes.queries import seen_rule, seen_scheme
from webapp.schemes.queries.desk import rule_line
from webapp.simulator import queries, service
from webapp.simulator.forms import AdoptForm, DraftForm, LineForm
from webapp.simulator.judging import Outcome
from webapp.simulator.models import STATES, RuleDraft
from webapp.simulator.queries import MOST_MONTHS, Changed, Span
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import PER_PAGE, Page, page_number

bp = Blueprint("simulator", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNITS = {"courtyard": "个院落", "household": "户", "shop": "家商铺", "person": "人"}
SHOWN = {"gain": "增加的", "lose": "减少的"}
TOP = 20
AUDIT_WORDS = AuditWords(
    names={"rule_draft": named_by(RuleDraft.id, RuleDraft.name)},
    subjects={"rule-draft": "细则草稿"},
    actions={
        "rule-draft:begun": "新建细则草稿",
        "rule-draft:changed": "草稿里改细则",
        "rule-draft:left": "草稿里不改细则",
        "rule-draft:dropped": "放弃细则草稿",
        "rule-draft:adopted": "采用细则草稿",
    },
    details={
        "valid_from": "生效日期",
        "decision": "谁决定的",
        "count": "改了几条",
        "rule": "细则编号",
        "ends": "停用",
        "title": "细则",
        "points": "分值",
        "cap_day": "每天最多几次",
        "cap_month": "每月最多几次",
        "cap_year": "每年最多几次",
    },
)


def _seen(draft_id: int) -> RuleDraft:
    return queries.draft(draft_id, actor().scope("schemes.view"))


def _kept(draft_id: int) -> RuleDraft:
    """:raises NotAllowed: for a draft of a scheme of an area above."""
    found = _seen(draft_id)
    actor().must("schemes.edit", found.scheme.area.path)
    return found


def _kept_scheme(scheme_id: int) -> Scheme:
    found = seen_scheme(scheme_id, actor().scope("schemes.view"))
    actor().must("schemes.edit", found.area.path)
    return found


@bp.get("/desk/schemes/<int:scheme_id>/drafts")
@requires("schemes.view")
def drafts(scheme_id: int) -> Response:
    scheme = seen_scheme(scheme_id, actor().scope("schemes.view"))
    return render(
        "simulator/drafts.html",
        scheme=scheme,
        drafts=queries.drafts_of(scheme.id),
        editable=actor().may("schemes.edit", scheme.area.path),
    )


@bp.route("/desk/schemes/<int:scheme_id>/drafts/new", methods=["GET", "POST"])
@requires("schemes.edit")
def begin(scheme_id: int) -> Response:
    scheme = _kept_scheme(scheme_id)
    form = DraftForm()
    begun = perform(form, lambda: _begin(scheme, form))
    if begun is not None:
        flash("草稿已建好。现在逐条点「改」，写上新的办法；采用以前什么都不会变。", "success")
        return go(url_for("simulator.draft", draft_id=begun.id))
    return render("simulator/draft_form.html", form=form, scheme=scheme, status=status_of(form))


def _begin(scheme: Scheme, form: DraftForm) -> RuleDraft:
    note = form.note.data or ""
    return service.begin(scheme=scheme, name=form.name.data, note=note, actor=actor(), now=clock.now())


@bp.get("/desk/drafts/<int:draft_id>")
@requires("schemes.view")
def draft(draft_id: int) -> Response:
    """The scheme's rules with what the draft says beside; of a closed draft only what it changed."""
    found = _seen(draft_id)
    is_open = found.state == "open"
    return render(
        "simulator/draft.html",
        draft=found,
        changes=queries.changes(found),
        rows=queries.rows(found, clock.today()) if is_open else [],
        states=STATES,
        editable=is_open and actor().may("schemes.edit", found.scheme.area.path),
    )


@bp.route("/desk/drafts/<int:draft_id>/rules/<int:rule_id>", methods=["GET", "POST"])
@requires("schemes.edit")
def line(draft_id: int, rule_id: int) -> Response:
    found = _kept(draft_id)
    rule = seen_rule(found.scheme_id, rule_id)
    now_is = rule_line(rule.id, clock.today())
    changed = next((one for one in queries.changes(found) if one.line.rule_id == rule.id), None)
    form = LineForm.of(now_is.shown, changed)
    if perform(form, lambda: _save(found, rule_id, form)):
        flash(f"草稿里的细则 {rule.code} 已保存。采用以前，记分还按现在的办法。", "success")
        return go(url_for("simulator.draft", draft_id=found.id))
    return render(
        "simulator/line.html",
        form=form,
        draft=found,
        now_is=now_is,
        changed=changed,
        why_not=queries.why_not(now_is),
        status=status_of(form),
    )


def _save(found: RuleDraft, rule_id: int, form: LineForm) -> bool:
    rule = seen_rule(found.scheme_id, rule_id)
    wanted = form.wanted(rule_line(rule.id, clock.today()).shown)
    service.change_line(draft=found, rule=rule, wanted=wanted, actor=actor(), now=clock.now())
    return True


@bp.post("/desk/drafts/<int:draft_id>/rules/<int:rule_id>/leave")
@requires("schemes.edit")
def leave(draft_id: int, rule_id: int) -> Response:
    found = _kept(draft_id)
    service.leave_rule(draft=found, rule_id=rule_id, actor=actor(), now=clock.now())
    flash("这一条不改了，还按现在的办法。", "success")
    return go(url_for("simulator.draft", draft_id=found.id))


@bp.post("/desk/drafts/<int:draft_id>/drop")
@requires("schemes.edit")
def drop(draft_id: int) -> Response:
    found = _kept(draft_id)
    service.drop(draft=found, actor=actor(), now=clock.now())
    flash(f"草稿「{found.name}」已放弃，积分办法没有变。", "success")
    return go(url_for("simulator.drafts", scheme_id=found.scheme_id))


@bp.route("/desk/drafts/<int:draft_id>/adopt", methods=["GET", "POST"])
@requires("schemes.edit")
def adopt(draft_id: int) -> Response:
    found = _kept(draft_id)
    form = AdoptForm()
    if perform(form, lambda: _adopt(found, form)):
        flash("已采用。从生效那天起按新办法记分，以前记的不变。", "success")
        return go(url_for("simulator.draft", draft_id=found.id))
    page = {"form": form, "draft": found, "changes": queries.changes(found)}
    return render("simulator/adopt.html", **page, status=status_of(form))


def _adopt(found: RuleDraft, form: AdoptForm) -> list[Changed]:
    return service.adopt(
        draft=found,
        revision=request.form.get("revision", -1, type=int),
        valid_from=form.valid_from.data,
        decision=form.decision.data,
        actor=actor(),
        now=clock.now(),
    )


# The replay -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """What was asked for, and what comes of it."""

    draft: RuleDraft
    communities: list[Area]
    community: Area
    months: int
    span: Span
    changes: list[Changed]
    outcome: Outcome
    show: str

    @property
    def unit(self) -> str:
        return UNITS[self.draft.scheme.holder_kind]

    @property
    def shown(self) -> list[Any]:
        return self.outcome.losers if self.show == "lose" else self.outcome.gainers

    def here(self, **changed: Any) -> dict[str, Any]:
        kept = {"draft_id": self.draft.id, "months": self.months, "community": self.community.id, "show": self.show}
        return kept | changed


def _tried(draft_id: int) -> Trial:
    """:raises NotFound: for a community outside the scope or the scheme's area."""
    found, args = _seen(draft_id), request.args
    path, wanted = found.scheme.area.path, args.get("community", type=int)
    communities = [one for one in communities_in(actor().scope("schemes.view")) if one.path.startswith(path)]
    community = next((one for one in communities if wanted in (None, one.id)), None)
    if community is None:
        raise NotFound("没有这个社区，或它不在您负责的范围内。")
    months = min(max(args.get("months", MOST_MONTHS, type=int) or 1, 1), MOST_MONTHS)
    span, changed = queries.last_months(clock.today(), months), queries.changes(found)
    return Trial(
        draft=found,
        communities=communities,
        community=community,
        months=months,
        span=span,
        changes=changed,
        outcome=queries.outcome(changed, community.id, found.scheme_id, span),
        show=args.get("show", "gain") if args.get("show") in SHOWN else "gain",
    )


@bp.get("/desk/drafts/<int:draft_id>/replay")
@requires("schemes.view")
def replay(draft_id: int) -> Response:
    trial = _tried(draft_id)
    shown = trial.shown
    number = min(page_number(), max(1, -(-len(shown) // PER_PAGE)))
    part = queries.named(shown[(number - 1) * PER_PAGE : number * PER_PAGE])
    page = Page(part, number, len(shown))
    return render("simulator/replay.html", "simulator/_holders.html", trial=trial, page=page, shown=SHOWN)


@bp.get("/desk/drafts/<int:draft_id>/replay/sheet")
@requires("schemes.view")
def sheet(draft_id: int) -> Response:
    """For the meeting, on A4: the sentence, the rules, the first of each list."""
    trial = _tried(draft_id)
    gainers, losers = (queries.named(one[:TOP]) for one in (trial.outcome.gainers, trial.outcome.losers))
    return render("simulator/sheet.html", trial=trial, gainers=gainers, losers=losers, area=area_label(trial.community))


COLUMNS = (
    Column("number", "编号"),
    Column("name", "名称"),
    Column("place", "院落或地点", width=24),
    Column("before", "原来的分", "points"),
    Column("after", "按新办法", "points"),
    Column("change", "相差", "points"),
    Column("beyond", "超过次数不算的", "integer"),
)
RULE_COLUMNS = (
    Column("code", "编号"),
    Column("title", "细则", width=30),
    Column("now", "现在"),
    Column("new", "草稿"),
    Column("count", "记了几次", "integer"),
    Column("before", "原来的分", "points"),
    Column("after", "按新办法", "points"),
    Column("change", "相差", "points"),
)


@bp.get("/desk/drafts/<int:draft_id>/replay/excel")
@requires("schemes.view")
def excel(draft_id: int) -> Response:
    """Everybody who gains or loses, and each changed rule; names are masked, so it needs no reason."""
    trial, book = _tried(draft_id), io.BytesIO()
    whom = queries.named([*trial.outcome.gainers, *trial.outcome.losers])
    rows = [{"number": one.number, "name": one.name, "place": one.place} | _cells(one.effect) for one in whom]
    notes = [
        ("草稿", trial.draft.name),
        ("积分办法", trial.draft.scheme.name),
        ("社区", trial.community.name),
        ("哪几个月", trial.span.words),
        ("导出", f"{actor().label}，{clock.local(clock.now()):%Y-%m-%d %H:%M}"),
    ]
    rules = ("细则", RULE_COLUMNS, [_rule_cells(trial, one) for one in trial.changes])
    write_table_to(book, "谁增谁减", COLUMNS, rows, notes=notes, further=[rules])
    book.seek(0)
    name = f"{clock.today()}_试算_{trial.draft.name}_{trial.community.name}.xlsx"
    return send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)


def _cells(effect: Any) -> dict[str, Any]:
    amounts = {"before": effect.before.net, "after": effect.after.net, "change": effect.change}
    return {"beyond": effect.beyond} | {name: Points(value) for name, value in amounts.items()}


def _rule_cells(trial: Trial, one: Changed) -> dict[str, Any]:
    effect = trial.outcome.rules.get(one.line.rule_id)
    said = {"code": one.before.code, "title": one.before.title, "now": one.before.score_words}
    said["new"] = "停用" if one.line.ends else one.after.score_words
    return said | ({"count": effect.count} | _cells(effect) if effect else {"count": 0})
