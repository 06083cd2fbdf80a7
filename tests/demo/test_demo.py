"""The demonstration: what it promises in demo.json holds, its quarter is full, and a second load is the same town."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask_migrate import upgrade

from tests.conftest import Browser, settings
from webapp import create_app
from webapp.core import clock
from webapp.core.errors import Conflict
from webapp.core.photo_store import PhotoStore
from webapp.demo import commands
from webapp.demo.building import Builder
from webapp.demo.event import Event
from webapp.demo.history import History
from webapp.demo.towns import TOWNS
from webapp.extensions import db, start_writing
from webapp.honours.models import Honour
from webapp.ledger.verify import verify_all
from webapp.places.models import Courtyard, Holder, Household
from webapp.ratings.models import Rating
from webapp.records.models import Record
from webapp.redemption.models import Voucher
from webapp.web.application import Application


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Iterator[Application]:
    """The demonstration community, loaded once: it takes some seconds."""
    var = tmp_path_factory.mktemp("demo")
    app = create_app(settings(var, f"sqlite:///{var / 'shanzhi.db'}"))
    start_writing()
    with app.app_context():
        upgrade()
        commands.load(app, "community")
        db.session.remove()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def facts(town) -> dict:
    return json.loads((Path(town.config["VAR_DIR"]) / "demo.json").read_text(encoding="utf-8"))


@pytest.fixture
def loaded(town) -> Iterator[Application]:
    with town.app_context():
        yield town
        db.session.remove()


def test_demo_json_has_the_agreed_shape(facts):
    assert set(facts) == {"base_url", "staff", "households", "courtyards", "shops", "kiosks", "boards"}
    assert all(set(one) == {"post", "login", "password", "area"} for one in facts["staff"])
    assert all(set(one) == {"number", "name", "pin", "card_code"} for one in facts["households"])
    assert all(set(one) == {"number", "name", "plate_path"} for one in facts["courtyards"] + facts["shops"])
    assert all(set(one) == {"station", "pair_path"} for one in facts["kiosks"])
    assert all(set(one) == {"station", "path"} for one in facts["boards"])
    assert all(facts[name] for name in facts)


def test_a_quarter_has_happened(loaded):
    assert db.session.query(Courtyard).count() == 90
    assert db.session.query(Household).count() == 447
    days = [day for (day,) in db.session.query(Record.happened_on).distinct()]
    assert min(days) <= clock.today() - timedelta(days=80)
    assert max(days) <= clock.today()
    assert len(days) >= 60
    assert db.session.query(Record).count() >= 500
    assert {state for (state,) in db.session.query(Voucher.state).distinct()} >= {"issued", "handed_over"}
    assert db.session.query(Rating).count() >= 50
    assert [one.title for one in db.session.query(Honour).order_by(Honour.id)] == ["最美庭院"] * 3 + ["美德商铺"] * 2


def test_its_book_is_in_order(loaded):
    checked = verify_all(db.engine)
    assert checked.entries >= 500


def test_every_door_opens(loaded, facts):
    visitor = Browser(loaded)
    for one in (facts["courtyards"][0], facts["shops"][0]):
        assert one["name"] in visitor.get(one["plate_path"]).text
    assert visitor.get("/").status_code == 200
    assert visitor.get(facts["kiosks"][0]["pair_path"]).status_code == 200
    for one in facts["staff"]:
        sent = Browser(loaded).post("/sign-in", data={"login": one["login"], "password": one["password"]})
        assert sent.status_code == 303, one


def test_the_first_household_looks_its_points_up_with_its_pin_and_can_redeem_something(loaded, facts):
    kiosk, home = Browser(loaded), facts["households"][0]
    kiosk.post(facts["kiosks"][1]["pair_path"])
    kiosk.post("/kiosk/number/pin", data={"number": home["number"], "pin": home["pin"]})
    assert "最近的积分" in kiosk.get("/kiosk/balance").text
    assert re.search(r'type="radio"[^>]* required>', kiosk.get("/kiosk/redeem").text), "something is not greyed out"


def test_the_same_town_comes_each_time(town, app):
    Builder(TOWNS["community"], clock.now()).build()
    built = _holders()
    with town.app_context():
        loaded = _holders()
        db.session.remove()
    assert built == loaded
    assert len(built) > 500


def _holders() -> list[tuple[str, ...]]:
    rows = db.session.query(Holder.kind, Holder.number, Holder.name).order_by(Holder.kind, Holder.number).all()
    return [tuple(row) for row in rows]


def test_a_town_in_which_most_is_refused_is_no_demonstration(app, monkeypatch):
    def refuse(at):
        raise Conflict("满了")

    history = History(TOWNS["community"], [], now=clock.now(), store=PhotoStore(app.config["VAR_DIR"]), key="k")
    monkeypatch.setattr(history, "_records", lambda: [Event(clock.now(), refuse)] * 10)
    monkeypatch.setattr(history, "_redemptions", list)
    monkeypatch.setattr(history, "_ratings", list)
    with pytest.raises(RuntimeError, match="10 of 10"):
        history.play()
