"""The list of schemes, the page of one, and the ready-made ones to load."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, flash, request, url_for

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.sheets import write_table
from webapp.places.models import HOLDER_KINDS, Area
from webapp.places.queries import area, area_label, import_areas
from webapp.schemes import lapsing, queries, service
from webapp.schemes.forms import PresetForm, area_choices
from webapp.schemes.models import AUDIENCES, POSTING, PROOFS, Category, Scheme
from webapp.schemes.presets import CODES, preset
from webapp.schemes.queries import desk
from webapp.schemes.queries.desk import RuleLine
from webapp.schemes.service import sheet
from webapp.schemes.views.blueprint import bp, seen, sheet_response
from webapp.users.models import POSTS
from webapp.web.access import actor, requires
from webapp.web.finding import searched
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render


@bp.get("/desk/schemes")
@requires("schemes.view")
def schemes() -> Response:
    return render(
        "schemes/schemes.html",
        schemes=queries.schemes_in(actor().scope("schemes.view")),
        counts=queries.rule_counts(clock.today()),
        kinds=HOLDER_KINDS,
        audiences=AUDIENCES,
        posting=POSTING,
    )


@dataclass(frozen=True)
class RuleList:
    """A scheme's rules as they were asked for: one category, and what was typed."""

    category: Category | None
    text: str
    lines: list[RuleLine]

    @property
    def narrowed(self) -> bool:
        return bool(self.category or self.text)


def asked_rules(scheme: Scheme) -> RuleList:
    """:raises NotFound: for a category of another scheme."""
    category_id = request.values.get("category", 0, type=int)
    category = queries.seen_category(scheme.id, category_id) if category_id else None
    text = searched()
    lines = [line for line in desk.rule_lines(scheme.id, clock.today()) if line.matches(text)]
    return RuleList(category, text, [line for line in lines if not category or line.shown.category_id == category.id])


@bp.get("/desk/schemes/<int:scheme_id>")
@requires("schemes.view")
def scheme(scheme_id: int) -> Response:
    found = seen(scheme_id)
    return render(
        "schemes/scheme.html",
        "schemes/_rules.html",
        scheme=found,
        asked=asked_rules(found),
        categories=queries.categories(found.id),
        kinds=HOLDER_KINDS,
        audiences=AUDIENCES,
        posting=POSTING,
        proofs=PROOFS,
        reviewers="、".join(POSTS[post] for post in found.first_reviewers.split(",")),
        lapse_example=lapsing.example(found.lapse_month, found.lapse_day, clock.today()) if found.lapse_month else "",
        editable=actor().may("schemes.edit", found.area.path),
    )


@bp.post("/desk/schemes/<int:scheme_id>/export")
@requires("schemes.view")
def export(scheme_id: int) -> Response:
    """The rules as they are shown, as Excel."""
    found, now = seen(scheme_id), clock.now()
    asked = asked_rules(found)
    codes = {category.id: category.code for category in queries.categories(found.id)}
    notes = [
        ("积分办法", f"{found.name}（{area_label(found.area)}）"),
        ("筛选", _filter_words(asked)),
        ("导出", f"{actor().label}，{clock.local(now):%Y-%m-%d %H:%M}"),
    ]
    rows = [sheet.cells_of(line, codes[line.shown.category_id]) for line in asked.lines]
    book = write_table("细则", (*sheet.COLUMNS, *sheet.MORE_COLUMNS), rows, notes=notes)
    log(
        actor(),
        "rule:exported",
        now=now,
        object_kind="scheme",
        object_id=found.id,
        area_path=found.area.path,
        rows=len(rows),
        filtered=notes[1][1],
    )
    return sheet_response(book, f"{found.name}_细则_{clock.today()}")


def _filter_words(asked: RuleList) -> str:
    words = [f"一级指标「{asked.category.name}」"] if asked.category else []
    return "，".join([*words, f"搜索「{asked.text}」"] if asked.text else words) or "全部"


@bp.route("/desk/schemes/presets", methods=["GET", "POST"])
@requires("schemes.edit")
def presets() -> Response:
    """``?area_id=`` names the area into which they would be loaded; the form posts one code for it."""
    scope = actor().scope("schemes.edit")
    nodes = import_areas(scope)
    usual = next((node.area.id for node in nodes if node.area.kind == "community"), nodes[0].area.id if nodes else 0)
    form = PresetForm(data={"area_id": request.args.get("area_id", usual, type=int)})
    form.area_id.choices = area_choices(nodes)
    chosen = area(form.area_id.data or 0, scope)
    loaded = perform(form, lambda: _load(chosen))
    if loaded is not None:
        flash(f"已加载「{loaded.name}」到{chosen.name}，今天起可以记分。", "success")
        return go(url_for("schemes.scheme", scheme_id=loaded.id))
    return render(
        "schemes/presets.html",
        form=form,
        chosen=chosen,
        there=queries.codes_in(chosen),
        presets=[preset(code) for code in CODES],
        kinds=HOLDER_KINDS,
        audiences=AUDIENCES,
        posting=POSTING,
        status=status_of(form),
    )


def _load(chosen: Area) -> Scheme:
    code = request.form.get("code", "")
    return service.load_preset(code, area=chosen, actor=actor(), now=clock.now())
