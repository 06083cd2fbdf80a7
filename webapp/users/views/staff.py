"""People who serve: their logins and appointments."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import Invalid
from webapp.core.text import normalise
from webapp.places import queries as places
from webapp.places import service as place_service
from webapp.places.models import Area, Courtyard, Person
from webapp.users import queries
from webapp.users.forms import AppointmentForm, EndForm, NewUserForm, SignInIdForm
from webapp.users.models import POSTS, User
from webapp.users.permissions import PERMISSIONS, permissions_of
from webapp.users.service import appointments, staff
from webapp.users.views.blueprint import bp
from webapp.web.access import actor, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/users")
@requires("users.view")
def people() -> Response:
    search, post = normalise(request.args.get("q", "")[:60]), request.args.get("post", "")
    post = post if post in POSTS else ""
    page = paginate(queries.people_statement(actor().scope("users.view"), search=search, post=post))
    ids = [person.id for person in page.items]
    return render(
        "users/people.html",
        "users/_people.html",
        page=page,
        search=search,
        post=post,
        posts=POSTS,
        appointments=queries.appointments_of(ids),
        logins=queries.logins_of(ids),
    )


@bp.get("/desk/users/<int:person_id>")
@requires("users.view")
def person(person_id: int) -> Response:
    return _person_page(queries.person_in_scope(person_id, actor().scope("users.view")), "")


def _person_page(found: Person, password: str) -> Response:
    """``password``: a one-time password that was just made, shown this once."""
    user = queries.logins_of([found.id]).get(found.id)
    return render(
        "users/person.html",
        person=found,
        user=user,
        password=password,
        appointments=queries.appointments_of([found.id])[found.id],
        sign_ins=queries.open_sign_ins(user.id) if user else [],
        posts=POSTS,
        rights={post: [PERMISSIONS[right] for right in PERMISSIONS if right in permissions_of(post)] for post in POSTS},
        today=clock.today(),
    )


@bp.route("/desk/users/new", methods=["GET", "POST"])
@requires("users.edit")
def add_user() -> Response:
    form = NewUserForm()
    form.area_id.choices = _areas()
    made = perform(form, lambda: _add_user(form))
    if made is None:
        return render("users/user_form.html", form=form, status=status_of(form))
    user, password = made
    return _person_page(user.person, password)


def _areas() -> list[tuple[int, str]]:
    nodes = places.area_options(actor().scope("users.edit"))
    return options((node.area.id, "　" * node.depth + node.area.name) for node in nodes)


def _add_user(form: NewUserForm) -> tuple[User, str]:
    area = places.area(form.area_id.data, actor().scope("users.edit"))
    found = _person_of(form, area)
    made = staff.add_user(person=found, login=str(form.login.data), actor=actor(), now=clock.now())
    if form.post.data:
        appointments.appoint(
            person=found,
            post=form.post.data,
            area=area,
            courtyard=None,
            starts_on=clock.today(),
            ends_on=None,
            actor=actor(),
            now=clock.now(),
        )
    return made


def _person_of(form: NewUserForm, area: Area) -> Person:
    if form.person_number.data:
        found = places.holder_by_number(places.community_of(area).id, "person", form.person_number.data)
        if not isinstance(found, Person):
            raise Invalid("没有这个编号的居民。", field="person_number")
        return found
    if not form.name.data:
        raise Invalid("请填写姓名，或填已有居民的编号。", field="name")
    return place_service.add_person(
        actor=actor(), now=clock.now(), name=form.name.data, area=area, phone=form.phone.data or "", staff=True
    )


def _login_of(person_id: int) -> User:
    found = queries.person_in_scope(person_id, actor().scope("users.edit"))
    user = queries.logins_of([found.id]).get(found.id)
    if user is None:
        raise Invalid("这个人还没有登录账号。")
    return user


@bp.post("/desk/users/<int:person_id>/reset-password")
@requires("users.edit")
def reset_password(person_id: int) -> Response:
    user = _login_of(person_id)
    password = staff.reset_password(user=user, actor=actor(), now=clock.now())
    return _person_page(user.person, password)


@bp.post("/desk/users/<int:person_id>/active")
@requires("users.edit")
def set_active(person_id: int) -> Response:
    user, active = _login_of(person_id), request.form.get("active") == "1"
    staff.set_active(user=user, active=active, actor=actor(), now=clock.now())
    flash("账号已启用。" if active else "账号已停用，已登录的设备都已退出。", "success")
    return go(url_for("users.person", person_id=person_id))


@bp.post("/desk/users/<int:person_id>/end-sign-in")
@requires("users.edit")
def end_sign_in(person_id: int) -> Response:
    form = SignInIdForm()
    user = _login_of(person_id)
    if perform(form, lambda: _end_sign_in(user, form)):
        flash("已让那台设备退出登录。", "success")
    return go(url_for("users.person", person_id=person_id))


def _end_sign_in(user: User, form: SignInIdForm) -> bool:
    staff.end_sign_in(user=user, sign_in_id=form.sign_in_id.data, actor=actor(), now=clock.now())
    return True


@bp.route("/desk/users/<int:person_id>/appoint", methods=["GET", "POST"])
@requires("users.edit")
def appoint(person_id: int) -> Response:
    found = queries.person_in_scope(person_id, actor().scope("users.edit"))
    form = AppointmentForm()
    form.area_id.choices = _areas()
    if perform(form, lambda: _appoint(found, form)):
        flash("已任命。", "success")
        return go(url_for("users.person", person_id=person_id))
    return render("users/appointment_form.html", form=form, person=found, status=status_of(form))


def _appoint(found: Person, form: AppointmentForm) -> bool:
    area = places.area(form.area_id.data, actor().scope("users.edit"))
    appointments.appoint(
        person=found,
        post=form.post.data,
        area=area,
        courtyard=_courtyard(area, form.courtyard_number.data),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        actor=actor(),
        now=clock.now(),
    )
    return True


def _courtyard(area: Area, number: str | None) -> Courtyard | None:
    """:raises Invalid: if the community has no such courtyard."""
    if not number:
        return None
    found = places.courtyard_by_number(places.community_of(area).id, number)
    if found is None:
        raise Invalid("这个社区没有这个编号的院落。", field="courtyard_number")
    return found


@bp.route("/desk/appointments/<int:appointment_id>/end", methods=["GET", "POST"])
@requires("users.edit")
def end_appointment(appointment_id: int) -> Response:
    found = queries.appointment_in_scope(appointment_id, actor().scope("users.edit"))
    form = EndForm()
    if perform(form, lambda: _end(appointment_id, form)):
        flash("已登记任职结束。", "success")
        return go(url_for("users.person", person_id=found.person_id))
    return render("users/end_form.html", form=form, appointment=found, posts=POSTS, status=status_of(form))


def _end(appointment_id: int, form: EndForm) -> bool:
    found = queries.appointment_in_scope(appointment_id, actor().scope("users.edit"))
    appointments.end(appointment=found, last_day=form.last_day.data, actor=actor(), now=clock.now())
    return True
