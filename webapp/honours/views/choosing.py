"""The meeting's page: who comes into question and why, ticks, and the note of the meeting."""

from __future__ import annotations

from flask import Response, flash, url_for

from webapp.core import clock
from webapp.honours import queries, service
from webapp.honours.forms import ChoiceForm
from webapp.honours.models import Honour, HonourKind
from webapp.honours.views.blueprint import bp
from webapp.honours.views.desk import period_words
from webapp.rankings.placing import TIES
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render


@bp.route("/desk/honours/kinds/<int:kind_id>/choose/<int:month>", methods=["GET", "POST"])
@requires("honours.decide")
def choose(kind_id: int, month: int) -> Response:
    kind = queries.kind_in_scope(kind_id, actor().scope("honours.decide"))
    frozen, form = queries.month_of_kind(kind, month), ChoiceForm()
    if (chosen := perform(form, lambda: _decided(kind, month, form))) is not None:
        flash(
            f"已定 {len(chosen)} 个「{kind.name}」，可以打印证书了。" if chosen else "已记下：这一次没有定人选。",
            "success",
        )
        return go(url_for("honours.choice", kind_id=kind.id, month=month))
    if queries.choice_of(kind.id, month) is not None and not form.errors:
        return go(url_for("honours.choice", kind_id=kind.id, month=month))
    lines = queries.candidates(kind, frozen, actor())
    held = queries.held_by([one.holder_id for one in lines], clock.today())
    shown = {"lines": lines, "held": held, "period": period_words(kind.period, month), "ties": TIES}
    return render("honours/choose.html", form=form, kind=kind, month=month, status=status_of(form), **shown)


def _decided(kind: HonourKind, month: int, form: ChoiceForm) -> list[Honour]:
    return service.decide(
        actor=actor(),
        kind=kind,
        month=month,
        holder_ids=form.holders.data or [],
        note=form.note.data or "",
        now=clock.now(),
    )


@bp.get("/desk/honours/kinds/<int:kind_id>/choice/<int:month>")
@requires("records.view")
def choice(kind_id: int, month: int) -> Response:
    """What was decided, by whom, with the note of the meeting. :raises NotFound: before it was."""
    kind = queries.kind_in_scope(kind_id, actor().scope("records.view"))
    found = queries.decided_choice(kind.id, month)
    return render(
        "honours/choice.html",
        kind=kind,
        choice=found,
        period=period_words(found.period, month),
        honours=queries.chosen_in(found.id),
        today=clock.today(),
    )
