"""Signing in and out, and what guesses get."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import make_community, make_user
from tests.personas import sign_in
from webapp.core import clock
from webapp.extensions import db
from webapp.users import passwords
from webapp.web.addresses import local_target

PASSWORD = "槐树下 的 smith 42"


@pytest.fixture
def user(app):
    found = make_user(post="secretary", login="li.mei", password_hash=passwords.slow_hash(PASSWORD))
    db.session.commit()
    return found


def post(client, login="li.mei", password=PASSWORD, **more):
    return client.post("/sign-in", data={"login": login, "password": password}, **more)


def test_the_right_password_opens_the_desk(user, client):
    answer = post(client)

    assert answer.status_code == 303
    assert client.get("/desk/users").status_code == 200


@pytest.mark.parametrize("login", ["li.mei", "nobody"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_words(user, client, login):
    answer = post(client, login=login, password="not this one")

    assert answer.status_code == 422
    assert "登录名或密码不对" in answer.text
    assert f'value="{login}"' in answer.text


def test_the_sixth_guess_is_not_looked_at(user, client):
    for _ in range(5):
        assert post(client, password="wrong").status_code == 422
    answer = post(client)

    assert answer.status_code == 429
    assert "分钟后再试" in answer.text


def test_guesses_are_forgotten_after_a_while(user, client):
    for _ in range(5):
        post(client, password="wrong")
    with clock.travel(clock.now() + timedelta(minutes=16)):
        assert post(client).status_code == 303


def test_a_disabled_login_signs_nobody_in(user, client):
    user.active = False
    db.session.commit()
    assert post(client).status_code == 422


def test_disabling_a_user_closes_what_is_open_at_the_next_request(user, client):
    post(client)
    db.session.get(type(user), user.id).active = False
    db.session.commit()
    assert client.get("/desk/users").status_code == 303


def test_signing_out_ends_the_sign_in_on_the_server(user, client):
    post(client)
    with client.session_transaction() as session:
        old = dict(session)
    client.post("/sign-out")
    with client.session_transaction() as session:
        session.update(old)  # somebody kept a copy of the cookie

    answer = client.get("/desk/users")
    assert answer.status_code == 303
    assert "/sign-in" in answer.location


def test_a_sign_in_ends_after_twelve_hours_however_busy(user, client):
    post(client)
    with clock.travel(clock.now() + timedelta(hours=12, minutes=1)):
        assert client.get("/desk/users").status_code == 303


def test_a_planted_session_is_not_carried_into_the_sign_in(user, client):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    post(client)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_a_one_time_password_opens_only_the_page_that_changes_it(app, client):
    user = make_user(post="secretary", must_change=True)
    sign_in(client, user)

    answer = client.get("/desk/users")
    assert answer.status_code == 303
    assert answer.location.endswith("/password")


def test_a_one_time_password_expires(user, client):
    user.password_expires_at = clock.now() - timedelta(seconds=1)
    db.session.commit()
    assert post(client).status_code == 422


def test_choosing_a_password_needs_the_present_one(user, client):
    post(client)
    given = {"present": "wrong", "password": "四个 新词 abc 77", "again": "四个 新词 abc 77"}
    answer = client.post("/password", data=given)
    assert answer.status_code == 422
    assert "现在的密码不对" in answer.text

    assert client.post("/password", data=given | {"present": PASSWORD}).status_code == 303
    assert post(app_client(client), password="四个 新词 abc 77").status_code == 303


def app_client(client):
    return client.application.test_client()


def test_changing_the_password_signs_other_browsers_out(user, client):
    other = app_client(client)
    post(client)
    post(other)
    new = "四个 新词 abc 77"
    client.post("/password", data={"present": PASSWORD, "password": new, "again": new})

    assert other.get("/desk/users").status_code == 303
    assert client.get("/desk/users").status_code == 200


@pytest.mark.parametrize(
    ("password", "words"),
    [("short", "至少 10 位"), ("1234567890", "太常见"), ("xxli.meixx9", "不要包含登录名"), ("aaaaaaaaaaaa", "太常见")],
)
def test_weak_passwords_are_refused_with_the_reason(user, client, password, words):
    post(client)
    answer = client.post("/password", data={"present": PASSWORD, "password": password, "again": password})
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/a\nb",
        "javascript:alert(1)",
        "\\\\x",
        "/ x",
        "",
        None,
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(target):
    assert local_target(target) is None


def test_a_page_of_ours_is_returned_to(user, client):
    answer = client.get("/desk/users?post=clerk")
    assert answer.location == "/sign-in?next=/desk/users?post%3Dclerk"
    back = client.post(answer.location, data={"login": "li.mei", "password": PASSWORD})
    assert back.location == "/desk/users?post=clerk"


def test_pages_need_a_sign_in_and_forms_say_so(app, client):
    assert client.get("/desk/audit").status_code == 303
    assert client.post("/desk/devices/1/revoke").status_code == 401


def test_a_clerk_does_not_open_the_audit_log(app, client):
    sign_in(client, make_user(post="clerk", area=make_community().community))
    answer = client.get("/desk/audit")
    assert answer.status_code == 403
    assert "您的岗位" in answer.text
