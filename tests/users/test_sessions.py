"""Sign-ins as sessions: cookies, ends, and where one is led afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import make_community, make_user
from tests.personas import make_cast, sign_in
from webapp.core import clock
from webapp.extensions import db
from webapp.users import passwords
from webapp.users.models import SignIn
from webapp.web.addresses import local_target

PASSWORD = "槐树下 的 smith 42"


@pytest.fixture
def user(app):
    found = make_user(post="secretary", login="li.mei", password_hash=passwords.slow_hash(PASSWORD))
    db.session.commit()
    return found


def post(client, **more):
    return client.post("/sign-in", data={"login": "li.mei", "password": PASSWORD}, **more)


def cookie_of(answer):
    return next(value for value in answer.headers.getlist("Set-Cookie") if "shanzhi=" in value)


def test_the_cookie_is_for_the_browser_only_and_for_this_site(user, client):
    cookie = cookie_of(post(client))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_behind_https_the_cookie_never_leaves_it(make_app, database_url):
    app = make_app(database_url, BASE_URL="https://jifen.example")
    with app.app_context():
        make_user(post="secretary", login="li.mei", password_hash=passwords.slow_hash(PASSWORD))
        db.session.commit()
        cookie = cookie_of(post(app.test_client(), base_url="https://jifen.example"))
        db.session.remove()
    assert cookie.startswith("__Host-shanzhi=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_two_idle_hours_end_a_sign_in(user, client):
    begun = clock.now()
    post(client)
    with clock.travel(begun + timedelta(minutes=119)):
        assert client.get("/desk/users").status_code == 200
    with clock.travel(begun + timedelta(minutes=119 + 119)):
        assert client.get("/desk/users").status_code == 200
    with clock.travel(begun + timedelta(minutes=119 + 119 + 121)):
        assert client.get("/desk/users").status_code == 303


def test_an_old_copy_of_the_cookie_grows_idle_although_its_owner_works_on(user, client):
    begun = clock.now()
    post(client)
    thief = client.application.test_client()
    thief.set_cookie("shanzhi", client.get_cookie("shanzhi").value)
    for minutes in (60, 110):
        with clock.travel(begun + timedelta(minutes=minutes)):
            assert client.get("/desk/users").status_code == 200
    with clock.travel(begun + timedelta(minutes=130)):
        assert client.get("/desk/users").status_code == 200
        assert thief.get("/desk/users").status_code == 303


def test_the_cookie_is_not_signed_anew_with_every_page(user, client):
    post(client)
    client.get("/desk/users")  # the first page puts the form token into the session
    assert "Set-Cookie" not in client.get("/desk/users").headers
    with clock.travel(clock.now() + timedelta(minutes=2)):
        assert "shanzhi=" in client.get("/desk/users").headers["Set-Cookie"]


@pytest.mark.parametrize("value", ["", "x", "eyJfdXNlcl9pZCI6IjEifQ.aR8x.forged", "a" * 3000])
def test_a_planted_cookie_opens_nothing(user, client, value):
    client.set_cookie("shanzhi", value)
    assert client.get("/desk/users").status_code == 303


def test_a_token_that_the_server_never_gave_opens_nothing(user, client):
    with client.session_transaction() as session:
        session.update({"_user_id": "planted", "seen": int(clock.now().timestamp())})
    assert client.get("/desk/users").status_code == 303
    answer = post(client)
    with client.session_transaction() as session:
        assert session["_user_id"] != "planted"
    assert answer.status_code == 303


def test_the_database_keeps_no_token_that_could_be_used(user, client):
    post(client)
    with client.session_transaction() as session:
        token = session["_user_id"]
    assert len(token) >= 22
    assert token not in db.session.query(SignIn).one().token_print


def test_an_end_in_the_future_is_not_signed_for_today(user, client):
    """A clock that jumps back does not keep a sign-in for ever."""
    with clock.travel(clock.now() + timedelta(days=2)):
        post(client)
    assert client.get("/desk/users").status_code == 200  # still within its twelve hours
    assert client.get("/desk/users").status_code == 200


PAYLOADS = [
    *("//evil.example", "///evil.example", "////evil.example/x", "https://evil.example", "HTTP://evil.example"),
    *("/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "//\\evil.example"),
    *("http:evil.example", "https:/evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x"),
    *("/a\r\nSet-Cookie: x=1", "/a\nLocation: //evil.example", "/a\rb", "\r\n//evil.example", "/\t/evil.example"),
    *("/\t//evil.example", " //evil.example", " /desk", "/ /evil.example", "/\x00/evil.example", "/\x0b/evil.example"),
    *("evil.example", "desk", "?next=//evil.example", "#x", ".//evil.example", "../desk", "@evil.example"),
    *("//evil.example/%2f..", "//evil%E3%80%82example", "//[::1]", "//user@evil.example"),
    *(
        "vbscript:x",
        "mailto:x@evil.example",
        "ftp://evil.example",
        "/desk\\..\\//evil.example",
        "\u3000//evil.example",
        "",
    ),
]


@pytest.mark.parametrize("target", PAYLOADS)
def test_nobody_is_led_to_another_site(user, client, target):
    answer = client.post("/sign-in", query_string={"next": target}, data={"login": "li.mei", "password": PASSWORD})
    assert answer.status_code == 303
    assert answer.location == "/desk"
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("target", ["/%2f%2fevil.example", "/%5cevil.example", "/desk/users?q=//x", "/q/ABC?a=b#c"])
def test_a_path_of_ours_is_returned_to_as_it_is(target):
    assert local_target(target) == target


def test_nothing_is_a_target_when_there_is_none():
    assert local_target(None) is None


@pytest.mark.parametrize(
    ("persona", "page"),
    [
        ("administrator", "/desk"),
        ("secretary", "/desk"),
        ("clerk", "/desk"),
        ("grid_worker", "/desk"),
        ("inspector", "/phone/"),
    ],
)
def test_each_post_begins_where_it_works(app, client, persona, page):
    sign_in(client, getattr(make_cast(), persona))
    assert client.get("/sign-in").location == page
    assert client.get(page).status_code == 200


def test_a_login_without_a_post_is_told_why_nothing_opens(app, client):
    sign_in(client, make_user(post=None, area=make_community().community))
    assert client.get("/sign-in").location == "/password"
    assert "还没有任命岗位" in client.get("/password").text


def test_a_one_time_password_still_lets_one_sign_out(app, client):
    sign_in(client, make_user(post="clerk", must_change=True))
    assert client.post("/sign-out").location == "/sign-in"
    assert client.get("/desk").location.startswith("/sign-in")


@pytest.mark.parametrize(
    "login", ["\x00", "a\x00b", "\ud800", "ｌｉ．ｍｅｉ" * 9, "'; DROP TABLE user_account --", "🙂", "%"]
)
@pytest.mark.parametrize("password", ["\x00", "p" * 201, "\u202e密码"])
def test_odd_characters_are_refused_in_plain_words(user, client, login, password):
    form = {"login": login.encode("utf-8", "replace").decode(), "password": password}
    answer = client.post("/sign-in", data=form)
    assert answer.status_code == 422
    assert "Traceback" not in answer.text


def test_full_width_letters_of_an_input_method_are_the_same_login(user, client):
    assert client.post("/sign-in", data={"login": "ＬＩ．ｍｅｉ ", "password": PASSWORD}).status_code == 303


def test_signing_in_takes_only_its_own_fields(user, client):
    """Mass assignment: whatever else is sent changes nothing."""
    more = {"active": "0", "must_change": "1", "post": "administrator", "person_id": "1"}
    client.post("/sign-in", data={"login": "li.mei", "password": PASSWORD} | more)
    found = db.session.get(type(user), user.id)
    assert (found.active, found.must_change) == (True, False)


def test_a_tried_name_that_may_be_a_password_is_not_written_down(user, client):
    from webapp.audit.models import AuditLine

    client.post("/sign-in", data={"login": "hunter2secret", "password": "x"})
    line = db.session.query(AuditLine).filter_by(action="user:sign-in-failed").one()
    assert "hunter2" not in line.detail + line.actor_label


def test_a_failed_sign_in_is_shown_to_the_secretary_of_its_owner(app, client):
    cast = make_cast()
    cast.clerk.login = "chen.lx"
    db.session.commit()
    client.post("/sign-in", data={"login": "chen.lx", "password": "wrong"})
    page = sign_in(client, cast.secretary).get("/desk/audit?action=user")
    assert "登录失败</td>" in page.text
    assert "登录名：chen.lx" in page.text
