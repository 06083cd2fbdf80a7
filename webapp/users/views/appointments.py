"""Giving a post to somebody, and ending it."""

from __future__ import annotations

from flask import Response, flash, url_for

from webapp.core import clock
from webapp.places import queries as places
from webapp.places.models import Person
from webapp.users import queries
from webapp.users.forms import AppointmentForm, EndForm
from webapp.users.models import POSTS, Appointment
from webapp.users.service import appointments as service
from webapp.users.views.blueprint import bp
from webapp.users.views.choices import area_choices, courtyard_numbered, post_choices
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render


@bp.route("/desk/users/<int:person_id>/appoint", methods=["GET", "POST"])
@requires("users.edit")
def appoint(person_id: int) -> Response:
    found = queries.person_in_scope(person_id, actor().scope("users.edit"))
    form = AppointmentForm()
    form.area_id.choices, form.post.choices = area_choices(found.area), post_choices()
    if perform(form, lambda: _appoint(found, form)):
        flash("已任命。", "success")
        return go(url_for("users.person", person_id=person_id))
    return render("users/appointment_form.html", form=form, person=found, status=status_of(form))


def _appoint(found: Person, form: AppointmentForm) -> Appointment:
    area = places.area(form.area_id.data, actor().scope("users.edit"))
    return service.appoint(
        person=found,
        post=form.post.data,
        area=area,
        courtyard=courtyard_numbered(area, form.courtyard_number.data),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        phone=form.phone.data or "",
        actor=actor(),
        now=clock.now(),
    )


@bp.route("/desk/appointments/<int:appointment_id>/end", methods=["GET", "POST"])
@requires("users.edit")
def end_appointment(appointment_id: int) -> Response:
    found = queries.appointment_in_scope(appointment_id, actor().scope("users.edit"))
    form = EndForm()
    if perform(form, lambda: _end(found, form)):
        flash("已登记任职结束。", "success")
        return go(url_for("users.person", person_id=found.person_id))
    return render("users/end_form.html", form=form, appointment=found, posts=POSTS, status=status_of(form))


def _end(found: Appointment, form: EndForm) -> bool:
    service.end(appointment=found, last_day=form.last_day.data, actor=actor(), now=clock.now())
    return True
