"""Rankings at the desk: live for the month that is not published yet, frozen for the others; paper, Excel, settings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Response, flash, request, send_file, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.core.sheets import Column, write_table_to
from webapp.places.models import Area
from webapp.places.queries import areas_in, communities_in
from webapp.rankings import queries, service
from webapp.rankings.forms import TermsForm
from webapp.rankings.models import PERIODS
from webapp.rankings.placing import NEW, TIES, Standing, again, improved, placed
from webapp.rankings.queries import Frozen, RankedScheme
from webapp.rankings.showing import KINDS, period_name
from webapp.rankings.views.blueprint import bp
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import PER_PAGE, Page, page_number

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Desk:
    """What was asked for. ``frozen`` is None for the month that is not published yet; ``standings`` is everybody."""

    community: Area
    schemes: Sequence[RankedScheme]
    scheme: RankedScheme | None
    months: Sequence[Frozen]
    month: int
    running: int
    frozen: Frozen | None
    period: str
    grid: Area | None
    improved: bool
    league: str
    standings: Sequence[Standing]

    @property
    def live(self) -> bool:
        return self.frozen is None

    @property
    def leagues(self) -> list[str]:
        return list(dict.fromkeys(one.league for one in self.standings))

    @property
    def shown(self) -> list[Standing]:
        chosen = improved(self.standings) if self.improved else list(self.standings)
        return [one for one in chosen if not self.league or one.league == self.league]

    @property
    def title(self) -> str:
        kind = KINDS[self.scheme.kind] if self.scheme else "积分"
        return f"{period_name(self.period, self.month)}{kind}{'进步榜' if self.improved else '排行'}"

    def here(self, **changed: Any) -> dict[str, Any]:
        kept = {
            "community": self.community.id,
            "scheme": self.scheme.id if self.scheme else None,
            "period": self.period,
            "month": self.month,
            "grid": self.grid.id if self.grid else None,
            "league": self.league or None,
            "improved": 1 if self.improved else None,
        }
        return kept | changed


def _asked() -> Desk:
    """:raises NotFound: for a community or grid outside the scope."""
    args, scope = request.args, actor().scope("records.view")
    community = _community(scope, args.get("community", type=int))
    months = queries.frozen_months(community.id)
    running = queries.running_month(community.id, clock.month_of(clock.now()))
    frozen = next((one for one in months if one.month == args.get("month", type=int)), None)
    schemes = queries.schemes_ranked(frozen.id) if frozen else _live_schemes(community.id)
    scheme = next((one for one in schemes if one.id == args.get("scheme", type=int)), next(iter(schemes), None))
    period = args.get("period", "")
    period = period if period in PERIODS else "month"
    grid = next((one for one in _grids(community) if one.id == args.get("grid", type=int)), None)
    return Desk(
        community=community,
        schemes=schemes,
        scheme=scheme,
        months=months,
        month=frozen.month if frozen else running,
        running=running,
        frozen=frozen,
        period=period,
        grid=grid,
        improved=bool(args.get("improved")),
        league=args.get("league", ""),
        standings=_standings(community, scheme, frozen, period, running, grid) if scheme else [],
    )


def _community(scope: tuple[str, ...], wanted: int | None) -> Area:
    found = communities_in(scope)
    chosen = next((one for one in found if one.id == wanted), None if wanted else next(iter(found), None))
    if chosen is None:
        raise NotFound("没有这个社区，或它不在您负责的范围内。")
    return chosen


def _grids(community: Area) -> list[Area]:
    return list(areas_in((community.path,), kinds=("grid",)))


def _live_schemes(community_id: int) -> list[RankedScheme]:
    return [RankedScheme(*one) for one in queries.schemes_of(community_id)]


def _standings(
    community: Area, scheme: RankedScheme, frozen: Frozen | None, period: str, month: int, grid: Area | None
) -> list[Standing]:
    """Everybody; of one grid placed anew among themselves."""
    if frozen is not None:
        found = queries.standings(frozen.id, period, scheme.id)
        if grid is None:
            return found
        here = queries.holders_in(grid.path, scheme.kind)
        return again([one for one in found if one.holder_id in here])
    figures = queries.figures(community.id, scheme.id, month, queries.terms(community.id), period)[period]
    return placed(one for one in figures if grid is None or one.path.startswith(grid.path))


@bp.get("/desk/rankings")
@requires("records.view")
def rankings() -> Response:
    desk = _asked()
    shown, number = desk.shown, page_number()
    number = min(number, max(1, -(-len(shown) // PER_PAGE)))
    return render(
        "rankings/desk.html",
        "rankings/_desk.html",
        desk=desk,
        page=Page(shown[(number - 1) * PER_PAGE : number * PER_PAGE], number, len(shown)),
        communities=communities_in(actor().scope("records.view")),
        grids=_grids(desk.community),
        periods=PERIODS,
        kinds=KINDS,
        ties=TIES,
        new=NEW,
    )


@bp.get("/desk/rankings/sheet")
@requires("records.view")
def sheet() -> Response:
    """For the notice board, A4 or A3, a heading for each league. :raises NotFound: for what is not published."""
    desk = _asked()
    if desk.frozen is None:
        raise NotFound("这个月还没有公示，公示以后才能打印上墙。")
    leagues = [(league, list(lines)) for league, lines in groupby(desk.shown, key=lambda one: one.league)]
    size = "a3" if request.args.get("size") == "a3" else "a4"
    return render("rankings/sheet.html", desk=desk, leagues=leagues, size=size, ties=TIES)


COLUMNS = (
    Column("league", "分组", width=20),
    Column("place", "名次", "integer", width=8),
    Column("name", "名称", width=22),
    Column("spot", "院落或地点", width=26),
    Column("points", "积分", "points", width=10),
    Column("own", "自己挣的", "points", width=11),
    Column("rolled", "住户汇总", "points", width=11),
    Column("previous", "上一期", "points", width=10),
    Column("improvement", "比上一期", "points", width=11),
)


@bp.get("/desk/rankings/excel")
@requires("records.view")
def excel() -> Response:
    """Exactly what the page lists; names are masked, so it needs no reason."""
    desk, book = _asked(), io.BytesIO()
    notes = [
        ("社区", desk.community.name),
        ("积分办法", desk.scheme.name if desk.scheme else ""),
        ("哪一段", period_name(desk.period, desk.month)),
        ("网格", desk.grid.name if desk.grid else "全部"),
        ("状态", "未公示，会变" if desk.live else "已公示，定格不变"),
        ("名次", TIES),
    ]
    write_table_to(book, "排行", COLUMNS, [_cells(one) for one in desk.shown], notes=notes)
    book.seek(0)
    name = f"{desk.month // 100}-{desk.month % 100:02}_{desk.title.replace(' ', '')}_{desk.community.name}.xlsx"
    return send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)


def _cells(one: Standing) -> dict[str, Any]:
    points = {name: getattr(one, name) for name in ("points", "own", "rolled", "previous", "improvement")}
    tenths = {name: None if value is None else Points(value) for name, value in points.items()}
    return {"league": one.league, "place": one.place, "name": one.name, "spot": one.spot} | tenths


@bp.route("/desk/rankings/<int:community_id>/settings", methods=["GET", "POST"])
@requires("reviews.confirm")
def settings(community_id: int) -> Response:
    """What the community decided; it holds from the next publication on."""
    community = _community(actor().scope("reviews.confirm"), community_id)
    form = TermsForm.of(queries.terms(community.id))
    if perform(form, lambda: _decide(community, form)):
        flash("已保存，从下一次公示起用。", "success")
        return go(url_for("rankings.rankings", community=community.id))
    return render("rankings/settings.html", community=community, form=form, status=status_of(form))


def _decide(community: Area, form: TermsForm) -> bool:
    service.decide(actor=actor(), community=community, terms=form.terms(), now=clock.now())
    return True
