"""People who serve: the list, the page of one, and their logins."""

from __future__ import annotations

from functools import partial

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import Invalid
from webapp.places import queries as places
from webapp.places.models import Area, Person
from webapp.users import queries
from webapp.users.forms import LoginForm, NewServingForm, SignInIdForm
from webapp.users.models import POSTS, User
from webapp.users.permissions import PERMISSIONS, may_appoint, permissions_of
from webapp.users.service import appointments, staff
from webapp.users.views.blueprint import bp
from webapp.users.views.choices import area_choices, courtyard_numbered, post_choices
from webapp.web.access import actor, requires
from webapp.web.finding import searched
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/users")
@requires("users.view")
def people() -> Response:
    search, post = searched(), request.args.get("post", "")
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
    return _person_page(queries.person_in_scope(person_id, actor().scope("users.view")))


def _person_page(found: Person, *, password: str = "") -> Response:
    """``password``: a one-time password that was just made; this answer is the only place where it is shown."""
    user = queries.logins_of([found.id]).get(found.id)
    return render(
        "users/person.html",
        person=found,
        user=user,
        password=password,
        managed=staff.may_manage(actor(), found, clock.now()),
        may_appoint=partial(may_appoint, actor()),
        appointments=queries.appointments_of([found.id])[found.id],
        sign_ins=queries.open_sign_ins(user.id) if user else [],
        posts=POSTS,
        rights=_rights(found),
        today=clock.today(),
    )


def _rights(found: Person) -> list[str]:
    """What the person may do in the software, by the posts held today."""
    held = {right for post in queries.posts_today(found.id) for right in permissions_of(post)}
    return [words for right, words in PERMISSIONS.items() if right in held]


def _secret_page(found: Person, password: str) -> Response:
    """Made (201); a repeat of the same form is sent to the page without the secret."""
    page = _person_page(found, password=password)
    page.status_code = 201
    page.headers["Location"] = url_for("users.person", person_id=found.id)
    return page


@bp.route("/desk/users/new", methods=["GET", "POST"])
@requires("users.edit")
def add_serving() -> Response:
    form = NewServingForm()
    form.area_id.choices = area_choices()
    form.post.choices = [*options([("", "先不任命")]), *post_choices()]
    made = perform(form, lambda: _add_serving(form))
    if made is None:
        return render("users/serving_form.html", form=form, status=status_of(form))
    found, password = made
    if password:
        return _secret_page(found, password)
    flash("已任命。", "success")
    return go(url_for("users.person", person_id=found.id))


def _add_serving(form: NewServingForm) -> tuple[Person, str]:
    """The person with a post, a login, or both; and the login's one-time password."""
    post, login = form.post.data, form.login.data or ""
    if not post and not login:
        raise Invalid("请选择岗位；只开通账号的，请填登录名。", field="post")
    area = places.area(form.area_id.data, actor().scope("users.edit"))
    found = _person_of(form, area)
    if post:
        _appoint(form, found, area)
    if not login:
        return found, ""
    return found, staff.add_user(person=found, login=login, actor=actor(), now=clock.now())[1]


def _person_of(form: NewServingForm, area: Area) -> Person:
    if form.person.data:
        return queries.person_typed(form.person.data, actor().scope("users.edit"))
    if not form.name.data:
        raise Invalid("请填在册居民，或填新来的工作人员姓名。", field="person")
    return staff.enlist(name=form.name.data, area=area, phone=form.phone.data or "", actor=actor(), now=clock.now())


def _appoint(form: NewServingForm, found: Person, area: Area) -> None:
    appointments.appoint(
        person=found,
        post=form.post.data,
        area=area,
        courtyard=courtyard_numbered(area, form.courtyard_number.data),
        starts_on=clock.today(),
        ends_on=None,
        phone=form.phone.data or "",
        actor=actor(),
        now=clock.now(),
    )


@bp.route("/desk/users/<int:person_id>/login", methods=["GET", "POST"])
@requires("users.edit")
def add_login(person_id: int) -> Response:
    found = queries.person_in_scope(person_id, actor().scope("users.edit"))
    form = LoginForm()
    made = perform(
        form, lambda: staff.add_user(person=found, login=str(form.login.data), actor=actor(), now=clock.now())
    )
    if made is None:
        return render("users/login_form.html", form=form, person=found, status=status_of(form))
    return _secret_page(found, made[1])


def _login_of(person_id: int) -> User:
    found = queries.person_in_scope(person_id, actor().scope("users.edit"))
    user = queries.logins_of([found.id]).get(found.id)
    if user is None:
        raise Invalid("这个人还没有登录账号。请返回，点「开通账号」。")
    return user


@bp.post("/desk/users/<int:person_id>/reset-password")
@requires("users.edit")
def reset_password(person_id: int) -> Response:
    user = _login_of(person_id)
    return _secret_page(user.person, staff.reset_password(user=user, actor=actor(), now=clock.now()))


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
