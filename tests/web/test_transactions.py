"""A request's way: one transaction, committed at its end or not at all; a GET cannot write; a form counts once."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Response, make_response
from sqlalchemy import text

from tests import personas
from tests.conftest import administer, both_databases
from tests.factories import make_community, make_scheme, make_station, make_user
from tests.personas import sign_in
from webapp import extensions
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Conflict, DomainError
from webapp.extensions import db, reading, start_reading
from webapp.schemes.models import Scheme
from webapp.users.service import devices
from webapp.web.access import ANYBODY, in_turn, requires
from webapp.web.htmx import go
from webapp.web.models import SentForm


@pytest.fixture
def scheme(app) -> Scheme:
    made = make_scheme(area=make_community().community)
    made.name = "原来的名称"
    return made


@pytest.fixture
def view(app, scheme) -> Callable[..., str]:
    """Put a view at /try that renames the scheme and then does what the test wants."""
    ident = scheme.id

    def add(then: Callable[[], Response], *methods: str) -> str:
        @requires(ANYBODY)
        def rename() -> Response:
            db.session.get_one(Scheme, ident).name = "改过的名称"
            db.session.flush()
            return then()

        app.add_url_rule("/try", "try", rename, methods=methods or ("POST",))
        return "/try"

    return add


def name_of(scheme: Scheme) -> str:
    db.session.rollback()
    return str(db.session.scalar(db.select(Scheme.name).where(Scheme.id == scheme.id)))


def fail(error: Exception) -> Response:
    raise error


@both_databases
def test_a_form_that_succeeds_is_kept(client, view, scheme):
    assert client.post(view(lambda: go("/")), data={}).status_code == 303
    assert name_of(scheme) == "改过的名称"


@both_databases
@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
def test_an_answer_that_refuses_keeps_nothing(client, view, scheme, status):
    assert client.post(view(lambda: make_response("不行", status)), data={}).status_code == status
    assert name_of(scheme) == "原来的名称"


@both_databases
@pytest.mark.parametrize(
    ("error", "status"), [(Conflict("撞上了"), 409), (ZeroDivisionError(), 500)], ids=["refusal", "bug"]
)
def test_an_error_keeps_nothing_and_says_so_in_chinese(client, view, scheme, error, status):
    answer = client.post(view(lambda: fail(error)), data={})
    assert answer.status_code == status
    assert ("撞上了" if status == 409 else "刚才的操作没有保存") in answer.text
    assert name_of(scheme) == "原来的名称"


@both_databases
def test_a_refusal_that_must_be_remembered_is(client, view, scheme):
    class Counted(DomainError):
        status, keeps_changes = 403, True

    assert client.post(view(lambda: fail(Counted("密码不对"))), data={}).status_code == 403
    assert name_of(scheme) == "改过的名称"


@both_databases
def test_the_database_itself_refuses_to_write_for_a_get(client, view, scheme):
    answer = client.get(view(lambda: make_response("写了"), "GET"))
    assert answer.status_code in (500, 503)
    assert "刚才的操作没有保存" in answer.text
    assert name_of(scheme) == "原来的名称"


@both_databases
def test_the_same_form_twice_counts_once_and_leads_to_the_same_place(app, client):
    counted: list[int] = []

    @requires(ANYBODY)
    def count() -> Response:
        counted.append(1)
        return go(f"/place/{len(counted)}")

    app.add_url_rule("/count", "count", count, methods=["POST"])
    first = client.post("/count", data={"_once": "k" * 22, "amount": "5"})
    again = client.post("/count", data={"_once": "k" * 22, "amount": "5"})
    other = client.post("/count", data={"_once": "k" * 22, "amount": "6"})
    assert (first.location, again.location, len(counted)) == ("/place/1", "/place/1", 1)
    assert other.status_code == 409


@both_databases
def test_htmx_is_led_by_a_header_and_a_repeat_likewise(app, client):
    app.add_url_rule("/lead", "lead", requires(ANYBODY)(lambda: go("/there")), methods=["POST"])
    for _ in range(2):
        answer = client.post("/lead", data={"_once": "h" * 22}, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/there")


@both_databases
def test_slow_work_before_the_writers_turn_may_not_throw_away_what_was_written(app, scheme):
    db.session.commit()
    with reading():
        assert db.session.get_one(Scheme, scheme.id).name == "原来的名称"
    db.session.add(Scheme(name="x"))
    with pytest.raises(RuntimeError, match="throw away"), reading():
        pass
    db.session.rollback()


@pytest.fixture
def turn_view(app, client) -> Callable[[Callable[[], Response]], str]:
    """Put a view at /turn whose forms have their turn from the first look on."""

    def add(then: Callable[[], Response]) -> str:
        view = in_turn(requires(ANYBODY)(lambda: then()))
        app.add_url_rule("/turn", "turn", view, methods=["POST"])
        return "/turn"

    return add


def turn_is_free() -> bool:
    try:
        extensions._gates[db.engine].acquire(0)
    except extensions.WriterBusy:
        return False
    extensions._gates[db.engine].release()
    return True


@pytest.mark.parametrize("ends", [lambda: go("/"), lambda: fail(Conflict("撞上了")), lambda: fail(ZeroDivisionError())])
def test_a_form_that_has_its_turn_keeps_it_to_its_end_and_gives_it_back(client, turn_view, ends):
    seen: list[bool] = []

    def act() -> Response:
        db.session.execute(text("SELECT 1"))
        seen.append(turn_is_free())
        return ends()

    client.post(turn_view(act), data={})
    assert seen == [False]
    assert turn_is_free()


def test_slow_work_gives_the_turn_back_and_writing_queues_again(client, turn_view, scheme):
    db.session.commit()
    ident, seen = scheme.id, []

    def act() -> Response:
        with reading():
            seen.append(turn_is_free())
        db.session.get_one(Scheme, ident).name = "改过的名称"
        db.session.flush()
        seen.append(turn_is_free())
        return go("/")

    assert client.post(turn_view(act), data={}).status_code == 303
    assert seen == [True, False]
    assert turn_is_free()
    assert name_of(scheme) == "改过的名称"


def test_a_turn_that_does_not_come_is_said_in_plain_words(client, turn_view, monkeypatch):
    monkeypatch.setattr(extensions, "WRITER_PATIENCE", 0.01)
    address = turn_view(lambda: go("/"))
    db.session.rollback()
    extensions._gates[db.engine].acquire(1)
    try:
        answer = client.post(address, data={})
    finally:
        extensions._gates[db.engine].release()
    assert answer.status_code == 503
    assert "没有保存" in answer.text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_postgresql_has_prepared_for_a_page_is_kept_for_the_next(app, client):
    user = make_user(post="secretary", area=make_community().community)
    db.session.commit()
    personas.sign_in(client, user)
    for _ in range(8):  # the driver prepares what it has sent five times
        assert client.get("/desk/households").status_code == 200

    start_reading()
    kept = db.session.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one()

    assert kept >= 3


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("idle", "answers"), [(0.0, [200, 200]), (60.0, [503, 200])], ids=["was_idle", "was_busy"])
def test_a_cut_connection_to_postgresql_costs_one_page_at_most(app, client, cluster, monkeypatch, idle, answers):
    monkeypatch.setattr(extensions, "IDLE", idle)
    user = make_user(post="secretary", area=make_community().community)
    db.session.commit()
    personas.sign_in(client, user)
    assert client.get("/desk/households").status_code == 200
    db.session.remove()
    name = db.engine.url.database
    administer(cluster, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert [client.get("/desk/households").status_code for _ in answers] == answers


KEYLESS = {
    "/sign-in": {"login": "x", "password": "y"},
    "/home/sign-in": {"number": "1", "pin": "123456"},
    "/password": {"present": "a wrong one", "password": "a-long-new-one-2026", "again": "a-long-new-one-2026"},
    "/desk/import": {"register": "households"},
    "/kiosk/number/pin": {"number": "1", "pin": "123456"},
}


@pytest.mark.parametrize("path", KEYLESS)
def test_a_key_sent_along_with_a_form_that_carries_none_is_not_read(app, client, path):
    """These forms look something up before they write, and a key is written first."""
    tree = make_community()
    sign_in(client, make_user(post="secretary", area=tree.community))
    _, pairing = devices.add_device(station=make_station(area=tree.community), name="1 号", paper="80", printer="", actor=SYSTEM, now=clock.now())  # fmt: skip
    client.post(f"/kiosk/pair/{pairing}")
    file = {"file": (io.BytesIO("户号,户主\n1,王芳".encode()), "a.csv"), "area_id": tree.community.id}
    form = KEYLESS[path] | (file if path == "/desk/import" else {})

    answer = client.post(path, data=form | {"_once": "k" * 22})

    assert answer.status_code in (303, 403, 422)
    assert db.session.query(SentForm).count() == 0
