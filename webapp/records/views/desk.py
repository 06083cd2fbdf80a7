"""Records at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Response, request

from webapp.ledger.book import Cause, EntryLine
from webapp.ledger.queries import entry_of_cause, find_account, reversal_of
from webapp.places.models import HOLDER_KINDS, Area
from webapp.places.queries import AreaNode, area_options
from webapp.places.views.blueprint import area_wanted, holder_page
from webapp.records import queries
from webapp.records.models import COMING, SOURCES, STATES, Record
from webapp.records.queries import desk
from webapp.records.queries.desk import Filter
from webapp.records.views.blueprint import bp
from webapp.schemes.models import Category, Scheme
from webapp.schemes.queries import rule_version, schemes_in
from webapp.web.access import actor, requires
from webapp.web.finding import searched
from webapp.web.htmx import render
from webapp.web.paging import paginate

# The list -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """The filter of the list as it was asked for, and what can be chosen."""

    wanted: Filter
    area: Area | None
    options: list[AreaNode]
    groups: list[tuple[Scheme, list[Category]]]

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out: then an empty list means that nothing was found."""
        return self.wanted != Filter()

    @property
    def crossed(self) -> bool:
        """Whether the first day lies after the last."""
        first, last = self.wanted.first, self.wanted.last
        return first is not None and last is not None and first > last


def _listing(scope: tuple[str, ...]) -> Listing:
    """The filter in the address. :raises NotFound: for an area outside the scope."""
    asked, area = request.args, area_wanted(scope)
    wanted = Filter(
        first=asked.get("first", type=date.fromisoformat),
        last=asked.get("last", type=date.fromisoformat),
        area=area.path if area else "",
        category_id=asked.get("category", type=int),
        state=asked.get("state", "") if asked.get("state", "") in STATES else "",
        text=searched(),
        recorder=searched("by"),
    )
    return Listing(wanted, area, area_options(scope, chosen=area), desk.categories_of(schemes_in(scope)))


@bp.get("/desk/records")
@requires("records.view")
def list_records() -> Response:
    scope = actor().scope("records.view")
    asked = _listing(scope)
    page = paginate(desk.listed(scope, asked.wanted))
    ids = [row.Record.id for row in page.items]
    return render(
        "records/records.html",
        "records/_records.html",
        page=page,
        asked=asked,
        states=STATES,
        coming=COMING,
        kinds=HOLDER_KINDS,
        shown_name=queries.shown_name,
        proved=queries.with_photos(ids),
        twice=desk.sharing_photos(ids),
    )


# One record -----------------------------------------------------------------------------------------------------------


@bp.get("/desk/records/<int:record_id>")
@requires("records.view")
def record(record_id: int) -> Response:
    scope = actor().scope("records.view")
    found = desk.record_in_scope(record_id, scope)
    whom = queries.target(found.holder_id)
    line, undone = _in_the_book(found)
    return render(
        "records/record.html",
        record=found,
        whom=whom,
        holder_page=holder_page(whom.kind, whom.id),
        kinds=HOLDER_KINDS,
        states=STATES,
        coming=COMING,
        steps=queries.steps_of(found.id),
        sources=SOURCES,
        rule=rule_version(found.rule_version_id),
        photos=queries.photos_of(found.id),
        same_photos=_visible(queries.records_with_same_photos(found.id), scope),
        line=line,
        undone=undone,
    )


def _in_the_book(found: Record) -> tuple[EntryLine | None, EntryLine | None]:
    """The line that a record made, and the one that took it back."""
    account = find_account(found.holder_id, found.scheme_id)
    line = entry_of_cause(Cause("record", found.id), account.id) if account else None
    return line, reversal_of(line.account_id, line.seq) if line else None


def _visible(record_ids: list[int], scope: tuple[str, ...]) -> list[tuple[int, bool]]:
    """Each record with whether the one who looks may open it."""
    mine = desk.ids_in_scope(record_ids, scope)
    return [(record_id, record_id in mine) for record_id in record_ids]
