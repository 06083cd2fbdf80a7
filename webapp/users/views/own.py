"""Everybody's own doors: sign in, sign out, choose a password."""

from __future__ import annotations

from flask import Response, current_app, flash, request, session, url_for
from flask_login import current_user, logout_user

from webapp.core import clock, signing
from webapp.core.actor import Actor
from webapp.core.errors import DomainError, Invalid, NotSignedIn
from webapp.extensions import db, reading
from webapp.users import passwords
from webapp.users.forms import ChangePasswordForm, SignInForm
from webapp.users.gate import keep_sign_in, who_is
from webapp.users.models import User
from webapp.users.service import signing_in, staff
from webapp.users.views.blueprint import bp
from webapp.web.access import ANYBODY, SIGNED_IN, actor, keyless, requires
from webapp.web.addresses import local_target
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render


def first_page(who: Actor) -> str:
    """The desk for those who have one, else the phone."""
    if who.may("desk.open") and "oversight.today" in current_app.view_functions:
        return url_for("oversight.today")
    if who.may("records.make") and "inspections.my_day" in current_app.view_functions:
        return url_for("inspections.my_day")
    return url_for("users.change_password")


@bp.route("/sign-in", methods=["GET", "POST"])
@requires(ANYBODY)
@keyless
def sign_in() -> Response:
    form = SignInForm()
    target = local_target(request.values.get("next"))
    if request.method == "GET" and current_user.is_authenticated:
        return go(target or first_page(current_user.actor))
    if not form.validate_on_submit():
        return render("users/sign_in.html", form=form, target=target, message="", status=status_of(form))
    now = clock.now()
    try:
        token = signing_in.sign_in(
            login=str(form.login.data).lower(),
            password=str(form.password.data),
            network=request.remote_addr or "",
            now=now,
            hours=current_app.config["SIGN_IN_HOURS"],
        )
    except DomainError as error:
        if error.keeps_changes:
            db.session.commit()
        else:
            db.session.rollback()
        return render("users/sign_in.html", form=form, target=target, message=error.message, status=error.status)
    return _begin(token, target)


def _begin(token: str, target: str | None) -> Response:
    """A new session for a new sign-in: nothing planted before it lives on."""
    now = clock.now()
    session.clear()
    found = who_is(token, now, request.remote_addr or "")
    if found is None:
        raise NotSignedIn("账号刚刚被停用，没有登录。请联系系统管理员。")
    keep_sign_in(session, token, now)
    if found.must_change:
        return go(url_for("users.change_password"))
    return go(target or first_page(found.actor))


@bp.post("/sign-out")
@requires(SIGNED_IN)
def sign_out() -> Response:
    signing_in.sign_out(actor=actor(), token=current_user.id, now=clock.now())
    logout_user()
    session.clear()
    flash("已退出登录。", "success")
    response = go(url_for("users.sign_in"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.route("/password", methods=["GET", "POST"])
@requires(SIGNED_IN)
@keyless
def change_password() -> Response:
    form = ChangePasswordForm()
    if perform(form, lambda: _choose(form)):
        flash("密码已修改。", "success")
        return go(first_page(actor()))
    return render(
        "users/change_password.html",
        form=form,
        first=current_user.must_change,
        idle=not actor().grants,
        status=status_of(form),
    )


def _choose(form: ChangePasswordForm) -> bool:
    """Slow hashes are worked out before the write transaction begins."""
    now = clock.now()
    subject = f"password:{actor().user_id}"
    with reading():
        passwords.check_tries(now, account=subject)
        user = db.session.get_one(User, actor().user_id)
        present, login = user.password_hash, user.login
        staff.check_password(str(form.password.data), login)
        fits = passwords.matches(present, str(form.present.data))
    passwords.settle(now, fits=fits, account=subject)
    if not fits:
        db.session.commit()
        raise Invalid("现在的密码不对。", field="present")
    if form.password.data == form.present.data:
        raise Invalid("新密码要和现在的不一样。", field="password")
    staff.choose_password(
        user=db.session.get_one(User, actor().user_id),
        present_hash=present,
        password=passwords.slow_hash(str(form.password.data)),
        keep_token=signing.fingerprint(current_user.id),
        actor=actor(),
        now=now,
    )
    return True
