"""People at the desk: residents, and who serves here."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import Invalid
from webapp.core.text import mask_name, mask_phone
from webapp.places import queries, service
from webapp.places.forms import ChangePersonForm, CloseForm, KinForm, MoveInForm, PersonForm, ReasonForm
from webapp.places.models import Area, Household, Person
from webapp.places.views.blueprint import area_nodes, asked_area, bp, keep_or, listing, now_is
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/people")
@requires("places.view")
def people() -> Response:
    asked = listing()
    page = paginate(queries.people(asked.scope, asked.wanted))
    return render("places/people.html", "places/_people.html", page=page, asked=asked)


@bp.get("/desk/people/<int:person_id>")
@requires("places.view")
def person(person_id: int) -> Response:
    return _shown(queries.person(person_id, actor().scope("places.view")), ReasonForm())


@bp.post("/desk/people/<int:person_id>/full")
@requires("people.unmask")
def unmask_person(person_id: int) -> Response:
    """Full name and phone, once, in the answer to this form."""
    found = queries.person(person_id, actor().scope("people.unmask"))
    form = ReasonForm()
    seen = perform(
        form, lambda: service.note_look(actor=actor(), now=clock.now(), holder=found, reason=form.reason.data)
    )
    return _shown(found, form, full=seen is not None)


def _shown(found: Person, form: ReasonForm, *, full: bool = False) -> Response:
    return render(
        "places/person.html",
        person=found,
        stays=queries.stays_of(found.id),
        kin=queries.kin_of(found.id),
        form=form,
        full=full,
        status=status_of(form),
    )


@bp.route("/desk/people/new", methods=["GET", "POST"])
@requires("places.edit")
def add_person() -> Response:
    household = _asked_household()
    area = household.area if household else asked_area()
    form = PersonForm(area_id=area.id if area else None, household_number=household.number if household else "")
    form.area_id.choose_from(area_nodes(area))
    added = perform(form, lambda: _add(form))
    if added is not None:
        flash(f"已登记，居民编号 {added.number}。", "success")
        if added.household_id:
            return go(url_for("places.household", household_id=added.household_id))
        return go(url_for("places.person", person_id=added.id))
    return render("places/person_form.html", form=form, household=household, status=status_of(form))


def _asked_household() -> Household | None:
    household_id = request.args.get("household", 0, type=int)
    return queries.household(household_id, actor().scope("places.edit")) if household_id else None


def _add(form: PersonForm) -> Person:
    area = queries.area(form.area_id.data, actor().scope("places.edit"))
    return service.add_person(
        actor=actor(),
        now=clock.now(),
        household=household_typed(queries.community_of(area), form.household_number.data),
        area=area,
        relation=form.relation.data,
        on=form.on.data,
        name=form.name.data,
        phone=form.phone.data,
        **_facts(form),
    )


def _facts(form: PersonForm | ChangePersonForm) -> dict[str, Any]:
    return {
        "identity": form.identity.data,
        "secret": current_app.config["SECRET_KEY"],
        "party_member": form.party_member.data,
        "volunteer": form.volunteer.data,
        "staff": form.staff.data,
    }


def household_typed(community: Area, number: str) -> Household | None:
    """The household whose number was typed, None if nothing was. :raises Invalid: if there is none in use."""
    if not number:
        return None
    found = queries.household_by_number(community.id, number)
    if found is None:
        raise Invalid(f"{community.name}没有户号 {number}，请核对户号。", field="household_number")
    return found


@bp.route("/desk/people/<int:person_id>/edit", methods=["GET", "POST"])
@requires("places.edit")
def change_person(person_id: int) -> Response:
    found = queries.person(person_id, actor().scope("places.edit"))
    form = ChangePersonForm(party_member=found.party_member, volunteer=found.volunteer, staff=found.staff)
    form.name.description, form.phone.description = now_is(mask_name(found.name)), now_is(mask_phone(found.phone))
    if perform(form, lambda: _change(found, form)):
        flash("已保存。", "success")
        return go(url_for("places.person", person_id=found.id))
    return render("places/person_edit.html", form=form, person=found, status=status_of(form))


def _change(found: Person, form: ChangePersonForm) -> bool:
    service.change_person(
        actor=actor(),
        now=clock.now(),
        person=found,
        name=keep_or(form.name.data, found.name),
        phone=keep_or(form.phone.data, found.phone, clear=form.clear_phone.data),
        **_facts(form),
    )
    return True


@bp.route("/desk/people/<int:person_id>/move-in", methods=["GET", "POST"])
@requires("places.edit")
def move_in(person_id: int) -> Response:
    found = queries.person(person_id, actor().scope("places.edit"))
    form = MoveInForm()
    if perform(form, lambda: _move_in(found, form)):
        flash("已迁入。", "success")
        return go(url_for("places.person", person_id=found.id))
    return render("places/person_move_in.html", form=form, person=found, status=status_of(form))


def _move_in(found: Person, form: MoveInForm) -> bool:
    household = household_typed(queries.community_of(found.area), form.household_number.data)
    if household is None:
        raise Invalid("请填写户号。", field="household_number")
    service.move_in(
        actor=actor(),
        now=clock.now(),
        person=found,
        household=household,
        relation=form.relation.data,
        on=form.on.data,
    )
    return True


@bp.route("/desk/people/<int:person_id>/move-out", methods=["GET", "POST"])
@requires("places.edit")
def move_out(person_id: int) -> Response:
    found = queries.person(person_id, actor().scope("places.edit"))
    form = CloseForm()
    if perform(form, lambda: _move_out(found, form)):
        flash("已迁出，积分台账保留。", "success")
        return go(url_for("places.person", person_id=found.id))
    return render("places/person_move_out.html", form=form, person=found, status=status_of(form))


def _move_out(found: Person, form: CloseForm) -> bool:
    service.move_out(actor=actor(), now=clock.now(), person=found, on=form.on.data)
    return True


@bp.route("/desk/people/<int:person_id>/kin", methods=["GET", "POST"])
@requires("places.edit")
def declare_kin(person_id: int) -> Response:
    """回避: a relative's household is declared."""
    found = queries.person(person_id, actor().scope("places.edit"))
    form = KinForm()
    if perform(form, lambda: _declare(found, form)):
        flash("已申报，这一户的记分和审核都会回避。", "success")
        return go(url_for("places.person", person_id=found.id))
    return render("places/person_kin.html", form=form, person=found, status=status_of(form))


def _declare(found: Person, form: KinForm) -> bool:
    household = household_typed(queries.community_of(found.area), form.household_number.data)
    if household is None:
        raise Invalid("请填写户号。", field="household_number")
    service.declare_kin(
        actor=actor(), now=clock.now(), person=found, household=household, relation=form.relation.data or ""
    )
    return True


@bp.post("/desk/people/<int:person_id>/kin/<int:household_id>/end")
@requires("places.edit")
def end_kin(person_id: int, household_id: int) -> Response:
    found = queries.person(person_id, actor().scope("places.edit"))
    service.end_kin(actor=actor(), now=clock.now(), person=found, household_id=household_id)
    flash("已取消这一户的亲属申报。", "success")
    return go(url_for("places.person", person_id=found.id))
