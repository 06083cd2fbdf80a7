"""Households at the desk."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import Invalid
from webapp.core.text import mask_name, mask_phone
from webapp.places import queries, service
from webapp.places.forms import ChangeHouseholdForm, CloseForm, HouseholdForm, MoveHouseholdForm, ReasonForm
from webapp.places.models import Area, Courtyard, Household
from webapp.places.views.blueprint import area_nodes, asked_area, bp, keep_or, listing, now_is
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/households")
@requires("places.view")
def households() -> Response:
    asked = listing()
    page = paginate(queries.households(asked.scope, asked.wanted))
    residents = queries.resident_counts([household.id for household in page.items])
    return render("places/households.html", "places/_households.html", page=page, asked=asked, residents=residents)


@bp.get("/desk/households/<int:household_id>")
@requires("places.view")
def household(household_id: int) -> Response:
    return _shown(queries.household(household_id, actor().scope("places.view")), ReasonForm())


@bp.post("/desk/households/<int:household_id>/full")
@requires("people.unmask")
def unmask_household(household_id: int) -> Response:
    """Full names and phones, once, in the answer to this form; nothing of them is in any address."""
    found = queries.household(household_id, actor().scope("people.unmask"))
    form = ReasonForm()
    seen = perform(
        form, lambda: service.note_look(actor=actor(), now=clock.now(), holder=found, reason=form.reason.data)
    )
    return _shown(found, form, full=seen is not None)


def _shown(found: Household, form: ReasonForm, *, full: bool = False) -> Response:
    return render(
        "places/household.html",
        household=found,
        people=queries.people_of(found.id),
        stays=queries.household_stays(found.id),
        former=queries.former_residents(found.id),
        form=form,
        full=full,
        status=status_of(form),
    )


@bp.route("/desk/households/new", methods=["GET", "POST"])
@requires("places.edit")
def add_household() -> Response:
    courtyard = _asked_courtyard()
    area = courtyard.area if courtyard else asked_area()
    form = HouseholdForm(area_id=area.id if area else None, courtyard_number=courtyard.number if courtyard else "")
    form.area_id.choose_from(area_nodes(area))
    added = perform(form, lambda: _add(form))
    if added is not None:
        flash(f"已登记户号 {added.number}。", "success")
        return go(url_for("places.household", household_id=added.id))
    return render("places/household_form.html", form=form, courtyard=courtyard, status=status_of(form))


def _asked_courtyard() -> Courtyard | None:
    courtyard_id = request.args.get("courtyard", 0, type=int)
    return queries.courtyard(courtyard_id, actor().scope("places.edit")) if courtyard_id else None


def _add(form: HouseholdForm) -> Household:
    area = queries.area(form.area_id.data, actor().scope("places.edit"))
    return service.add_household(
        actor=actor(),
        now=clock.now(),
        number=form.number.data,
        name=form.name.data,
        courtyard=courtyard_typed(queries.community_of(area), form.courtyard_number.data),
        area=area,
        tenure=form.tenure.data,
        phone=form.phone.data,
        on=form.on.data,
    )


def courtyard_typed(community: Area, number: str) -> Courtyard | None:
    """The courtyard whose number was typed, None if nothing was. :raises Invalid: if there is none in use."""
    if not number:
        return None
    found = queries.courtyard_by_number(community.id, number)
    if found is None:
        raise Invalid(f"{community.name}没有编号为 {number} 的院落，请核对编号。", field="courtyard_number")
    return found


@bp.route("/desk/households/<int:household_id>/edit", methods=["GET", "POST"])
@requires("places.edit")
def change_household(household_id: int) -> Response:
    found = queries.household(household_id, actor().scope("places.edit"))
    form = ChangeHouseholdForm(number=found.number, tenure=found.tenure)
    form.name.description, form.phone.description = now_is(mask_name(found.name)), now_is(mask_phone(found.phone))
    if perform(form, lambda: _change(found, form)):
        flash("已保存。", "success")
        return go(url_for("places.household", household_id=found.id))
    return render("places/household_edit.html", form=form, household=found, status=status_of(form))


def _change(found: Household, form: ChangeHouseholdForm) -> bool:
    service.change_household(
        actor=actor(),
        now=clock.now(),
        household=found,
        number=form.number.data,
        name=keep_or(form.name.data, found.name),
        tenure=form.tenure.data,
        phone=keep_or(form.phone.data, found.phone, clear=form.clear_phone.data),
    )
    return True


@bp.route("/desk/households/<int:household_id>/move", methods=["GET", "POST"])
@requires("places.edit")
def move_household(household_id: int) -> Response:
    """Move a household, or let a closed one live here again."""
    found = queries.household(household_id, actor().scope("places.edit"))
    form = MoveHouseholdForm(tenure=found.tenure, area_id=found.area_id)
    form.area_id.choose_from(area_nodes(found.area))
    if perform(form, lambda: _move(found, form)):
        flash("已办好，居民也跟着走，积分台账不变。", "success")
        return go(url_for("places.household", household_id=found.id))
    nearby = queries.courtyards_of(found.community_id)
    return render("places/household_move.html", form=form, household=found, courtyards=nearby, status=status_of(form))


def _move(found: Household, form: MoveHouseholdForm) -> bool:
    area = queries.area(form.area_id.data, actor().scope("places.edit"))
    courtyard = courtyard_typed(found.community, form.courtyard_number.data)
    verb = service.move_household if found.active else service.reopen_household
    verb(
        actor=actor(),
        now=clock.now(),
        household=found,
        courtyard=courtyard,
        area=area,
        tenure=form.tenure.data,
        on=form.on.data,
    )
    return True


@bp.route("/desk/households/<int:household_id>/close", methods=["GET", "POST"])
@requires("places.edit")
def close_household(household_id: int) -> Response:
    found = queries.household(household_id, actor().scope("places.edit"))
    form = CloseForm()
    if perform(form, lambda: _close(found, form)):
        flash(f"户号 {found.number} 已注销，积分台账保留。", "success")
        return go(url_for("places.household", household_id=found.id))
    return render("places/household_close.html", form=form, household=found, status=status_of(form))


def _close(found: Household, form: CloseForm) -> bool:
    service.close_household(actor=actor(), now=clock.now(), household=found, on=form.on.data)
    return True
