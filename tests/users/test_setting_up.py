"""A real installation begins with one secret that works once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_user
from webapp.core import clock
from webapp.extensions import db
from webapp.places.models import Area
from webapp.users.models import Appointment, User


def secret(output: str) -> str:
    return re.search(r"password  ([a-z0-9]{12})", output).group(1)


@pytest.fixture
def run(app):
    """Run a command of the installation; what the test has prepared is there."""

    def command(*words):
        db.session.commit()
        return app.test_cli_runner().invoke(args=words)

    return command


@both_databases
def test_a_new_installation_has_a_root_and_one_administrator(app, run):
    answer = run("init", "--county", "善城县")

    assert answer.exit_code == 0, answer.output
    assert len(re.findall(secret(answer.output), answer.output)) == 1
    assert [(area.kind, area.name) for area in db.session.query(Area)] == [("county", "善城县")]
    assert [one.post for one in db.session.query(Appointment)] == ["administrator"]
    user = db.session.query(User).one()
    assert user.must_change
    assert secret(answer.output) not in user.password_hash


def test_its_secret_opens_only_the_page_that_replaces_it(app, run, client):
    password = secret(run("init").output)
    answer = client.post("/sign-in", data={"login": "admin", "password": password})
    assert answer.location == "/password"
    assert client.get("/desk").location == "/password"
    new = "四个 新词 abc 77"
    changed = client.post("/password", data={"present": password, "password": new, "again": new})
    assert changed.location == "/desk"
    assert client.get("/desk/users").status_code == 200
    other = app.test_client()
    assert other.post("/sign-in", data={"login": "admin", "password": password}).status_code == 422


def test_its_secret_is_worth_nothing_after_a_day(run, client):
    password = secret(run("init").output)
    with clock.travel(clock.now() + timedelta(hours=24, minutes=1)):
        assert client.post("/sign-in", data={"login": "admin", "password": password}).status_code == 422


def test_an_installation_with_logins_is_not_begun_again(app, run):
    make_user(login="there")
    answer = run("init")
    assert answer.exit_code == 1
    assert "已经有登录账号" in answer.output
    assert db.session.query(User).count() == 1


def test_an_unfit_login_is_refused_and_nothing_is_made(app, run):
    answer = run("init", "--login", "A B")
    assert answer.exit_code == 1
    assert db.session.query(Area).count() == 0


def test_an_administrator_who_is_locked_out_gets_a_new_secret_at_the_server(app, run, client):
    run("init")
    password = secret(run("reset-password", "admin").output)
    assert client.post("/sign-in", data={"login": "admin", "password": password}).location == "/password"
    assert run("reset-password", "nobody").exit_code == 1
